#include "data_tools/image_conversion.hpp"

#include <glog/logging.h>

#include <algorithm>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <sstream>

#include "caffe/error.hpp"
#include "caffe/util/format.hpp"
#include "caffe/util/parallel_for.hpp"
#include "data_tools/lmdb_writer.hpp"
#include "data_tools/tool_main.hpp"

namespace caffe {

namespace {

constexpr size_t kImagesPerThread = 16;
constexpr uint64_t kImagesPerLogLine = 1000;

/// An image's record, or the reason why there is none.
struct Converted {
  Datum datum;
  ConvertedSize size;
  std::string problem;
};

std::string Text(const ConvertedSize& size) {
  std::ostringstream text;
  text << size.channels << "x" << size.height << "x" << size.width;
  return text.str();
}

/// Puts converted images into the database, in order.
class RecordWriter {
 public:
  RecordWriter(const ImageSet& set, bool check_size, const std::filesystem::path& path)
      : set_(set), check_size_(check_size), writer_(path, 0) {}

  /// @param first  number of the first of `images`
  void Add(const std::vector<Converted>& images, size_t first) {
    CheckInterrupted();
    for (size_t i = 0; i < images.size(); ++i) Add(images[i], static_cast<int>(first + i));
  }

  ConvertedImages Finish() {
    if (writer_.size() % kImagesPerLogLine != 0) LogProgress();
    writer_.Finish();
    return {writer_.size(), std::move(problems_)};
  }

 private:
  void Add(const Converted& image, int number) {
    const std::string& name = set_.images[number].name;
    if (!image.problem.empty()) {
      problems_.push_back({set_.prefix + name, image.problem});
      return;
    }
    if (!first_size_) {
      first_size_ = image.size;
      first_name_ = name;
    }
    Require(!check_size_ || image.size == *first_size_, set_.prefix, name, " has the size ",
            Text(image.size), ", the first image, ", first_name_, ", has ", Text(*first_size_),
            " (channels x height x width). Resize them, or leave --check_size out.");
    writer_.Add(format_int(number, 8) + "_" + name, image.datum);
    if (writer_.size() % kImagesPerLogLine == 0) LogProgress();
  }

  void LogProgress() const { LOG(INFO) << "Processed " << writer_.size() << " files."; }

  const ImageSet& set_;
  bool check_size_;
  LmdbWriter writer_;
  std::vector<ConvertedImages::Problem> problems_;
  std::optional<ConvertedSize> first_size_;
  std::string first_name_;
};

Converted Convert(const ImageSet& set, size_t number, const ImageConversion& conversion) {
  const LabelledImage& image = set.images[number];
  Converted converted;
  try {
    converted.datum =
        ReadImageFile(set.prefix + image.name, image.label, conversion, &converted.size);
  } catch (const std::exception& e) {
    converted.problem = e.what();
  }
  return converted;
}

}  // namespace

ConvertedImages ConvertImages(const ImageSet& set, const ImageConversion& conversion,
                              bool check_size, int threads, const std::filesystem::path& path) {
  RecordWriter writer(set, check_size, path);
  cv::setNumThreads(1);
  const size_t total = set.images.size();
  const size_t step = kImagesPerThread * threads;
  std::vector<Converted> done;
  for (size_t first = 0; first < total || !done.empty(); first += step) {
    const size_t begin = std::min(first, total);
    std::vector<Converted> next(std::min(step, total - begin));
    // Some images are decoded while those before them are written.
    ParallelFor(static_cast<int>(next.size()) + 1, threads, [&](int item) {
      if (item == 0) {
        writer.Add(done, begin - done.size());
      } else {
        next[item - 1] = Convert(set, begin + item - 1, conversion);
      }
    });
    done = std::move(next);
  }
  return writer.Finish();
}

}  // namespace caffe
