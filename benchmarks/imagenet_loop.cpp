// What a conversion of images costs at least: reads image files, decodes, resizes and encodes them,
// and throws the result away.
//
//   imagenet_loop opencv|libjpeg FOLDER SHORT_SIDE QUALITY THREADS
//
// opencv decodes and encodes with cv::imdecode and cv::imencode, libjpeg with the library under
// them, as convert_imagenet does. Prints images, seconds and images/s.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <opencv2/core/core.hpp>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <opencv2/imgproc/imgproc.hpp>
#include <string>
#include <thread>
#include <vector>

#include "data_tools/jpeg_codec.hpp"

namespace {

namespace fs = std::filesystem;

std::vector<std::string> FilesBelow(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

size_t Convert(const std::string& file, bool use_opencv, int short_side, int quality) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<char> bytes(fs::file_size(file));
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const cv::Mat image = use_opencv ? cv::imdecode(bytes, cv::IMREAD_COLOR)
                                   : caffe::DecodeJpeg({bytes.data(), bytes.size()});
  const int shorter = std::min(image.rows, image.cols);
  const cv::Size size(image.cols * short_side / shorter, image.rows * short_side / shorter);
  cv::Mat resized;
  cv::resize(image, resized, size, 0, 0, short_side < shorter ? cv::INTER_AREA : cv::INTER_LINEAR);
  if (!use_opencv) return caffe::EncodeJpeg(resized, quality).size();
  std::vector<unsigned char> encoded;
  cv::imencode(".jpg", resized, encoded, {cv::IMWRITE_JPEG_QUALITY, quality});
  return encoded.size();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: imagenet_loop opencv|libjpeg FOLDER SHORT_SIDE QUALITY THREADS\n");
    return 1;
  }
  cv::setNumThreads(1);
  const bool use_opencv = std::string(argv[1]) == "opencv";
  const int short_side = std::atoi(argv[3]), quality = std::atoi(argv[4]);
  const int threads = std::atoi(argv[5]);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<std::string> files = FilesBelow(argv[2]);
  std::atomic<size_t> next{0}, bytes{0};
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        for (size_t k = next++; k < files.size(); k = next++) {
          bytes += Convert(files[k], use_opencv, short_side, quality);
        }
      });
    }
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%zu images, %.3f s, %.1f images/s, %zu bytes\n", files.size(), seconds,
              static_cast<double>(files.size()) / seconds, bytes.load());
}
