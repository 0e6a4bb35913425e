#include "data_tools/image_file.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <opencv2/imgproc/imgproc.hpp>
#include <utility>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/util/image_size.hpp"
#include "caffe/util/io.hpp"
#include "data_tools/image_type.hpp"
#include "data_tools/jpeg_codec.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

cv::Mat Decode(std::string* bytes, bool color) {
  CheckImageSize(*bytes);
  if (color && ImageTypeOf(*bytes) == "jpg") {
    const cv::Mat image = DecodeJpeg(*bytes);
    if (!image.empty()) return image;
  }
  const cv::Mat view(1, static_cast<int>(bytes->size()), CV_8UC1, bytes->data());
  cv::Mat image;
  try {
    image = cv::imdecode(view, color ? cv::IMREAD_COLOR : cv::IMREAD_GRAYSCALE);
  } catch (const cv::Exception& e) {
    throw Error("it cannot be decoded: ", e.err);
  }
  Require(!image.empty(),
          "it cannot be decoded: damaged, cut off, or of a type that OpenCV does not read");
  return image;
}

/// The image itself where no other size is wanted. A stretch to the size that it has gives a copy,
/// so that it is encoded anew, as by Caffe.
cv::Mat Resize(const cv::Mat& image, const ImageConversion& conversion) {
  cv::Mat resized;
  if (conversion.short_side > 0) {
    const int side = conversion.short_side;
    const int shorter = std::min(image.rows, image.cols);
    const auto length = [&](int old) { return static_cast<int>(int64_t{old} * side / shorter); };
    if (side == shorter) return image;
    cv::resize(image, resized, cv::Size(length(image.cols), length(image.rows)), 0, 0,
               side < shorter ? cv::INTER_AREA : cv::INTER_LINEAR);
    return resized;
  }
  if (conversion.width <= 0 || conversion.height <= 0) return image;
  cv::resize(image, resized, cv::Size(conversion.width, conversion.height));
  return resized;
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string TypeOfName(const std::string& path) {
  const std::string extension = LowerCase(fs::path(path).extension().string());
  return extension.empty() ? extension : extension.substr(1);
}

bool SameType(const std::string& a, const std::string& b) {
  const auto is_jpeg = [](const std::string& type) { return type == "jpg" || type == "jpeg"; };
  return a == b || (is_jpeg(a) && is_jpeg(b));
}

std::string Encode(const cv::Mat& image, const std::string& type, int jpeg_quality) {
  if (SameType(type, "jpg") && image.type() == CV_8UC3) return EncodeJpeg(image, jpeg_quality);
  std::vector<int> options;
  if (SameType(type, "jpg")) options = {cv::IMWRITE_JPEG_QUALITY, jpeg_quality};
  std::vector<unsigned char> bytes;
  bool done = false;
  try {
    done = cv::imencode("." + type, image, bytes, options);
  } catch (const cv::Exception&) {
    // OpenCV's words are about its source.
  }
  Require(done, "it cannot be encoded as '", type, "'");
  return std::string(bytes.begin(), bytes.end());
}

PixelSums SumsOf(const cv::Mat& image, bool rgb) {
  PixelSums sums;
  const bool is_whole = image.isContinuous();
  const int rows = is_whole ? 1 : image.rows;
  for (int y = 0; y < rows; ++y) {
    sums.AddPixels(image.ptr(y), image.channels(), image.total() / static_cast<size_t>(rows));
  }
  if (rgb) sums.SwapOuterChannels();
  return sums;
}

std::string UpperCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// Why a file that is to be a JPEG image is not fit to be stored as it is; empty if it is.
std::string UnfitAsJpeg(const std::string& bytes) {
  const std::string type = ImageTypeOf(bytes);
  if (type == "jpg") {
    return JpegComponents(bytes) == 4 ? "an image in CMYK, stored in RGB" : "";
  }
  return type.empty() ? "no JPEG image, stored as one"
                      : "a " + UpperCase(type) + " image, stored as JPEG";
}

std::string EncodedBytes(std::string bytes, const std::string& name, const cv::Mat& image,
                         bool resized, const ImageConversion& conversion, bool is_unfit) {
  const std::string own_type = TypeOfName(name);
  const std::string type =
      conversion.encode_type.empty() ? own_type : LowerCase(conversion.encode_type);
  Require(!type.empty(), "its name has no extension that tells the type; give --encode_type");
  const bool has_type = conversion.repair ? !is_unfit : SameType(type, own_type);
  if (resized || conversion.reencode || !has_type) {
    return Encode(image, type, conversion.jpeg_quality);
  }
  Require(!IsDeepPng(bytes),
          "it has 16 bits a channel, and the net reads 8; store pixels, or another type");
  return bytes;
}

}  // namespace

std::string ReadImageFile(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  Require(status.type() != fs::file_type::none, "it cannot be reached: ", error.message());
  Require(fs::exists(status), "there is no such file");
  Require(!fs::is_directory(status), "it is a directory");
  Require(fs::is_regular_file(status), "it is no regular file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  Require(file.good(), "it cannot be opened: ", std::strerror(errno));
  const uintmax_t size = fs::file_size(path, error);
  Require(!error && size <= INT_MAX, "it has more than 2 GB");
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  Require(!file.bad(), "it cannot be read: ", std::strerror(errno));
  bytes.resize(static_cast<size_t>(file.gcount()));
  return bytes;
}

ConvertedImage ConvertImage(std::string bytes, const std::string& name, int label,
                            const ImageConversion& conversion) {
  Require(!bytes.empty(), "it is empty (0 bytes)");
  Require(conversion.accept_truncated || !IsTruncatedJpeg(bytes),
          "it is cut off: the file ends before the JPEG image's end");
  const cv::Mat decoded = Decode(&bytes, conversion.color);
  const cv::Mat image = Resize(decoded, conversion);
  ConvertedImage converted;
  converted.size = {image.channels(), image.rows, image.cols};
  converted.pixels = SumsOf(image, conversion.rgb);
  if (conversion.repair) converted.repair = UnfitAsJpeg(bytes);
  Datum& datum = converted.datum;
  if (conversion.encoded) {
    datum.set_data(EncodedBytes(std::move(bytes), name, image, image.data != decoded.data,
                                conversion, !converted.repair.empty()));
    datum.set_encoded(true);
  } else {
    cv::Mat pixels = image;
    if (conversion.rgb && image.channels() == 3) cv::cvtColor(image, pixels, cv::COLOR_BGR2RGB);
    CVMatToDatum(pixels, &datum);
  }
  datum.set_label(label);
  return converted;
}

}  // namespace caffe
