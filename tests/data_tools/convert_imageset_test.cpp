// Runs convert_imageset on small images made here, and on real photos where they are at hand. The
// oracles are the pixels that the images were made of, a loop over them, and OpenCV called
// directly.

#include <gtest/gtest.h>

#include <filesystem>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <opencv2/imgproc/imgproc.hpp>
#include <set>

#include "caffe/util/format.hpp"
#include "tests/caffe/data_test_util.hpp"
#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

/// An image of smooth colours; `seed` makes it differ from others.
cv::Mat MakeImage(int height, int width, int seed = 0) {
  cv::Mat image(height, width, CV_8UC3);
  for (int h = 0; h < height; ++h) {
    for (int w = 0; w < width; ++w) {
      image.at<cv::Vec3b>(h, w) =
          cv::Vec3b(static_cast<unsigned char>(9 * h + seed), static_cast<unsigned char>(7 * w),
                    static_cast<unsigned char>(5 * h + 3 * w + 11 * seed));
    }
  }
  return image;
}

void WriteImage(const fs::path& path, const cv::Mat& image) {
  fs::create_directories(path.parent_path());
  ASSERT_TRUE(cv::imwrite(path.string(), image)) << path;
}

/// An image's values, one channel after the other.
string Planes(const cv::Mat& image) {
  string planes;
  for (int c = 0; c < image.channels(); ++c) {
    for (int h = 0; h < image.rows; ++h) {
      for (int w = 0; w < image.cols; ++w) {
        planes += static_cast<char>(image.ptr(h)[w * image.channels() + c]);
      }
    }
  }
  return planes;
}

class ConvertImagesetTest : public ::testing::Test {
 protected:
  /// @param inputs  ROOTFOLDER/ and LISTFILE, or FOLDER, below the working directory
  string Command(const string& inputs, const string& flags = "") const {
    return "cd " + string(dir_ / "") + " && " CONVERT_IMAGESET " --minloglevel 1 " + flags + " " +
           inputs + " db";
  }
  void ExpectSuccess(const string& inputs, const string& flags = "") const {
    const Outcome outcome = RunCommand(Command(inputs, flags));
    ASSERT_EQ(outcome.code, 0) << outcome.output;
  }
  vector<std::pair<string, Datum>> Records() const { return ReadAll(dir_ / "db"); }
  /// The only record's datum.
  Datum OnlyDatum() const {
    const auto records = Records();
    EXPECT_EQ(records.size(), 1u);
    return records.empty() ? Datum() : records[0].second;
  }
  /// Makes folders of two classes with three images each.
  void MakeClasses() const {
    for (const char* name : {"cat", "dog"}) {
      for (int i = 0; i < 3; ++i) {
        WriteImage(dir_ / ("in/" + string(name) + "/" + std::to_string(i) + ".png"),
                   MakeImage(6, 8, i + name[0]));
      }
    }
  }

  TemporaryDirectory dir_;
};

TEST_F(ConvertImagesetTest, WritesRecordsByteByByteLikeCaffe) {
  const cv::Mat image = MakeImage(5, 7);
  WriteImage(dir_ / "in/a b.png", image);
  Write(dir_ / "list", "a b.png 3\n");
  ExpectSuccess("in/ list");
  db::LMDB lmdb;
  lmdb.Open(dir_ / "db", db::READ);
  const std::unique_ptr<db::Cursor> cursor(lmdb.NewCursor());
  EXPECT_EQ(cursor->key(), "00000000_a b.png");
  // Fields 1 to 5 and 7 of Datum: channels, height, width, data, label, encoded.
  const string wanted =
      string("\x08\x03\x10\x05\x18\x07\x22\x69", 8) + Planes(image) + string("\x28\x03\x38\x00", 4);
  EXPECT_EQ(cursor->value(), wanted);
  cursor->Next();
  EXPECT_FALSE(cursor->valid());
}

TEST_F(ConvertImagesetTest, ReadsListsAsPeopleWriteThem) {
  WriteImage(dir_ / "in/a.png", MakeImage(4, 4));
  WriteImage(dir_ / "in/sub/b c.png", MakeImage(4, 4, 1));
  Write(dir_ / "list", "a.png 7\r\n\nsub/b c.png\t-1  \na.png   2147483647");
  ExpectSuccess("in list");  // without the folder's slash
  const auto records = Records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].first, "00000000_a.png");
  EXPECT_EQ(records[0].second.label(), 7);
  EXPECT_EQ(records[1].first, "00000001_sub/b c.png");
  EXPECT_EQ(records[1].second.label(), -1);
  EXPECT_EQ(records[1].second.data(), Planes(MakeImage(4, 4, 1)));
  EXPECT_EQ(records[2].second.label(), 2147483647);
}

TEST_F(ConvertImagesetTest, GreyAndResized) {
  WriteImage(dir_ / "in/a.jpg", MakeImage(40, 60));
  Write(dir_ / "list", "a.jpg 0\n");
  ExpectSuccess("in/ list", "--gray");
  EXPECT_EQ(OnlyDatum().channels(), 1);
  EXPECT_EQ(OnlyDatum().data(), Planes(cv::imread(dir_ / "in/a.jpg", cv::IMREAD_GRAYSCALE)));

  ExpectSuccess("in/ list", "--force --resize_width=33 --resize_height=21");
  cv::Mat resized;
  cv::resize(cv::imread(dir_ / "in/a.jpg"), resized, cv::Size(33, 21));
  EXPECT_EQ(OnlyDatum().height(), 21);
  EXPECT_EQ(OnlyDatum().width(), 33);
  EXPECT_EQ(OnlyDatum().data(), Planes(resized));
}

TEST_F(ConvertImagesetTest, RedFirst) {
  const cv::Mat image = MakeImage(5, 7);
  WriteImage(dir_ / "in/a.png", image);
  Write(dir_ / "list", "a.png 0\n");
  ExpectSuccess("in/ list", "--rgb");
  const string planes = Planes(image);
  EXPECT_EQ(OnlyDatum().data(), planes.substr(70) + planes.substr(35, 35) + planes.substr(0, 35));
}

TEST_F(ConvertImagesetTest, ShortSideKeepsProportionsAndAverages) {
  const cv::Mat image = MakeImage(12, 19);
  WriteImage(dir_ / "in/wide.png", image);
  WriteImage(dir_ / "in/tall.png", image.t());
  Write(dir_ / "list", "wide.png 0\ntall.png 1\n");
  ExpectSuccess("in/ list", "--resize_short_side 4");
  const auto records = Records();
  EXPECT_EQ(records[0].second.height(), 4);
  EXPECT_EQ(records[0].second.width(), 6);  // 19 / 3, rounded down
  EXPECT_EQ(records[1].second.height(), 6);
  EXPECT_EQ(records[1].second.width(), 4);

  WriteImage(dir_ / "in/wide.png", image(cv::Rect(0, 0, 18, 12)));
  ExpectSuccess("in/ list", "--force --resize_short_side 4");
  const Datum datum = Records()[0].second;
  for (int c = 0; c < 3; ++c) {
    for (int h = 0; h < 4; ++h) {
      for (int w = 0; w < 6; ++w) {
        double sum = 0;
        for (int k = 0; k < 9; ++k) sum += image.at<cv::Vec3b>(3 * h + k / 3, 3 * w + k % 3)[c];
        const auto found = static_cast<unsigned char>(datum.data()[(c * 4 + h) * 6 + w]);
        EXPECT_NEAR(found, sum / 9, 0.51) << c << " " << h << " " << w;
      }
    }
  }
}

TEST_F(ConvertImagesetTest, EncodedKeepsTheFilesBytes) {
  WriteImage(dir_ / "in/a.JPEG", MakeImage(20, 30));
  WriteImage(dir_ / "in/b.png", MakeImage(20, 30));
  Write(dir_ / "list", "a.JPEG 4\nb.png 5\n");
  ExpectSuccess("in/ list", "--encoded");
  const auto kept = Records();
  EXPECT_EQ(kept[0].second.data(), ReadBytes(dir_ / "in/a.JPEG"));
  EXPECT_EQ(kept[1].second.data(), ReadBytes(dir_ / "in/b.png"));
  EXPECT_TRUE(kept[0].second.encoded());
  EXPECT_EQ(kept[0].second.label(), 4);
  EXPECT_FALSE(kept[0].second.has_channels());

  ExpectSuccess("in/ list", "--force --encode_type jpg");
  EXPECT_EQ(Records()[0].second.data(), ReadBytes(dir_ / "in/a.JPEG"));
  vector<unsigned char> bytes;
  cv::imencode(".jpg", MakeImage(20, 30), bytes);
  EXPECT_EQ(Records()[1].second.data(), string(bytes.begin(), bytes.end()));
  ExpectSuccess("in/ list", "--force --encode_type jpg --jpeg_quality 30");
  cv::imencode(".jpg", MakeImage(20, 30), bytes, {cv::IMWRITE_JPEG_QUALITY, 30});
  EXPECT_EQ(Records()[1].second.data(), string(bytes.begin(), bytes.end()));

  ExpectSuccess("in/ list", "--force --encode_type png --resize_short_side 20");
  EXPECT_EQ(Records()[1].second.data(), ReadBytes(dir_ / "in/b.png"));  // has that size
  ExpectSuccess("in/ list", "--force --encode_type png --resize_short_side 10");
  const string small = Records()[1].second.data();
  const cv::Mat decoded = cv::imdecode(vector<char>(small.begin(), small.end()), cv::IMREAD_COLOR);
  EXPECT_EQ(decoded.size(), cv::Size(15, 10));
}

TEST_F(ConvertImagesetTest, FolderOfClasses) {
  MakeClasses();
  WriteImage(dir_ / "in/ant/deep/x.PNG", MakeImage(6, 8));
  WriteImage(dir_ / "in/.hidden/x.png", MakeImage(6, 8));
  Write(dir_ / "in/dog/notes.txt", "no image");
  Write(dir_ / "in/README", "no class");
  const Outcome outcome = RunCommand(Command("in"));
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("2 files in in are left out"), string::npos) << outcome.output;
  EXPECT_EQ(ReadBytes(dir_ / "db_labels.txt"), "ant\ncat\ndog\n");
  const auto records = Records();
  ASSERT_EQ(records.size(), 7u);
  EXPECT_EQ(records[0].first, "00000000_ant/deep/x.PNG");
  EXPECT_EQ(records[6].first, "00000006_dog/2.png");
  EXPECT_EQ(records[6].second.data(), Planes(MakeImage(6, 8, 2 + 'd')));
  for (int i = 0; i < 7; ++i) EXPECT_EQ(records[i].second.label(), (i + 2) / 3) << i;
}

TEST_F(ConvertImagesetTest, LabelsOfAnotherSet) {
  MakeClasses();
  Write(dir_ / "names", "ape\ndog\nbee\ncat\n");
  ExpectSuccess("in", "--labels names");
  EXPECT_EQ(ReadBytes(dir_ / "db_labels.txt"), "ape\ndog\nbee\ncat\n");
  const auto records = Records();
  ASSERT_EQ(records.size(), 6u);
  EXPECT_EQ(records[0].second.label(), 3);
  EXPECT_EQ(records[5].second.label(), 1);
}

TEST_F(ConvertImagesetTest, OrderFollowsFromTheSeedAlone) {
  for (int i = 0; i < 40; ++i) {
    WriteImage(dir_ / ("in/" + std::to_string(i % 4) + "/" + std::to_string(i) + ".png"),
               MakeImage(50, 50, i));
  }
  const auto database = [&](const string& flags) {
    ExpectSuccess("in", "--force " + flags);
    return ReadBytes(dir_ / "db/data.mdb");
  };
  const string one = database("--shuffle --seed 5 --threads 1");
  EXPECT_EQ(database("--shuffle --seed 5 --threads 2"), one);
  EXPECT_EQ(database("--shuffle --seed 5 --threads 7"), one);
  EXPECT_NE(database("--shuffle --seed 6"), one);
  EXPECT_NE(database(""), one);
  database("--shuffle --seed 5");
  const auto records = Records();
  std::set<string> names;
  int moved = 0;
  for (int i = 0; i < static_cast<int>(records.size()); ++i) {
    const string& key = records[i].first;
    EXPECT_EQ(key.substr(0, 9), format_int(i, 8) + "_");
    names.insert(key.substr(9));
    EXPECT_EQ(std::to_string(records[i].second.label()), key.substr(9, 1));
    moved += records[i].second.label() != i / 10;
  }
  EXPECT_EQ(names.size(), 40u);
  EXPECT_GT(moved, 15);  // 30 on average
}

TEST_F(ConvertImagesetTest, ReportsWhatItCouldNotRead) {
  WriteImage(dir_ / "in/good.png", MakeImage(4, 4));
  WriteImage(dir_ / "in/cut.jpg", MakeImage(90, 90));
  fs::resize_file(dir_ / "in/cut.jpg", fs::file_size(dir_ / "in/cut.jpg") * 3 / 4);
  Write(dir_ / "in/empty.png", "");
  Write(dir_ / "in/text.png", "not an image");
  fs::create_directory(dir_ / "in/folder.png");
  Write(dir_ / "list",
        "good.png 0\ncut.jpg 1\nempty.png 2\ntext.png 3\nfolder.png 4\nnone.png 5\ngood.png 6\n");
  const Outcome outcome = RunCommand(Command("in/ list"));
  EXPECT_EQ(outcome.code, 1);
  for (const char* part :
       {"convert_imageset: 5 of 7 images could not be read; db has the other 2.",
        "  in/cut.jpg: it is cut off", "  in/empty.png: it is empty (0 bytes)",
        "  in/text.png: it cannot be decoded", "  in/folder.png: it is a directory",
        "  in/none.png: there is no such file"}) {
    EXPECT_NE(outcome.output.find(part), string::npos) << part << ": " << outcome.output;
  }
  const string listed = ReadBytes(dir_ / "db_skipped.txt");
  EXPECT_EQ(std::count(listed.begin(), listed.end(), '\n'), 5);
  EXPECT_EQ(listed.find("in/cut.jpg\tit is cut off"), 0u) << listed;
  EXPECT_NE(listed.find("\nin/none.png\tthere is no such file\n"), string::npos) << listed;
  const auto records = Records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].first, "00000000_good.png");
  EXPECT_EQ(records[1].first, "00000006_good.png");

  EXPECT_EQ(RunCommand(Command("in/ list", "--force --accept_truncated")).code, 1);
  EXPECT_EQ(Records().size(), 3u);
  Write(dir_ / "list", "good.png 0\n");
  EXPECT_EQ(RunCommand(Command("in/ list", "--force")).code, 0);
  EXPECT_FALSE(fs::exists(dir_ / "db_skipped.txt")) << "was of the conversion before";
}

TEST_F(ConvertImagesetTest, StoresNoFilesThatTheNetCannotRead) {
  WriteImage(dir_ / "in/good.png", MakeImage(4, 4));
  WriteImage(dir_ / "in/deep.png", cv::Mat(4, 4, CV_16UC3, cv::Scalar(1000, 2000, 3000)));
  Write(dir_ / "list", "good.png 0\ndeep.png 1\n");
  const Outcome outcome = RunCommand(Command("in/ list", "--encoded"));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.output.find("in/deep.png: it has 16 bits"), string::npos) << outcome.output;
  EXPECT_EQ(Records().size(), 1u);
  ExpectSuccess("in/ list", "--force");
  EXPECT_EQ(Records().size(), 2u) << "as pixels it can be stored";
}

TEST_F(ConvertImagesetTest, SaysWhatIsWrongAndLeavesNothingBehind) {
  MakeClasses();
  Write(dir_ / "list", "cat/0.png 0\ncat/1.png one\n");
  Write(dir_ / "names", "cat\ndogs\n");
  const vector<string> left{"in", "list", "names"};
  const auto expect = [&](const string& inputs, const string& flags, const vector<string>& parts) {
    ExpectFailure(Command(inputs, flags), parts, dir_ / "", left);
  };
  expect("in/ list", "", {"list:2", "'cat/1.png one'", "integer label"});
  Write(dir_ / "list", "cat/0.png 0\ncat/1.png\n");
  expect("in/ list", "", {"list:2", "'cat/1.png'", "integer label"});
  Write(dir_ / "list", "cat/0.png 3000000000\n");
  expect("in/ list", "", {"list:1", "3000000000"});
  Write(dir_ / "list", "\n \n");
  expect("in/ list", "", {"list names no images"});
  Write(dir_ / "list", string(503, 'x') + " 1\n");
  expect("in/ list", "", {"503 bytes", "502"});
  Write(dir_ / "list", "0.png 0\n1.png 0\n");
  expect("in/ list", "", {"None of the 2 images", "in/0.png: there is no such file"});
  expect("in/ nolist", "", {"nolist", "No such file"});
  expect("in/ in", "", {"'in': it is not a file"});
  expect("in/cat", "", {"in/cat has no folders of classes, only files"});
  expect("nowhere", "", {"no folder nowhere"});
  expect("in", "--labels names", {"in/dog", "did you mean 'dogs'"});
  expect("in", "--resize_width 30", {"--resize_height 0", "--resize_short_side"});
  expect("in", "--resize_short_side 9 --resize_width 3 --resize_height 3", {"not both"});
  expect("in", "--jpeg_quality 0", {"--jpeg_quality is 0"});
  expect("in", "--encode_type gfi", {"'gfi'"});
  expect("in", "--backend leveldb", {"LEVELDB"});
  expect("in", "--threads -1", {"--threads is -1"});
  expect("in", "--rgb --encoded", {"--rgb", "transform_param { rgb: true }"});
  expect("", "", {"found 1 argument"});
  fs::create_directory(dir_ / "in/fox");
  expect("in", "", {"in/fox has no images"});
  fs::remove(dir_ / "in/fox");
  WriteImage(dir_ / "in/dog/9.png", MakeImage(8, 6));
  expect("in", "--check_size", {"in/dog/9.png", "3x8x6", "3x6x8"});
  expect("in", "--check_size --encoded", {"in/dog/9.png", "3x8x6", "3x6x8"});
}

TEST_F(ConvertImagesetTest, KeepsAnExistingDatabase) {
  MakeClasses();
  Write(dir_ / "db/mine", "kept");
  ExpectFailure(Command("in"), {"db exists already", "--force"}, dir_ / "", {"db", "in"});
  EXPECT_EQ(ReadBytes(dir_ / "db/mine"), "kept");
}

TEST_F(ConvertImagesetTest, KilledInTheMiddleLeavesNothingUnderTheFinalName) {
  WriteImage(dir_ / "in/a.jpg", MakeImage(300, 300));
  string list;
  for (int i = 0; i < 100000; ++i) list += "a.jpg 1\n";  // minutes of work
  Write(dir_ / "list", list);
  // Kills it once the first records are in the file.
  const Outcome outcome = RunCommand(
      "cd " + string(dir_ / "") + " && " CONVERT_IMAGESET " in/ list db & pid=$!; cd " +
      string(dir_ / "") +
      "; until [ -n \"$(find . -path './output.tmp*' -name data.mdb -size +1000k)\" ]; do sleep "
      "0.02; kill -0 $pid || exit 9; done; kill -9 $pid; wait $pid");
  EXPECT_EQ(outcome.code, 128 + 9) << outcome.output;
  EXPECT_FALSE(fs::exists(dir_ / "db"));
  Write(dir_ / "list", "a.jpg 1\n");
  ExpectSuccess("in/ list");
  EXPECT_EQ(Records().size(), 1u);
}

TEST_F(ConvertImagesetTest, RealPhotos) {
  const fs::path photos = SharedData() / "photos/train";
  if (SharedData().empty() || !fs::exists(photos)) {
    GTEST_SKIP() << "no photos: set CAFFE_SHARED_DATA to a directory with photos/";
  }
  ExpectSuccess(photos.string(), "--shuffle --resize_width 64 --resize_height 48");
  const auto records = Records();
  EXPECT_EQ(records.size(), 120u);
  std::istringstream labels(ReadBytes(dir_ / "db_labels.txt"));
  vector<string> classes;
  for (string name; std::getline(labels, name);) classes.push_back(name);
  ASSERT_EQ(classes.size(), 10u);
  for (const auto& [key, datum] : records) {
    const string name = key.substr(9);
    EXPECT_EQ(classes.at(datum.label()), name.substr(0, name.find('/')));
    cv::Mat resized;
    cv::resize(cv::imread((photos / name).string()), resized, cv::Size(64, 48));
    EXPECT_EQ(datum.data(), Planes(resized)) << key;
  }
}

}  // namespace
}  // namespace caffe
