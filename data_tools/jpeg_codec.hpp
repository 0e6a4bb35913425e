#ifndef DATA_TOOLS_JPEG_CODEC_HPP_
#define DATA_TOOLS_JPEG_CODEC_HPP_

#include <opencv2/core/core.hpp>
#include <string>
#include <string_view>

namespace caffe {

/// Decodes a JPEG file to B G R: the pixels that cv::imdecode gives with IMREAD_COLOR, in about two
/// thirds of the time, as libjpeg itself puts the channels into this order.
/// @return an empty image for what is left to OpenCV: files of other types, in CMYK, with EXIF data
///         (which may say that the image is turned), and damaged ones
cv::Mat DecodeJpeg(std::string_view bytes);

/// Encodes an image of B G R: the bytes that cv::imencode gives.
/// @param quality  1 to 100
/// Throws Error if libjpeg cannot.
std::string EncodeJpeg(const cv::Mat& image, int quality);

}  // namespace caffe

#endif  // DATA_TOOLS_JPEG_CODEC_HPP_
