#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>

#include "caffe/util/io.hpp"
#include "tests/caffe/data_test_util.hpp"

namespace caffe {
namespace {

/// A colour image of 3 x 4 pixels; blue, green and red differ.
cv::Mat SmallImage() {
  cv::Mat image(3, 4, CV_8UC3);
  for (int i = 0; i < 36; ++i) image.data[i] = static_cast<unsigned char>(5 * i);
  return image;
}

TEST(ImageIoTest, StoresPixelsPlanarInTheOrderBlueGreenRed) {
  const TemporaryDirectory dir;
  const string file = dir / "image.png";
  cv::imwrite(file, SmallImage());
  Datum datum;
  ASSERT_TRUE(ReadImageToDatum(file, 7, &datum));
  EXPECT_EQ(datum.label(), 7);
  EXPECT_EQ(datum.channels(), 3);
  EXPECT_EQ(datum.height(), 3);
  EXPECT_EQ(datum.width(), 4);
  EXPECT_FALSE(datum.encoded());
  ASSERT_EQ(datum.data().size(), 36u);
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < 12; ++i) {
      EXPECT_EQ(static_cast<unsigned char>(datum.data()[c * 12 + i]), 5 * (3 * i + c));
    }
  }
  ASSERT_TRUE(ReadImageToDatum(file, 7, 6, 5, false, &datum));
  EXPECT_EQ(datum.channels(), 1);
  EXPECT_EQ(datum.height(), 6);
  EXPECT_EQ(datum.width(), 5);
}

TEST(ImageIoTest, KeepsTheBytesOfAFileOfTheWantedType) {
  const TemporaryDirectory dir;
  const string file = dir / "image.PNG";
  cv::imwrite(dir / "image.png", SmallImage());
  std::filesystem::rename(dir / "image.png", file);
  Datum raw, same, resized;
  ASSERT_TRUE(ReadFileToDatum(file, 2, &raw));
  ASSERT_TRUE(ReadImageToDatum(file, 2, string("png"), &same));
  EXPECT_TRUE(same.encoded());
  EXPECT_EQ(raw.data(), same.data());
  ASSERT_TRUE(ReadImageToDatum(file, 2, 8, 8, true, "png", &resized));
  EXPECT_NE(raw.data(), resized.data());
  EXPECT_EQ(DecodeDatumToCVMatNative(resized).rows, 8);
  ExpectError([&] { ReadImageToDatum(file, 2, string("nonsense"), &same); }, {"nonsense", file});
}

TEST(ImageIoTest, DecodesWithTheWantedNumberOfChannels) {
  const TemporaryDirectory dir;
  cv::imwrite(dir / "gray.png", cv::Mat(2, 2, CV_8UC1, cv::Scalar(9)));
  Datum datum;
  ASSERT_TRUE(ReadFileToDatum(dir / "gray.png", &datum));
  EXPECT_EQ(datum.label(), -1);
  Datum color = datum, native = datum;
  ASSERT_TRUE(DecodeDatum(&color, true));
  EXPECT_EQ(color.channels(), 3);
  ASSERT_TRUE(DecodeDatumNative(&native));
  EXPECT_EQ(native.channels(), 1);
  EXPECT_FALSE(native.encoded());
  EXPECT_FALSE(DecodeDatumNative(&native));
}

TEST(ImageIoTest, RefusesWhatIsNoImage) {
  const TemporaryDirectory dir;
  std::ofstream(dir / "text.png") << "no image";
  Datum datum;
  EXPECT_FALSE(ReadImageToDatum(dir / "nothing.png", 0, &datum));
  EXPECT_FALSE(ReadFileToDatum(dir / "nothing.png", &datum));
  EXPECT_FALSE(ReadImageToDatum(dir / "text.png", 0, &datum));
  ASSERT_TRUE(ReadFileToDatum(dir / "text.png", &datum));
  ExpectError([&] { DecodeDatumNative(&datum); }, {"8 bytes"});
  ExpectError([&] { CVMatToDatum(cv::Mat(2, 2, CV_16UC1), &datum); }, {"8 bits"});
}

}  // namespace
}  // namespace caffe
