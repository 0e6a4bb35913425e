// Runs convert_imagenet as a user does, on a small set in ImageNet's form that is made here with
// the tar command, and on real photos where they are at hand. The oracles are the files' own bytes,
// and OpenCV called directly.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <opencv2/imgproc/imgproc.hpp>

#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

const vector<string> kClasses{"n01440764", "n02102040", "n03000684", "n03888257"};

string JpegBytes(int height, int width, int seed, int quality = 90) {
  cv::Mat image(height, width, CV_8UC3);
  for (int h = 0; h < height; ++h) {
    for (int w = 0; w < width; ++w) {
      image.at<cv::Vec3b>(h, w) = cv::Vec3b(static_cast<unsigned char>(3 * h + seed),
                                            static_cast<unsigned char>(2 * w + 40 * seed),
                                            static_cast<unsigned char>(h + w + 7 * seed));
    }
  }
  vector<unsigned char> bytes;
  cv::imencode(".jpg", image, bytes, {cv::IMWRITE_JPEG_QUALITY, quality});
  return {bytes.begin(), bytes.end()};
}

cv::Mat DecodedImage(const string& bytes) {
  return cv::imdecode(vector<char>(bytes.begin(), bytes.end()), cv::IMREAD_COLOR);
}

using FileContents = std::map<string, string>;

class ConvertImagenetTest : public ::testing::Test {
 protected:
  string Command(const string& flags = "") const {
    return "cd " + string(dir_ / "") + " && " CONVERT_IMAGENET " --minloglevel 1 " + flags +
           " in out";
  }
  Outcome Convert(const string& flags = "") const {
    const Outcome outcome = RunCommand(Command(flags));
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    return outcome;
  }
  /// Image files of the training set: "wnid/wnid_number.JPEG" -> bytes.
  static FileContents TrainFiles(int per_class = 4, int side = 40) {
    FileContents files;
    for (size_t c = 0; c < kClasses.size(); ++c) {
      for (int i = 0; i < per_class; ++i) {
        const int seed = static_cast<int>(c) * 50 + i;
        files[kClasses[c] + "/" + kClasses[c] + "_" + std::to_string(97 * i) + ".JPEG"] =
            JpegBytes(side + i % 50, side + 20 - seed % 13, seed);
      }
    }
    return files;
  }
  /// The five validation images of the stored development kit, of the classes 2, 4, 1, 3, 2 in its
  /// own numbers.
  static FileContents ValidationFiles() {
    FileContents files;
    for (int i = 1; i <= 5; ++i) files[ValidationName(i)] = JpegBytes(30, 30 + i, 200 + i);
    return files;
  }
  static string ValidationName(int i) {
    return "ILSVRC2012_val_0000000" + std::to_string(i) + ".JPEG";
  }
  const vector<int> kValidationLabels{0, 1, 2, 3, 0};

  void WriteFolder(const string& name, const FileContents& files) const {
    for (const auto& [file, bytes] : files) Write(dir_ / (name + "/" + file), bytes);
  }
  void Shell(const string& command) const {
    const Outcome outcome = RunCommand("cd " + string(dir_ / "") + " && " + command);
    ASSERT_EQ(outcome.code, 0) << outcome.output;
  }
  /// in/ with the archives as they are downloaded. Within an archive the order is not that of
  /// names.
  void MakeArchives(const FileContents& train) const {
    WriteFolder("raw", train);
    Shell(
        "mkdir -p in tars && cd raw && for c in *; do (cd $c; ls | sort -r | tar -cf "
        "../../tars/$c.tar -T -); done; cd ../tars; ls | sort -r | tar -cf "
        "../in/ILSVRC2012_img_train.tar -T -; cd ..; rm -r tars raw");
    WriteFolder("raw", ValidationFiles());
    Shell("cd raw && ls | sort -r | tar -cf ../in/ILSVRC2012_img_val.tar -T - && rm -r ../raw");
    Shell("mkdir -p ILSVRC2012_devkit_t12/data && cp " CAFFE_TEST_DATA_DIR
          "/mat/devkit/* ILSVRC2012_devkit_t12/data && tar -czf in/ILSVRC2012_devkit_t12.tar.gz "
          "ILSVRC2012_devkit_t12 && rm -r ILSVRC2012_devkit_t12");
  }
  vector<std::pair<string, Datum>> Records(const string& name) const {
    return ReadAll(dir_ / ("out/" + name));
  }

  /// Expects each file once, with its bytes and its label, under a numbered key.
  static void ExpectTrain(const vector<std::pair<string, Datum>>& records,
                          const FileContents& files) {
    ASSERT_EQ(records.size(), files.size());
    std::map<string, int> seen;
    for (const auto& [key, datum] : records) {
      const string name = key.substr(9);
      ++seen[name];
      EXPECT_TRUE(datum.data() == files.at(name)) << key;
      EXPECT_TRUE(datum.encoded());
      EXPECT_EQ(kClasses.at(datum.label()), name.substr(0, 9));
    }
    EXPECT_EQ(seen.size(), files.size());
  }
  void ExpectValidation(const vector<std::pair<string, Datum>>& records) const {
    ASSERT_EQ(records.size(), 5u);
    const FileContents files = ValidationFiles();
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(records[i].first, "0000000" + std::to_string(i) + "_" + ValidationName(i + 1));
      EXPECT_TRUE(records[i].second.data() == files.at(ValidationName(i + 1)));
      EXPECT_EQ(records[i].second.label(), kValidationLabels[i]) << i;
    }
  }

  TemporaryDirectory dir_;
};

TEST_F(ConvertImagenetTest, ReadsTheArchivesAsTheyAreDownloaded) {
  const FileContents train = TrainFiles();
  MakeArchives(train);
  const Outcome outcome = Convert();
  EXPECT_NE(outcome.output.find("train_lmdb: 16 images of 4 classes"), string::npos)
      << outcome.output;
  EXPECT_NE(outcome.output.find("images/s"), string::npos) << outcome.output;
  const auto records = Records("train_lmdb");
  ExpectTrain(records, train);
  ExpectValidation(Records("test_lmdb"));
  int moved = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    moved += records[i].second.label() != static_cast<int>(i) / 4;
  }
  EXPECT_GT(moved, 5) << "shuffled";
  string classes;
  for (const string& name : kClasses) classes += name + "\n";
  EXPECT_EQ(ReadBytes(dir_ / "out/train_lmdb_labels.txt"), classes);
  EXPECT_EQ(ReadBytes(dir_ / "out/test_lmdb_labels.txt"), classes);
  EXPECT_FALSE(fs::exists(dir_ / "out/train_lmdb_skipped.txt"));
}

TEST_F(ConvertImagenetTest, FoldersGiveTheSameRecords) {
  const FileContents train = TrainFiles();
  MakeArchives(train);
  Convert("--seed 3");
  const auto database = ReadBytes(dir_ / "out/train_lmdb/data.mdb");
  const auto test = ReadBytes(dir_ / "out/test_lmdb/data.mdb");
  fs::remove_all(dir_ / "in");
  WriteFolder("in/train", train);
  WriteFolder("in/val", ValidationFiles());
  Shell("mkdir in/devkit && cp " CAFFE_TEST_DATA_DIR "/mat/devkit/* in/devkit");
  Convert("--seed 3 --force --threads 5");
  EXPECT_TRUE(ReadBytes(dir_ / "out/train_lmdb/data.mdb") == database);
  EXPECT_TRUE(ReadBytes(dir_ / "out/test_lmdb/data.mdb") == test);
  Convert("--seed 4 --force");
  EXPECT_FALSE(ReadBytes(dir_ / "out/train_lmdb/data.mdb") == database);
  Convert("--noshuffle --force");
  const auto records = Records("train_lmdb");
  for (int i = 0; i < 16; ++i) EXPECT_EQ(records[i].second.label(), i / 4);
}

TEST_F(ConvertImagenetTest, AllWaysToTellTheClassesOfTheValidationImages) {
  WriteFolder("in/train", TrainFiles(1));
  WriteFolder("in/val", ValidationFiles());
  string by_label, by_wnid, kaggle = "ImageId,PredictionString\n";
  for (int i = 1; i <= 5; ++i) {
    const int label = kValidationLabels[i - 1];
    const string stem = ValidationName(i).substr(0, 23);
    by_label += ValidationName(i) + " " + std::to_string(label) + "\n";
    by_wnid += "val/" + ValidationName(i) + "\t" + kClasses[label] + "\r\n";
    kaggle += stem + "," + kClasses[label] + " 85 1 499 272 \n";
  }
  for (const string& list : {by_label, by_wnid, kaggle}) {
    Write(dir_ / "in/val.txt", list);
    Convert("--force");
    ExpectValidation(Records("test_lmdb"));
  }
  fs::rename(dir_ / "in/val.txt", dir_ / "in/LOC_val_solution.csv");
  Convert("--force");
  ExpectValidation(Records("test_lmdb"));
  fs::rename(dir_ / "in/LOC_val_solution.csv", dir_ / "mine");
  Convert("--force --val_labels mine");
  ExpectValidation(Records("test_lmdb"));

  // Folders of classes, one of which has no validation image.
  FileContents sorted;
  sorted[kClasses[1] + "/b.JPEG"] = JpegBytes(20, 20, 1);
  sorted[kClasses[3] + "/a.JPEG"] = JpegBytes(20, 20, 2);
  fs::remove_all(dir_ / "in/val");
  WriteFolder("in/val", sorted);
  Convert("--force");
  const auto records = Records("test_lmdb");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].first, "00000000_" + kClasses[1] + "/b.JPEG");
  EXPECT_EQ(records[0].second.label(), 1);
  EXPECT_EQ(records[1].second.label(), 3);
  Shell("cd in && tar -cf val.tar val && rm -r val");
  Convert("--force");
  EXPECT_EQ(Records("test_lmdb")[1].second.label(), 3);
}

TEST_F(ConvertImagenetTest, OnePartAlone) {
  MakeArchives(TrainFiles(1));
  Convert("--parts val");
  ExpectValidation(Records("test_lmdb"));
  EXPECT_FALSE(fs::exists(dir_ / "out/train_lmdb"));
  fs::remove(dir_ / "in/ILSVRC2012_img_train.tar");
  Convert("--parts val --force");  // the classes are the development kit's
  ExpectValidation(Records("test_lmdb"));
}

TEST_F(ConvertImagenetTest, ResizesTheShortSideAndEncodes) {
  const FileContents train = TrainFiles(2);
  WriteFolder("in/train", train);
  Convert("--parts train --resize_short_side 16 --jpeg_quality 80");
  double sum[3] = {}, count = 0;
  for (const auto& [key, datum] : Records("train_lmdb")) {
    const cv::Mat image = DecodedImage(train.at(key.substr(9)));
    const double scale = 16.0 / std::min(image.rows, image.cols);
    cv::Mat resized;
    cv::resize(image, resized, cv::Size(image.cols * scale, image.rows * scale), 0, 0,
               cv::INTER_AREA);
    vector<unsigned char> bytes;
    cv::imencode(".jpg", resized, bytes, {cv::IMWRITE_JPEG_QUALITY, 80});
    EXPECT_TRUE(datum.data() == string(bytes.begin(), bytes.end())) << key;
    for (int i = 0; i < resized.rows * resized.cols; ++i) {
      for (int c = 0; c < 3; ++c) sum[c] += resized.data[3 * i + c];
    }
    count += resized.rows * resized.cols;
  }
  const string manifest = ReadBytes(dir_ / "out/train_lmdb_manifest.json");
  const string at = "\"mean\": [";
  std::istringstream means(manifest.substr(manifest.find(at) + at.size()));
  for (int c = 2; c >= 0; --c) {  // R G B
    double mean = 0;
    char comma;
    means >> mean >> comma;
    EXPECT_NEAR(mean, sum[c] / count, 1e-9 * mean);
  }
  EXPECT_NE(manifest.find("\"--resize_short_side=16\""), string::npos) << manifest;
}

TEST_F(ConvertImagenetTest, KeepsJpegFilesUnlessTold) {
  const FileContents train = TrainFiles(1);
  WriteFolder("in/train", train);
  Convert("--parts train --reencode --jpeg_quality 50");
  for (const auto& [key, datum] : Records("train_lmdb")) {
    vector<unsigned char> bytes;
    cv::imencode(".jpg", DecodedImage(train.at(key.substr(9))), bytes,
                 {cv::IMWRITE_JPEG_QUALITY, 50});
    EXPECT_TRUE(datum.data() == string(bytes.begin(), bytes.end())) << key;
  }
}

TEST_F(ConvertImagenetTest, RepairsWhatIsNoOrdinaryJpeg) {
  FileContents train = TrainFiles(1);
  const cv::Mat image = DecodedImage(JpegBytes(24, 36, 9));
  vector<unsigned char> png;
  cv::imencode(".png", image, png);
  const string disguised = kClasses[0] + "/disguised.JPEG", cmyk = kClasses[1] + "/cmyk.JPEG";
  const string grey = kClasses[2] + "/grey.JPEG", bad = kClasses[3] + "/bad.JPEG";
  train[disguised] = string(png.begin(), png.end());
  train[cmyk] = ReadBytes(CAFFE_TEST_DATA_DIR "/images/cmyk.jpg");
  vector<unsigned char> grey_bytes;
  cv::imencode(".jpg", image.reshape(1), grey_bytes);
  train[grey] = string(grey_bytes.begin(), grey_bytes.end());
  train[bad] = JpegBytes(40, 40, 1).substr(0, 700);
  WriteFolder("in/train", train);
  const Outcome outcome = RunCommand(Command("--parts train --noshuffle"));
  EXPECT_EQ(outcome.code, 1);
  for (const char* part :
       {"convert_imagenet: 1 of 8 images could not be read; train_lmdb has the other 7",
        "/bad.JPEG: it is cut off", "2 repaired, as listed in"}) {
    EXPECT_NE(outcome.output.find(part), string::npos) << part << ": " << outcome.output;
  }
  EXPECT_EQ(ReadBytes(dir_ / "out/train_lmdb_skipped.txt"),
            "in/train/" + bad + "\tit is cut off: the file ends before the JPEG image's end\n");
  EXPECT_EQ(ReadBytes(dir_ / "out/train_lmdb_repaired.txt"),
            "in/train/" + disguised + "\ta PNG image, stored as JPEG\nin/train/" + cmyk +
                "\tan image in CMYK, stored in RGB\n");
  std::map<string, Datum> records;
  for (const auto& [key, datum] : Records("train_lmdb")) records[key.substr(9)] = datum;
  EXPECT_TRUE(records.at(grey).data() == train[grey]) << "a grey JPEG file is an ordinary one";
  vector<unsigned char> bytes;
  cv::imencode(".jpg", image, bytes, {cv::IMWRITE_JPEG_QUALITY, 95});
  EXPECT_TRUE(records.at(disguised).data() == string(bytes.begin(), bytes.end()));
  // The stored image was made of these colours; see make_cmyk_jpeg.py.
  const cv::Mat colours = DecodedImage(records.at(cmyk).data());
  ASSERT_EQ(colours.size(), cv::Size(48, 16));
  const cv::Vec3b wanted[3] = {{20, 40, 230}, {200, 150, 30}, {90, 220, 100}};  // B G R
  for (int i = 0; i < 3; ++i) {
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(colours.at<cv::Vec3b>(8, 8 + 16 * i)[c], wanted[i][c], 6) << i << " " << c;
    }
  }
}

TEST_F(ConvertImagenetTest, GoesOnWhereItWasKilled) {
  const FileContents train = TrainFiles(650, 180);
  MakeArchives(train);
  const string flags = "--resize_short_side 64 --threads 2";
  Convert(flags);
  const auto wanted = Records("train_lmdb");
  const string test = ReadBytes(dir_ / "out/test_lmdb/data.mdb");
  const string manifest = ReadBytes(dir_ / "out/train_lmdb_manifest.json");
  fs::remove_all(dir_ / "out");
  // Killed twice, each time when it notes that the next 1,000 records are going to be written; the
  // notes are a new file each time.
  size_t kept = 0;
  for (int kill = 0; kill < 2; ++kill) {
    const Outcome killed = RunCommand(
        "cd " + string(dir_ / "") +
        " && { " CONVERT_IMAGENET
        " --minloglevel 1 --resize_short_side 64 --threads 1 in out & pid=$!; seen=0; last=; while "
        "[ $seen -lt 2 ]; do kill -0 $pid || exit 9; now=$(stat -c %i "
        "out.partial/train_lmdb.progress 2>/dev/null); if [ -n \"$now\" ] && [ \"$now\" != "
        "\"$last\" ]; then seen=$((seen + 1)); last=$now; fi; done; kill -9 $pid; wait $pid; }");
    ASSERT_EQ(killed.code, 128 + 9) << killed.output;
    EXPECT_FALSE(fs::exists(dir_ / "out"));
    const size_t now = ReadAll(dir_ / "out.partial/output/train_lmdb").size();
    EXPECT_GE(now, std::max<size_t>(kept, 1000));
    kept = now;
  }
  ExpectFailure(Command("--resize_short_side 64 --jpeg_quality 90"),
                {"out.partial", "'--jpeg_quality=95' there, '--jpeg_quality=90' here", "--restart"},
                dir_ / "", {"in", "out.partial"});
  const Outcome outcome = Convert(flags);
  EXPECT_NE(outcome.output.find(std::to_string(kept) + " were there already"), string::npos)
      << outcome.output;
  EXPECT_FALSE(fs::exists(dir_ / "out.partial"));
  const auto records = Records("train_lmdb");
  ASSERT_EQ(records.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(records[i].first, wanted[i].first);
    EXPECT_TRUE(records[i].second.SerializeAsString() == wanted[i].second.SerializeAsString());
  }
  EXPECT_EQ(ReadBytes(dir_ / "out/train_lmdb_manifest.json"), manifest);
  EXPECT_TRUE(ReadBytes(dir_ / "out/test_lmdb/data.mdb") == test);
}

TEST_F(ConvertImagenetTest, SaysWhatIsWrongAndLeavesNothingBehind) {
  MakeArchives(TrainFiles(1));
  const auto expect = [&](const string& flags, const vector<string>& parts) {
    ExpectFailure(Command(flags), parts, dir_ / "", {"in"});
  };
  expect("--jpeg_quality 0", {"--jpeg_quality is 0"});
  expect("--parts test", {"--parts is 'test'", "train,val"});
  expect("--seed -1", {"--seed is -1"});
  expect("--resize_short_side -1", {"--resize_short_side is -1"});
  expect("--train none", {"none", "No such file"});
  expect("--devkit none", {"none"});
  Write(dir_ / "in/val.txt", ValidationName(1) + " 4\n");
  expect("", {"val.txt:1", "class '4'", "0 to 3"});
  Write(dir_ / "in/val.txt", ValidationName(1) + " 2\n");
  expect("", {"val.txt has no label for the image " + ValidationName(2)});
  Write(dir_ / "in/val.txt", ValidationName(1) + " 2\n" + ValidationName(1) + " 2\n");
  expect("", {"val.txt:2", "twice"});
  fs::remove(dir_ / "in/val.txt");
  const string train = dir_ / "in/ILSVRC2012_img_train.tar";
  const string good = ReadBytes(train);
  Write(train, good.substr(0, 3000));
  expect("", {"ILSVRC2012_img_train.tar", "cut off"});
  Write(train, string(2000, 'x'));
  expect("", {"ILSVRC2012_img_train.tar", "no header of a tar archive at byte 0"});
  Write(train, good);
  fs::rename(dir_ / "in/ILSVRC2012_devkit_t12.tar.gz", dir_ / "in/other");
  expect("", {"ILSVRC2012_img_val.tar", "not known", "--val_labels", "--devkit"});
  fs::remove(dir_ / "in/ILSVRC2012_img_val.tar");
  expect("", {"no validation images", "--parts train"});
  fs::remove(train);
  expect("--parts train", {"no training images", "--train"});
  WriteFolder("in/train", {{"n1/a.JPEG", "no image"}});
  expect("--parts train", {"None of the 1 images", "n1/a.JPEG: it cannot be decoded"});
}

TEST_F(ConvertImagenetTest, RealPhotosInArchives) {
  const fs::path photos = SharedData() / "photos";
  if (SharedData().empty() || !fs::exists(photos)) {
    GTEST_SKIP() << "no photos: set CAFFE_SHARED_DATA to a directory with photos/";
  }
  Shell("mkdir in tars && cd " + photos.string() + "/train && for c in *; do (cd $c; tar -cf " +
        string(dir_ / "tars") + "/$c.tar *); done; cd " + string(dir_ / "tars") +
        " && tar -cf ../in/ILSVRC2012_img_train.tar *.tar && cd " + photos.string() +
        " && tar -cf " + string(dir_ / "in/val.tar") + " val");
  fs::remove_all(dir_ / "tars");
  Convert();
  const auto train = Records("train_lmdb");
  EXPECT_EQ(train.size(), 120u);
  EXPECT_EQ(Records("test_lmdb").size(), 60u);
  std::istringstream labels(ReadBytes(dir_ / "out/train_lmdb_labels.txt"));
  vector<string> classes;
  for (string name; std::getline(labels, name);) classes.push_back(name);
  ASSERT_EQ(classes.size(), 10u);
  for (const auto& [key, datum] : train) {
    const string name = key.substr(9);
    EXPECT_TRUE(datum.data() == ReadBytes(photos / "train" / name)) << key;
    EXPECT_EQ(classes.at(datum.label()), name.substr(0, name.find('/')));
  }
}

}  // namespace
}  // namespace caffe
