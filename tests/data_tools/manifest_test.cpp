// Runs converters and looks at what they say of their databases, and at what lmdb_info makes of it.
// The oracles are loops over the records.

#include "data_tools/manifest.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>

#include "data_tools/content_hash.hpp"
#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

class ManifestTest : public ::testing::Test {
 protected:
  Outcome Run(const string& command) const {
    return RunCommand("cd " + string(dir_ / "") + " && " + command);
  }
  void ExpectSuccess(const string& command) const {
    const Outcome outcome = Run(command);
    ASSERT_EQ(outcome.code, 0) << outcome.output;
  }
  Manifest Read(const string& database) const {
    const std::optional<Manifest> manifest = ReadManifest(dir_ / database);
    EXPECT_TRUE(manifest);
    return manifest.value_or(Manifest());
  }
  /// Expects mean, standard deviation, numbers and hash of a database of bytes.
  void ExpectAgrees(const Manifest& manifest, const string& database) const {
    const auto records = ReadAll(dir_ / database);
    EXPECT_EQ(manifest.records(), static_cast<int>(records.size()));
    std::map<int, int> labels;
    string hash(32, '\0');
    vector<double> sum(manifest.mean_size()), squares(manifest.mean_size());
    double count = 0;
    for (const auto& [key, datum] : records) {
      ++labels[datum.label()];
      hash = Sha256(hash + Sha256(key) + Sha256(datum.SerializeAsString()));
      const size_t pixels = static_cast<size_t>(datum.height()) * datum.width();
      ASSERT_EQ(datum.channels(), manifest.mean_size());
      for (size_t i = 0; i < datum.data().size(); ++i) {
        sum[i / pixels] += static_cast<unsigned char>(datum.data()[i]);
      }
      count += static_cast<double>(pixels);
    }
    for (const auto& [key, datum] : records) {
      const size_t pixels = static_cast<size_t>(datum.height()) * datum.width();
      for (size_t i = 0; i < datum.data().size(); ++i) {
        const double mean = sum[i / pixels] / count;
        squares[i / pixels] += std::pow(static_cast<unsigned char>(datum.data()[i]) - mean, 2);
      }
    }
    for (int c = 0; c < manifest.mean_size(); ++c) {
      EXPECT_NEAR(manifest.mean(c), sum[c] / count, 1e-9 * sum[c] / count);
      EXPECT_NEAR(manifest.std(c), std::sqrt(squares[c] / count), 1e-7);
    }
    for (const Manifest::Label& label : manifest.labels()) {
      EXPECT_EQ(label.records(), labels[label.label()]) << label.label();
      labels.erase(label.label());
    }
    EXPECT_TRUE(labels.empty());
    EXPECT_EQ(manifest.content_hash(), HexText(hash));
  }

  TemporaryDirectory dir_;
};

TEST_F(ManifestTest, OfMnist) {
  ExpectSuccess(CONVERT_MNIST " " CAFFE_SOURCE_DIR "/datasets/mnist_small out");
  for (const char* name : {"out/train_lmdb", "out/test_lmdb"}) {
    const Manifest manifest = Read(name);
    ExpectAgrees(manifest, name);
    EXPECT_EQ(manifest.mean_size(), 1);
    EXPECT_EQ(manifest.tool(), "convert_mnist");
    EXPECT_EQ(manifest.channel_order(), "gray");
    EXPECT_EQ(manifest.labels(7).name(), "7");
    EXPECT_EQ(ReadBytes(dir_ / (string(name) + "_labels.txt")), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    const Outcome outcome = Run(string(LMDB_INFO) + " --check " + name);
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("  hash     " + manifest.content_hash()), string::npos)
        << outcome.output;
    EXPECT_NE(outcome.output.find("  made by  convert_mnist"), string::npos) << outcome.output;
  }
}

TEST_F(ManifestTest, OfCifar) {
  string records;
  for (int i = 0; i < 7; ++i) {
    records += static_cast<char>(i);
    records += static_cast<char>(3 * i);
    for (int k = 0; k < 3072; ++k) records += static_cast<char>(i * k + k / 1024 * 30);
  }
  Write(dir_ / "in/train.bin", records);
  Write(dir_ / "in/test.bin", records);
  ExpectSuccess(CONVERT_CIFAR " --any_count cifar100 in out");
  const Manifest manifest = Read("out/train_lmdb/");
  ExpectAgrees(manifest, "out/train_lmdb");
  EXPECT_EQ(manifest.channel_order(), "RGB");
  ASSERT_EQ(manifest.labels_size(), 100);
  EXPECT_EQ(manifest.labels(0).name(), "apple");
  EXPECT_EQ(manifest.labels(0).records(), 1);
  EXPECT_EQ(manifest.labels(1).records(), 0);
  EXPECT_EQ(manifest.labels(99).name(), "worm");
  EXPECT_EQ(manifest.options(0), "--label=fine");
  ExpectSuccess(CONVERT_CIFAR " --any_count --label coarse --force cifar100 in out");
  EXPECT_EQ(Read("out/test_lmdb").labels_size(), 20);
  EXPECT_EQ(Read("out/test_lmdb").labels(19).name(), "vehicles_2");
}

class ImagesetManifestTest : public ManifestTest {
 protected:
  ImagesetManifestTest() {
    for (int i = 0; i < 5; ++i) {
      cv::Mat image(6 + i, 8, CV_8UC3);
      for (int k = 0; k < image.rows * 24; ++k) image.data[k] = static_cast<unsigned char>(i * k);
      const fs::path path =
          dir_ / ("in/" + string(i < 2 ? "cat" : "d\xf6g") + "/" + std::to_string(i) + ".png");
      fs::create_directories(path.parent_path());
      cv::imwrite(path.string(), image);
    }
  }
};

TEST_F(ImagesetManifestTest, OfFolders) {
  ExpectSuccess(CONVERT_IMAGESET " --minloglevel 1 --rgb --shuffle --seed 3 in db");
  const Manifest manifest = Read("db");
  ExpectAgrees(manifest, "db");
  EXPECT_EQ(manifest.channel_order(), "RGB");
  EXPECT_EQ(manifest.mean_size(), 3);
  ASSERT_EQ(manifest.labels_size(), 2);
  EXPECT_EQ(manifest.labels(0).name(), "cat");
  EXPECT_EQ(manifest.labels(1).name(), "d\xc3\xb6g") << "a name in Latin-1";
  EXPECT_EQ(manifest.options_size(), 3);
  const auto bgr = [&] {
    ExpectSuccess(CONVERT_IMAGESET " --minloglevel 1 --force in db");
    ExpectAgrees(Read("db"), "db");
    return Read("db").mean(2);
  };
  EXPECT_EQ(bgr(), manifest.mean(0));
  ExpectSuccess(CONVERT_IMAGESET " --minloglevel 1 --force --encoded in db");
  EXPECT_EQ(Read("db").mean(2), manifest.mean(0)) << "of the pixels, not of the files";
  ExpectSuccess(CONVERT_IMAGESET " --minloglevel 1 --force --gray in db");
  ExpectAgrees(Read("db"), "db");
}

TEST_F(ImagesetManifestTest, OfAListWithImagesThatCannotBeRead) {
  Write(dir_ / "list", "cat/0.png 7\ncat/1.png -3\nnone.png 7\n");
  EXPECT_EQ(Run(CONVERT_IMAGESET " --minloglevel 1 in/ list db").code, 1);
  const Manifest manifest = Read("db");
  ExpectAgrees(manifest, "db");
  EXPECT_EQ(manifest.left_out(), 1);
  ASSERT_EQ(manifest.labels_size(), 2);
  EXPECT_EQ(manifest.labels(0).label(), -3);
  EXPECT_EQ(manifest.labels(0).name(), "");
  EXPECT_FALSE(fs::exists(dir_ / "db_labels.txt"));
}

TEST_F(ImagesetManifestTest, LmdbInfoFindsWhatDoesNotBelongTogether) {
  ExpectSuccess(CONVERT_IMAGESET " --minloglevel 1 in db");
  ExpectSuccess(CONVERT_IMAGESET " --minloglevel 1 --gray in other");
  Write(dir_ / "list", "cat/0.png 7\n");
  ExpectSuccess(CONVERT_IMAGESET " --minloglevel 1 in/ list less");
  const auto expect = [&](const string& flags, int code, const string& part) {
    const Outcome outcome = Run(string(LMDB_INFO) + " " + flags + " db");
    EXPECT_EQ(outcome.code, code) << outcome.output;
    EXPECT_NE(outcome.output.find(part), string::npos) << part << ": " << outcome.output;
  };
  expect("--check", 0, "0: cat, 2");
  expect("--json", 0, "\"manifest\": {\n \"database\": \"db\"");
  fs::copy(dir_ / "other_manifest.json", dir_ / "db_manifest.json",
           fs::copy_options::overwrite_existing);
  expect("", 0, "gray");
  expect("--check", 1, "its records are others than those that its manifest has the hash of");
  fs::copy(dir_ / "less_manifest.json", dir_ / "db_manifest.json",
           fs::copy_options::overwrite_existing);
  expect("", 1, "db has 5 records, its manifest says 1");
  Write(dir_ / "db_manifest.json", "{\"records\": ");
  expect("", 1, "db_manifest.json is no manifest");
  fs::remove(dir_ / "db_manifest.json");
  expect("--check", 0, "db: 5 records");
}

}  // namespace
}  // namespace caffe
