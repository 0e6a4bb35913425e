#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <opencv2/imgproc/imgproc.hpp>

#include "caffe/util/image_size.hpp"
#include "caffe/util/io.hpp"

namespace caffe {

namespace {

bool ReadBytes(const string& filename, string* bytes) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(filename, ignored)) return false;
  std::ifstream file(filename, std::ios::binary);
  if (!file) return false;
  bytes->assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return !file.bad();
}

/// The first bytes of a file, as far as the head of an image may reach; "" if it cannot be read.
string ReadHead(const string& filename) {
  constexpr std::streamsize kLongestHead = 1 << 20;
  std::ifstream file(filename, std::ios::binary);
  string head(kLongestHead, '\0');
  file.read(head.data(), kLongestHead);
  head.resize(static_cast<size_t>(file.gcount()));
  return head;
}

string LowerCase(string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Whether the file's name ends in the image type `encoding`; jpg and jpeg are one type.
bool HasType(const string& filename, const string& encoding) {
  string extension = LowerCase(std::filesystem::path(filename).extension().string());
  if (!extension.empty()) extension.erase(0, 1);
  const string wanted = LowerCase(encoding);
  const auto is_jpeg = [](const string& type) { return type == "jpg" || type == "jpeg"; };
  return extension == wanted || (is_jpeg(extension) && is_jpeg(wanted));
}

/// Decodes an encoded datum; `flags` are OpenCV's.
cv::Mat Decode(const Datum& datum, int flags) {
  Require(datum.encoded(), "The datum is not marked as encoded, so it cannot be decoded.");
  const string& bytes = datum.data();
  cv::Mat image;
  CheckImageSize(bytes);
  if (!bytes.empty()) {
    // OpenCV only reads these bytes, though its header wants them mutable.
    const cv::Mat view(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
    try {
      image = cv::imdecode(view, flags);
    } catch (const cv::Exception& e) {
      throw Error("Could not decode an image of ", bytes.size(), " bytes: ", e.what());
    }
  }
  Require(!image.empty(), "Could not decode an image of ", bytes.size(),
          " bytes: it is damaged, cut off, or of a type that OpenCV does not read.");
  return image;
}

}  // namespace

cv::Mat ReadImageToCVMat(const string& filename, const int height, const int width,
                         const bool is_color) {
  cv::Mat image;
  try {
    CheckImageSize(ReadHead(filename));
    image = cv::imread(filename, is_color ? cv::IMREAD_COLOR : cv::IMREAD_GRAYSCALE);
  } catch (const std::exception& e) {
    LOG(ERROR) << filename << ": " << e.what();
  }
  if (image.empty()) {
    LOG(ERROR) << "Could not open or find file " << filename;
    return image;
  }
  if (height <= 0 || width <= 0) return image;
  cv::Mat resized;
  cv::resize(image, resized, cv::Size(width, height));
  return resized;
}

cv::Mat ReadImageToCVMat(const string& filename, const int height, const int width) {
  return ReadImageToCVMat(filename, height, width, true);
}

cv::Mat ReadImageToCVMat(const string& filename, const bool is_color) {
  return ReadImageToCVMat(filename, 0, 0, is_color);
}

cv::Mat ReadImageToCVMat(const string& filename) { return ReadImageToCVMat(filename, 0, 0, true); }

bool ReadFileToDatum(const string& filename, const int label, Datum* datum) {
  string bytes;
  if (!ReadBytes(filename, &bytes)) return false;
  datum->set_data(std::move(bytes));
  datum->set_label(label);
  datum->set_encoded(true);
  return true;
}

bool ReadImageToDatum(const string& filename, const int label, const int height, const int width,
                      const bool is_color, const std::string& encoding, Datum* datum) {
  const cv::Mat image = ReadImageToCVMat(filename, height, width, is_color);
  if (image.empty()) return false;
  if (encoding.empty()) {
    CVMatToDatum(image, datum);
    datum->set_label(label);
    return true;
  }
  const bool resized = height > 0 && width > 0;
  if (!resized && HasType(filename, encoding)) return ReadFileToDatum(filename, label, datum);
  vector<unsigned char> bytes;
  try {
    cv::imencode("." + encoding, image, bytes);
  } catch (const cv::Exception&) {
    throw Error("Could not encode ", filename, " as '", encoding,
                "'. Use an image type that OpenCV writes, such as png or jpg.");
  }
  datum->set_data(bytes.data(), bytes.size());
  datum->set_label(label);
  datum->set_encoded(true);
  return true;
}

cv::Mat DecodeDatumToCVMatNative(const Datum& datum) { return Decode(datum, cv::IMREAD_UNCHANGED); }

cv::Mat DecodeDatumToCVMat(const Datum& datum, bool is_color) {
  return Decode(datum, is_color ? cv::IMREAD_COLOR : cv::IMREAD_GRAYSCALE);
}

bool DecodeDatumNative(Datum* datum) {
  if (!datum->encoded()) return false;
  CVMatToDatum(DecodeDatumToCVMatNative(*datum), datum);
  return true;
}

bool DecodeDatum(Datum* datum, bool is_color) {
  if (!datum->encoded()) return false;
  CVMatToDatum(DecodeDatumToCVMat(*datum, is_color), datum);
  return true;
}

void CVMatToDatum(const cv::Mat& cv_img, Datum* datum) {
  Require(cv_img.depth() == CV_8U, "An image of ", cv_img.rows, "x", cv_img.cols,
          " pixels has more than 8 bits a channel; a datum holds 8. Convert the image.");
  const int channels = cv_img.channels(), height = cv_img.rows, width = cv_img.cols;
  datum->set_channels(channels);
  datum->set_height(height);
  datum->set_width(width);
  datum->clear_data();
  datum->clear_float_data();
  datum->set_encoded(false);
  string pixels(static_cast<size_t>(channels) * height * width, '\0');
  for (int h = 0; h < height; ++h) {
    const unsigned char* row = cv_img.ptr<unsigned char>(h);
    for (int c = 0; c < channels; ++c) {
      char* out = pixels.data() + (static_cast<size_t>(c) * height + h) * width;
      for (int w = 0; w < width; ++w) out[w] = static_cast<char>(row[w * channels + c]);
    }
  }
  datum->set_data(std::move(pixels));
}

}  // namespace caffe
