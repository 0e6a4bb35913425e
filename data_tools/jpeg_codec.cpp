#include "data_tools/jpeg_codec.hpp"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
// Not before cstdio.
#include <jpeglib.h>

#include "caffe/error.hpp"

namespace caffe {

namespace {

// As OpenCV's limit.
constexpr uint64_t kMostPixels = uint64_t{1} << 30;

/// libjpeg's way out of an error is a jump, so what it jumps over must not be an object that is
/// taken down, nor a variable that has changed.
struct Errors {
  jpeg_error_mgr manager;
  jmp_buf way_out;
  char text[JMSG_LENGTH_MAX] = "";
};

void OnError(j_common_ptr codec) {
  auto* const errors = reinterpret_cast<Errors*>(codec->err);
  errors->manager.format_message(codec, errors->text);
  std::longjmp(errors->way_out, 1);
}

void OnWarning(j_common_ptr /*codec*/) {}

jpeg_error_mgr* Prepare(Errors* errors) {
  jpeg_error_mgr* const manager = jpeg_std_error(&errors->manager);
  manager->error_exit = OnError;
  manager->output_message = OnWarning;
  return manager;
}

class Decoder {
 public:
  Decoder() { codec_.err = Prepare(&errors_); }
  ~Decoder() { jpeg_destroy_decompress(&codec_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Reads the head of a file. False if it is left to OpenCV.
  bool Start(std::string_view bytes) {
    constexpr int kExif = JPEG_APP0 + 1;
    if (setjmp(errors_.way_out) != 0) return false;
    jpeg_create_decompress(&codec_);
    jpeg_mem_src(&codec_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_save_markers(&codec_, kExif, 4);
    jpeg_read_header(&codec_, TRUE);
    codec_.out_color_space = JCS_EXT_BGR;
    const bool is_ordinary = codec_.num_components == 1 || codec_.num_components == 3;
    return is_ordinary && codec_.marker_list == nullptr &&
           uint64_t{codec_.image_width} * codec_.image_height <= kMostPixels;
  }
  int width() const { return static_cast<int>(codec_.image_width); }
  int height() const { return static_cast<int>(codec_.image_height); }

  /// @param pixels  room for rows without gaps
  bool Read(unsigned char* pixels) {
    if (setjmp(errors_.way_out) != 0) return false;
    jpeg_start_decompress(&codec_);
    while (codec_.output_scanline < codec_.output_height) {
      JSAMPROW row = pixels + size_t{codec_.output_width} * 3 * codec_.output_scanline;
      jpeg_read_scanlines(&codec_, &row, 1);
    }
    jpeg_finish_decompress(&codec_);
    return true;
  }

 private:
  jpeg_decompress_struct codec_{};
  Errors errors_;
};

class Encoder {
 public:
  Encoder() { codec_.err = Prepare(&errors_); }
  ~Encoder() {
    jpeg_destroy_compress(&codec_);
    std::free(bytes_);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  bool Encode(const cv::Mat& image, int quality) {
    if (setjmp(errors_.way_out) != 0) return false;
    jpeg_create_compress(&codec_);
    jpeg_mem_dest(&codec_, &bytes_, &size_);
    codec_.image_width = static_cast<JDIMENSION>(image.cols);
    codec_.image_height = static_cast<JDIMENSION>(image.rows);
    codec_.input_components = 3;
    codec_.in_color_space = JCS_EXT_BGR;
    jpeg_set_defaults(&codec_);
    jpeg_set_quality(&codec_, quality, TRUE);
    jpeg_start_compress(&codec_, TRUE);
    while (codec_.next_scanline < codec_.image_height) {
      auto* row = const_cast<JSAMPROW>(image.ptr(static_cast<int>(codec_.next_scanline)));
      jpeg_write_scanlines(&codec_, &row, 1);
    }
    jpeg_finish_compress(&codec_);
    return true;
  }
  std::string bytes() const { return {reinterpret_cast<const char*>(bytes_), size_}; }
  const char* problem() const { return errors_.text; }

 private:
  jpeg_compress_struct codec_{};
  Errors errors_;
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;  // of libjpeg's type
};

}  // namespace

cv::Mat DecodeJpeg(std::string_view bytes) {
  Decoder decoder;
  if (!decoder.Start(bytes)) return {};
  cv::Mat image(decoder.height(), decoder.width(), CV_8UC3);
  return decoder.Read(image.data) ? image : cv::Mat();
}

std::string EncodeJpeg(const cv::Mat& image, int quality) {
  Encoder encoder;
  Require(encoder.Encode(image, quality), "it cannot be encoded as 'jpg': ", encoder.problem());
  return encoder.bytes();
}

}  // namespace caffe
