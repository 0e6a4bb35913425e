#include "data_tools/image_conversion.hpp"

#include <chrono>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "caffe/error.hpp"
#include "caffe/util/format.hpp"
#include "data_tools/in_order.hpp"
#include "data_tools/tool_main.hpp"
#include "data_tools/unreadable_images.hpp"

namespace caffe {

namespace {

/// An image's record, or the reason why there is none.
struct Converted {
  PreparedRecord record;
  ConvertedSize size;
  std::string repair;
  std::string problem;
};

std::string Text(const ConvertedSize& size) {
  std::ostringstream text;
  text << size.channels << "x" << size.height << "x" << size.width;
  return text.str();
}

Converted Convert(const ImageSet& set, size_t number, const ImageConversion& conversion) {
  const LabelledImage& image = set.images[number];
  Converted result;
  try {
    ConvertedImage converted = ConvertImage(set.Read(image), image.name, image.label, conversion);
    result.record = PreparedRecord(converted.datum, std::move(converted.pixels));
    result.size = converted.size;
    result.repair = std::move(converted.repair);
  } catch (const std::exception& e) {
    result.problem = e.what();
  }
  return result;
}

/// Puts converted images into the database, in order.
class RecordWriter {
 public:
  RecordWriter(const ImageSet& set, const ConversionRun& run, DatasetWriter* writer,
               ConversionNotes* notes)
      : set_(set), run_(run), writer_(writer), notes_(notes) {
    if (notes == nullptr) return;
    if (notes->next() > 0) {
      writer->GoOn(notes->state());
      next_ = notes->next();
      remarks_ = notes->remarks();
    }
    writer->BeforeCommit(
        [this] { notes_->Save(next_, writer_->state(), remarks_, writer_->committed() > 0); });
  }

  /// Number of the first image that is not yet in the database.
  size_t next() const { return next_; }

  void Add(size_t number, Converted image) {
    if (notes_ == nullptr) {
      CheckInterrupted();
    } else {
      Require(!Interrupted(), "Interrupted.");
    }
    const std::string& name = set_.images[number].name;
    next_ = number + 1;
    if (!image.problem.empty()) {
      remarks_.problems.push_back({set_.path(set_.images[number]), image.problem});
      return;
    }
    if (!image.repair.empty()) {
      remarks_.repairs.push_back({set_.path(set_.images[number]), image.repair});
    }
    if (run_.check_size) CheckSize(image, name);
    writer_->Add(format_int(static_cast<int>(number), 8) + "_" + name, std::move(image.record));
    run_.progress(writer_->size());
  }

  const ImageRemarks& remarks() const { return remarks_; }

  ImageRemarks Finish() {
    writer_->Finish(static_cast<int>(remarks_.problems.size()),
                    static_cast<int>(remarks_.repairs.size()));
    return std::move(remarks_);
  }

 private:
  void CheckSize(const Converted& image, const std::string& name) {
    if (!first_size_) {
      first_size_ = image.size;
      first_name_ = name;
    }
    Require(image.size == *first_size_, set_.prefix, name, " has the size ", Text(image.size),
            ", the first image, ", first_name_, ", has ", Text(*first_size_),
            " (channels x height x width). Resize them, or leave --check_size out.");
  }

  const ImageSet& set_;
  const ConversionRun& run_;
  DatasetWriter* writer_;
  ConversionNotes* notes_;
  size_t next_ = 0;
  ImageRemarks remarks_;
  std::optional<ConvertedSize> first_size_;
  std::string first_name_;
};

}  // namespace

ConvertedImages ConvertImages(const ImageSet& set, const ImageConversion& conversion,
                              const ConversionRun& run, DatasetWriter* writer,
                              ConversionNotes* notes) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  RecordWriter records(set, run, writer, notes);
  ConvertedImages result;
  result.resumed = writer->size();
  cv::setNumThreads(1);
  const size_t total = set.images.size();
  const size_t window = run.waiting * static_cast<size_t>(run.threads);
  InOrder<Converted> images(run.threads, window, [&](size_t number) {
    // Early enough for the disk to find it, however the images were shuffled.
    if (number + window < total) set.Prefetch(set.images[number + window]);
    return Convert(set, number, conversion);
  });
  images.Run(records.next(), total,
             [&](size_t number, Converted image) { records.Add(number, std::move(image)); });
  RequireSome(writer->size(), records.remarks().problems, total);
  result.remarks = records.Finish();
  result.count = writer->size();
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

}  // namespace caffe
