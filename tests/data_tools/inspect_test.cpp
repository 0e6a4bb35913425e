// Runs compute_image_mean and lmdb_info on databases made here. The oracles are loops over the
// values that the databases were made of.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <sstream>

#include "caffe/util/format.hpp"
#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

/// An encoded datum of a PNG image whose values are (seed + 3 * i) mod 256.
Datum EncodedDatum(int channels, int height, int width, int label, int seed) {
  cv::Mat image(height, width, CV_8UC(channels));
  for (int i = 0; i < height * width * channels; ++i) {
    image.data[i] = static_cast<unsigned char>(seed + 3 * i);
  }
  vector<unsigned char> bytes;
  cv::imencode(".png", image, bytes);
  Datum datum;
  datum.set_data(bytes.data(), bytes.size());
  datum.set_label(label);
  datum.set_encoded(true);
  return datum;
}

string JpegBytes(int side) {
  vector<unsigned char> bytes;
  cv::Mat image(side, side, CV_8UC3);
  cv::randu(image, 0, 255);
  cv::imencode(".jpg", image, bytes);
  return {bytes.begin(), bytes.end()};
}

class InspectTest : public ::testing::Test {
 protected:
  void Add(const Datum& datum) {
    records_.emplace_back(format_int(static_cast<int>(records_.size()), 3),
                          datum.SerializeAsString());
  }
  Outcome Run(const string& tool, const string& arguments) {
    if (!fs::exists(dir_ / "db")) WriteLmdb(dir_ / "db", records_);
    return RunCommand("cd " + string(dir_ / "") + " && " + tool + " " + arguments);
  }
  Outcome ComputeMean(const string& arguments) { return Run(COMPUTE_IMAGE_MEAN, arguments); }
  Outcome Info(const string& arguments) { return Run(LMDB_INFO, arguments); }

  static void ExpectParts(const Outcome& outcome, int code, const vector<string>& parts) {
    EXPECT_EQ(outcome.code, code) << outcome.output;
    for (const string& part : parts) {
      EXPECT_NE(outcome.output.find(part), string::npos) << part << " is not in " << outcome.output;
    }
  }
  /// The numbers behind `name: ` in the output.
  static vector<double> Numbers(const string& output, const string& name) {
    vector<double> numbers;
    std::istringstream lines(output);
    for (string line; std::getline(lines, line);) {
      if (line.starts_with("  " + name)) numbers.push_back(std::stod(line.substr(2 + name.size())));
    }
    return numbers;
  }

  TemporaryDirectory dir_;
  Records records_;
};

TEST_F(InspectTest, MeanAndDeviationOfBytes) {
  vector<Datum> images;
  for (int i = 0; i < 70; ++i) images.push_back(MakeDatum(3, 9, 11, i, 37 * i));
  for (const Datum& image : images) Add(image);
  const Outcome outcome = ComputeMean("--threads 3 db mean.binaryproto");
  ExpectParts(outcome, 0,
              {"] Starting iteration", "] Processed 70 files.", "] Write to mean.binaryproto",
               "] Number of channels: 3", "] mean_value channel [0]: "});
  const auto value = [&](int n, int i) {
    return static_cast<double>(static_cast<unsigned char>(images[n].data()[i]));
  };
  const vector<double> means = Numbers(outcome.output, "mean_value: ");
  const vector<double> deviations = Numbers(outcome.output, "std_value: ");
  ASSERT_EQ(means.size(), 3u);
  ASSERT_EQ(deviations.size(), 3u);
  for (int c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    for (int n = 0; n < 70; ++n) {
      for (int i = 0; i < 99; ++i) sum += value(n, 99 * c + i);
    }
    const double mean = sum / (70 * 99);
    for (int n = 0; n < 70; ++n) {
      for (int i = 0; i < 99; ++i) squares += std::pow(value(n, 99 * c + i) - mean, 2);
    }
    // Six digits are printed.
    EXPECT_NEAR(means[c], mean, 5e-6 * mean);
    const double deviation = std::sqrt(squares / (70 * 99));
    EXPECT_NEAR(deviations[c], deviation, 5e-6 * deviation);
  }
  BlobProto mean;
  ASSERT_TRUE(mean.ParseFromString(ReadBytes(dir_ / "mean.binaryproto")));
  EXPECT_EQ(mean.num(), 1);
  EXPECT_EQ(mean.channels(), 3);
  EXPECT_EQ(mean.height(), 9);
  EXPECT_EQ(mean.width(), 11);
  EXPECT_FALSE(mean.has_shape());
  ASSERT_EQ(mean.data_size(), 297);
  for (int i = 0; i < 297; ++i) {
    float sum = 0;
    for (int n = 0; n < 70; ++n) sum += static_cast<float>(value(n, i));
    EXPECT_EQ(mean.data(i), sum / 70.f) << i;
  }
}

TEST_F(InspectTest, MeanOfFloats) {
  const float values[2][4] = {{-1000, 0.5, 3, 8}, {1000, 0.25, 5, 1}};
  for (const auto& image : values) {
    Datum datum;
    datum.set_channels(2);
    datum.set_height(1);
    datum.set_width(2);
    for (const float value : image) datum.add_float_data(value);
    Add(datum);
  }
  const Outcome outcome = ComputeMean("db mean.binaryproto");
  ExpectParts(outcome, 0, {"2 images"});
  EXPECT_EQ(outcome.output.find("scale to 1"), string::npos);
  EXPECT_EQ(Numbers(outcome.output, "mean_value: "), (vector<double>{0.1875, 4.25}));
  // Square roots of the means of squared distances.
  EXPECT_NEAR(Numbers(outcome.output, "std_value: ")[0], 707.107, 0.001);
  EXPECT_NEAR(Numbers(outcome.output, "std_value: ")[1], 2.58602, 0.00001);
  BlobProto mean;
  ASSERT_TRUE(mean.ParseFromString(ReadBytes(dir_ / "mean.binaryproto")));
  EXPECT_EQ(vector<float>(mean.data().begin(), mean.data().end()),
            (vector<float>{0, 0.375, 4, 4.5}));
}

TEST_F(InspectTest, MeanOfEncodedImagesOfSeveralSizes) {
  Add(EncodedDatum(3, 4, 5, 0, 10));
  Add(EncodedDatum(3, 6, 2, 1, 99));
  ExpectParts(ComputeMean("db"), 1,
              {"compute_image_mean: db, record '001': it is of 3x6x2, the first one of 3x4x5",
               "--per_channel"});
  const Outcome outcome = ComputeMean("--per_channel db");
  ExpectParts(outcome, 0, {"] Decoding Datum", "2 images"});
  for (int c = 0; c < 3; ++c) {
    double sum = 0;
    for (int p = 0; p < 20; ++p) sum += (10 + 3 * (3 * p + c)) % 256;
    for (int p = 0; p < 12; ++p) sum += (99 + 3 * (3 * p + c)) % 256;
    EXPECT_NEAR(Numbers(outcome.output, "mean_value: ")[c], sum / 32, 5e-6 * sum / 32);
  }
  ExpectParts(ComputeMean("--per_channel db out"), 1, {"leave out out"});
}

TEST_F(InspectTest, MeanOfGreyAndColour) {
  Add(EncodedDatum(3, 4, 5, 0, 10));
  Add(EncodedDatum(1, 4, 5, 0, 50));
  ExpectParts(ComputeMean("db"), 1, {"record '001'", "1 channel", "--force_color"});
  const Outcome outcome = ComputeMean("--force_color db");
  ExpectParts(outcome, 0, {"Number of channels: 3"});
  double sum = 0;
  for (int p = 0; p < 20; ++p) sum += (10 + 9 * p) % 256 + (50 + 3 * p) % 256;
  EXPECT_NEAR(Numbers(outcome.output, "mean_value: ")[0], sum / 40, 5e-6 * sum / 40);
  EXPECT_EQ(Numbers(ComputeMean("--force_color --rgb db").output, "mean_value: ")[2],
            Numbers(outcome.output, "mean_value: ")[0]);
  ExpectParts(ComputeMean("--force_gray db"), 0, {"Number of channels: 1"});
  ExpectParts(Info("--check db"), 0, {"grey and colour are mixed", "force_color: true"});
}

TEST_F(InspectTest, InfoCountsShapesAndLabels) {
  for (int i = 0; i < 7; ++i) Add(MakeDatum(3, 4, 5, i % 2, i));
  Add(MakeDatum(1, 2, 2, 5));
  Add(EncodedDatum(3, 8, 8, 1, 0));
  Datum floats;
  floats.set_channels(2);
  floats.set_height(1);
  floats.set_width(1);
  floats.add_float_data(1);
  floats.add_float_data(-1);
  Add(floats);
  ExpectParts(Info("db"), 0,
              {"db: 10 records", "keys     '000' to '009'", "bytes: 8 records",
               "encoded: 1 record\n", "floats: 1 record\n", "3x4x5: 7 records", "1x2x2: 1 record\n",
               "not decoded: 1 record", "1 record without", "3 from 0 to 5; 1 to 4 records each",
               "3 numbers between them have no records", "0: 4", "1: 4", "5: 1"});
  const Outcome json = Info("--json --check --head 1 db");
  ExpectParts(json, 0,
              {"\"records\": 10,", "\"not_decoded\": 0", "\"without_label\": 1", "\"bad\": 0",
               "{\"channels\": 3, \"height\": 8, \"width\": 8, \"records\": 1}",
               "{\"label\": 5, \"records\": 1}",
               "\"head\": [{\"key\": \"000\", \"bytes\": 70, \"storage\": \"bytes\", \"label\": 0, "
               "\"channels\": 3, \"height\": 4, \"width\": 5}]"});
}

TEST_F(InspectTest, InfoFindsBadRecords) {
  Add(MakeDatum(3, 4, 5, 0));
  Datum wrong = MakeDatum(3, 4, 5, 0);
  wrong.set_height(7);
  Add(wrong);
  Datum nothing;
  nothing.set_label(3);
  Add(nothing);
  Datum broken = EncodedDatum(3, 20, 20, 0, 0);
  broken.set_data(broken.data().substr(0, 60));
  Add(broken);
  Datum cut = broken;
  cut.set_data(JpegBytes(50).substr(0, 2000));
  Add(cut);
  Datum huge = MakeDatum(3, 4, 5, 0);
  huge.set_channels(2147483647);
  huge.set_height(2147483647);
  Add(huge);
  records_.emplace_back(string("a\"\n\xff", 4), "\xff\xff\xff");
  ExpectParts(Info("db"), 1,
              {"lmdb_info: db: 4 of 7 records are bad. The first, '001': its 60 values are not "
               "those of its shape, 3x7x5."});
  const Outcome checked = Info("--check --head 7 db");
  ExpectParts(checked, 1,
              {"6 of 7 records are bad", "'002' BAD: it has no pixels",
               "'003' BAD: Could not decode", "'004' BAD: its JPEG image is cut off",
               "'005' BAD: its 60 values", "'a\"\\x0a\xff' BAD: it is no Datum"});
  ExpectParts(
      Info("--json --head 7 db"), 1,
      {"\"first_bad\": {\"key\": \"001\"", "{\"key\": \"a\\\"\\u000a\\u00ff\", \"bytes\": 3"});
  ExpectParts(ComputeMean("db"), 1, {"compute_image_mean: db, record '001': its 60 values"});
}

TEST_F(InspectTest, EmptyDatabase) {
  ExpectParts(Info("--check db"), 0, {"db: 0 records"});
  ExpectParts(Info("--json db"), 0, {"\"records\": 0,", "\"labels\": []"});
  ExpectParts(ComputeMean("db mean.binaryproto"), 1, {"db has no records"});
  EXPECT_FALSE(fs::exists(dir_ / "mean.binaryproto"));
}

}  // namespace
}  // namespace caffe
