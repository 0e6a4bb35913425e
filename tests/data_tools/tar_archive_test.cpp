// Reads archives that the tar command wrote in each of its formats, and damaged ones.

#include "data_tools/tar_archive.hpp"

#include <gtest/gtest.h>

#include <map>

#include "data_tools/tar_images.hpp"
#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

using Files = std::map<string, string>;

class TarArchiveTest : public ::testing::Test {
 protected:
  /// Writes the files and packs them.
  string Pack(const Files& files, const string& options) const {
    for (const auto& [name, content] : files) Write(dir_ / ("in/" + name), content);
    const Outcome outcome = RunCommand("cd " + string(dir_ / "in") + " && tar " + options +
                                       " -cf ../a.tar * && rm -r " + string(dir_ / "in"));
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    return dir_ / "a.tar";
  }

  static Files Read(const ByteSource& source, const ByteRange& range) {
    Files files;
    ForEachTarMember(source, range, source.name(), [&](const TarMember& member) {
      string content(member.place.size, '\0');
      source.ReadAt(member.place.offset, content.data(), content.size());
      files[member.name] = content;
    });
    return files;
  }
  static Files ReadBytesOf(const string& bytes) {
    const auto source = SourceOf(bytes, "some.tar");
    return Read(*source, {0, source->size()});
  }

  TemporaryDirectory dir_;
};

TEST_F(TarArchiveTest, ReadsAllFormats) {
  const Files files{{"a", "first"},
                    {"empty", ""},
                    {"block", string(512, 'b')},
                    {"folder/of/x.JPEG", string(1300, 'x')},
                    {string(120, 'n') + "/" + string(90, 'm'), "long name"},
                    {string(99, 'p') + "/" + string(200, 'q'), "longer name"}};
  for (const char* format : {"gnu", "posix", "oldgnu"}) {
    const string path = Pack(files, "--format=" + string(format));
    const auto source = OpenSource(path);
    EXPECT_EQ(Read(*source, {0, source->size()}), files) << format;
  }
  const Files short_names{{"a", "first"}, {"b/c", "second"}};
  for (const char* format : {"v7", "ustar"}) {
    EXPECT_EQ(ReadBytesOf(ReadBytes(Pack(short_names, "--format=" + string(format)))), short_names);
  }
}

TEST_F(TarArchiveTest, PassesOverWhatIsNoFile) {
  Write(dir_ / "in/file", "1");
  fs::create_directories(dir_ / "in/folder");
  fs::create_symlink("file", dir_ / "in/link");
  fs::create_hard_link(dir_ / "in/file", dir_ / "in/zwin");
  EXPECT_EQ(ReadBytesOf(ReadBytes(Pack({}, "--format=gnu"))), (Files{{"file", "1"}}));
}

TEST_F(TarArchiveTest, ReadsAnArchiveWithinAnother) {
  const string inner = ReadBytes(Pack({{"x.jpg", "one"}, {"y.jpg", "two"}}, ""));
  const string outer = ReadBytes(Pack({{"n01.tar", inner}, {"z.jpg", "three"}}, ""));
  const auto source = SourceOf(outer, "outer.tar");
  int others = 0;
  const std::vector<TarImage> images = ListTarImages(*source, &others);
  ASSERT_EQ(images.size(), 3u);
  EXPECT_EQ(images[0].class_name, "n01");
  EXPECT_EQ(images[0].name, "x.jpg");
  EXPECT_EQ(outer.substr(images[1].place.offset, images[1].place.size), "two");
  EXPECT_EQ(images[2].class_name, "");
  EXPECT_EQ(others, 0);
}

TEST_F(TarArchiveTest, SaysWhatIsWrong) {
  const string good = ReadBytes(Pack({{"a", string(1000, 'a')}, {"b", "2"}}, "--format=ustar"));
  const auto expect = [&](const string& bytes, const vector<string>& parts) {
    ExpectError([&] { ReadBytesOf(bytes); }, parts);
  };
  expect(good.substr(0, 1200), {"some.tar is cut off", "a in it has 1000 bytes", "688 are left"});
  expect(good.substr(0, 300), {"cut off", "300"});
  string damaged = good;
  damaged[1536 + 3] ^= 1;  // the second header
  expect(damaged, {"some.tar", "no header", "byte 1536"});
  expect(string(4096, 'x'), {"no header", "byte 0"});
  expect("\x1f\x8b" + string(600, 'x'), {"gzip", "gunzip"});
  damaged = good;
  damaged.replace(124, 12, "77777777777 ");
  damaged.replace(148, 8, "        ");
  int sum = 0;
  for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(damaged[i]);
  char text[8];
  std::snprintf(text, sizeof(text), "%06o", sum);
  damaged.replace(148, 7, string(text, 7));
  expect(damaged, {"cut off", "8589934591 bytes"});
}

}  // namespace
}  // namespace caffe
