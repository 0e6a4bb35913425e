#ifndef TESTS_CAFFE_DATA_TEST_UTIL_HPP_
#define TESTS_CAFFE_DATA_TEST_UTIL_HPP_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/util/db_lmdb.hpp"

namespace caffe {

/// A directory that is removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "caffe_test.XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// A datum of bytes (seed + 7 * index) mod 251.
inline Datum MakeDatum(int channels, int height, int width, int label, int seed = 0) {
  Datum datum;
  datum.set_channels(channels);
  datum.set_height(height);
  datum.set_width(width);
  datum.set_label(label);
  std::string bytes(channels * height * width, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((seed + 7 * i) % 251);
  datum.set_data(bytes);
  return datum;
}

typedef std::vector<std::pair<std::string, std::string>> Records;

/// A new LMDB of raw records.
inline void WriteLmdb(const std::string& path, const Records& records) {
  db::LMDB lmdb;
  lmdb.Open(path, db::NEW);
  const std::unique_ptr<db::Transaction> transaction(lmdb.NewTransaction());
  for (const auto& [key, value] : records) transaction->Put(key, value);
  transaction->Commit();
}

/// The message of the Error that `f` throws; fails if it throws none.
inline std::string ErrorOf(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

/// Expects that `f` throws an Error whose message holds every one of `parts`.
inline void ExpectError(const std::function<void()>& f, const std::vector<std::string>& parts) {
  const std::string message = ErrorOf(f);
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos)
        << "'" << part << "' is not in the message: " << message;
  }
}

}  // namespace caffe

#endif  // TESTS_CAFFE_DATA_TEST_UTIL_HPP_
