// Compares with OpenCV, bit by bit.

#include "data_tools/jpeg_codec.hpp"

#include <gtest/gtest.h>

#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <opencv2/imgproc/imgproc.hpp>

#include "data_tools/image_type.hpp"
#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

string CvEncoded(const cv::Mat& image, const vector<int>& options) {
  vector<unsigned char> bytes;
  cv::imencode(".jpg", image, bytes, options);
  return {bytes.begin(), bytes.end()};
}

cv::Mat CvDecoded(const string& bytes) {
  return cv::imdecode(vector<char>(bytes.begin(), bytes.end()), cv::IMREAD_COLOR);
}

bool AreEqual(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

/// Noise, blurred to what a JPEG file can hold.
cv::Mat MakeImage(int height, int width) {
  cv::Mat image(height, width, CV_8UC3);
  cv::randu(image, 0, 255);
  cv::GaussianBlur(image, image, cv::Size(5, 5), 0);
  return image;
}

TEST(JpegCodecTest, SamePixelsAndBytesAsOpenCv) {
  for (const cv::Size size :
       {cv::Size(1, 1), cv::Size(17, 9), cv::Size(64, 48), cv::Size(333, 7)}) {
    const cv::Mat image = MakeImage(size.height, size.width);
    for (const int quality : {1, 50, 95, 100}) {
      const string bytes = CvEncoded(image, {cv::IMWRITE_JPEG_QUALITY, quality});
      EXPECT_TRUE(EncodeJpeg(image, quality) == bytes) << size << " " << quality;
      EXPECT_TRUE(AreEqual(DecodeJpeg(bytes), CvDecoded(bytes))) << size << " " << quality;
    }
    const string progressive = CvEncoded(image, {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
    EXPECT_TRUE(AreEqual(DecodeJpeg(progressive), CvDecoded(progressive))) << size;
    cv::Mat grey;
    cv::cvtColor(image, grey, cv::COLOR_BGR2GRAY);
    const string grey_bytes = CvEncoded(grey, {});
    EXPECT_TRUE(AreEqual(DecodeJpeg(grey_bytes), CvDecoded(grey_bytes))) << size;
  }
  // A part of an image, whose rows have gaps.
  const cv::Mat whole = MakeImage(40, 60);
  const cv::Mat part = whole(cv::Rect(3, 5, 31, 22));
  EXPECT_TRUE(EncodeJpeg(part, 95) == CvEncoded(part, {}));
}

TEST(JpegCodecTest, LeavesTheRestToOpenCv) {
  const string good = CvEncoded(MakeImage(20, 30), {});
  EXPECT_FALSE(DecodeJpeg(good).empty());
  EXPECT_TRUE(DecodeJpeg("").empty());
  EXPECT_TRUE(DecodeJpeg("no image").empty());
  EXPECT_TRUE(DecodeJpeg(good.substr(0, 100)).empty()) << "not even its head is whole";
  const string cmyk = ReadBytes(CAFFE_TEST_DATA_DIR "/images/cmyk.jpg");
  EXPECT_EQ(JpegComponents(cmyk), 4);
  EXPECT_TRUE(DecodeJpeg(cmyk).empty());
  // Turned by a quarter, by its EXIF data; big-endian, one entry: tag 0x112, a short, 6.
  const string exif = string("\xFF\xE1\x00\x22", 4) + string("Exif\0\0MM\0\x2a\0\0\0\x08", 14) +
                      string("\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 18);
  const string turned = good.substr(0, 2) + exif + good.substr(2);
  EXPECT_EQ(CvDecoded(turned).size(), cv::Size(20, 30));
  EXPECT_TRUE(DecodeJpeg(turned).empty());
}

TEST(JpegCodecTest, SaysWhyItCannotEncode) {
  const cv::Mat image(1, 70000, CV_8UC3, cv::Scalar(1, 2, 3));
  ExpectError([&] { EncodeJpeg(image, 95); }, {"cannot be encoded as 'jpg'", "65500"});
}

TEST(JpegCodecTest, RealPhotos) {
  const fs::path photos = SharedData() / "photos";
  if (SharedData().empty() || !fs::exists(photos)) {
    GTEST_SKIP() << "no photos: set CAFFE_SHARED_DATA to a directory with photos/";
  }
  int decoded = 0;
  for (const auto& entry : fs::recursive_directory_iterator(photos)) {
    if (!entry.is_regular_file()) continue;
    const string bytes = ReadBytes(entry.path());
    const cv::Mat image = DecodeJpeg(bytes);
    if (image.empty()) continue;
    ++decoded;
    ASSERT_TRUE(AreEqual(image, CvDecoded(bytes))) << entry.path();
    ASSERT_TRUE(EncodeJpeg(image, 90) == CvEncoded(image, {cv::IMWRITE_JPEG_QUALITY, 90}));
  }
  EXPECT_GT(decoded, 150);
}

}  // namespace
}  // namespace caffe
