#include <gtest/gtest.h>

#include <filesystem>

#include "caffe/util/io.hpp"

namespace caffe {
namespace {

TEST(MakeTempDir, MakesANewEmptyDirectoryEachTime) {
  string first, second;
  MakeTempDir(&first);
  MakeTempDir(&second);
  EXPECT_NE(first, second);
  for (const string& path : {first, second}) {
    EXPECT_TRUE(std::filesystem::is_empty(path));
    std::filesystem::remove(path);
  }
}

TEST(MakeTempFilename, NamesAFileThatCanBeMade) {
  string path;
  MakeTempFilename(&path);
  EXPECT_FALSE(std::filesystem::exists(path));
  WriteProtoToTextFile(BlobShape(), path);
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove_all(std::filesystem::path(path).parent_path());
}

}  // namespace
}  // namespace caffe
