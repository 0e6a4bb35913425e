// Sizes by the heads of image files, against OpenCV's own encoders.

#include "caffe/util/image_size.hpp"

#include <gmock/gmock.h>

#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"
#include "caffe/util/io.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;

std::string Encode(const std::string& type, int width, int height, std::vector<int> options = {}) {
  std::vector<unsigned char> bytes;
  cv::imencode("." + type, cv::Mat(height, width, CV_8UC3, cv::Scalar(1, 2, 3)), bytes, options);
  return std::string(bytes.begin(), bytes.end());
}

TEST(ImageSizeTest, IsThatOfTheEncodedImage) {
  const std::pair<const char*, std::vector<int>> kinds[] = {
      {"png", {}},
      {"jpg", {}},
      {"jpg", {cv::IMWRITE_JPEG_PROGRESSIVE, 1}},
      {"bmp", {}},
      {"webp", {cv::IMWRITE_WEBP_QUALITY, 50}},
      {"webp", {cv::IMWRITE_WEBP_QUALITY, 101}}};
  for (const auto& [type, options] : kinds) {
    const std::string bytes = Encode(type, 37, 300, options);
    const auto size = ImageSizeOf(bytes);
    ASSERT_TRUE(size) << type;
    EXPECT_EQ(size->width, 37) << type;
    EXPECT_EQ(size->height, 300) << type;
    for (size_t cut = 0; cut < bytes.size(); ++cut) ImageSizeOf(bytes.substr(0, cut));
  }
  EXPECT_FALSE(ImageSizeOf(""));
  EXPECT_FALSE(ImageSizeOf("P6 3 3 255"));
}

/// A PNG file of 3 x 3 pixels whose head says 30000 x 30000.
std::string Bomb() {
  std::string bytes = Encode("png", 3, 3);
  for (const size_t at : {16, 20}) bytes.replace(at, 4, std::string("\0\0\x75\x30", 4));
  return bytes;
}

TEST(ImageSizeTest, LargeImagesAreRefusedBeforeTheyAreDecoded) {
  const std::string error = ErrorOf([] { CheckImageSize(Bomb()); });
  EXPECT_THAT(error, HasSubstr("30000x30000 pixels, more than 200000000"));
  EXPECT_THAT(error, HasSubstr("--max_pixels"));
  Datum datum;
  datum.set_encoded(true);
  datum.set_data(Bomb());
  EXPECT_THAT(ErrorOf([&] { DecodeDatum(&datum, true); }), HasSubstr("--max_pixels"));
  const TempDir dir;
  EXPECT_TRUE(ReadImageToCVMat(dir.Write("bomb.png", Bomb())).empty());
}

TEST(ImageSizeTest, TheLimitCanBeSet) {
  const std::string image = Encode("jpg", 20, 10);
  MaxImagePixels() = 199;
  EXPECT_THAT(ErrorOf([&] { CheckImageSize(image); }), HasSubstr("20x10"));
  MaxImagePixels() = 200;
  EXPECT_EQ(ErrorOf([&] { CheckImageSize(image); }), "");
  MaxImagePixels() = 200'000'000;
}

}  // namespace
}  // namespace caffe
