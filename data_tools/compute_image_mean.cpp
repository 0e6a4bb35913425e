// Computes the mean image of an LMDB, as Caffe's tool of this name, and mean and standard deviation
// of its channels.

#include <gflags/gflags.h>
#include <glog/logging.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/util/db.hpp"
#include "data_tools/channel_statistics.hpp"
#include "data_tools/mean_image.hpp"
#include "data_tools/record_stream.hpp"
#include "data_tools/tool_main.hpp"

DEFINE_string(backend, "lmdb", "kind of database; lmdb is the only one");
DEFINE_bool(per_channel, false, "no mean image, only channels; images may differ in size");
DEFINE_bool(force_color, false, "decode encoded images with three channels");
DEFINE_bool(force_gray, false, "decode encoded images with one channel");
DEFINE_bool(rgb, false, "decode encoded images to R G B instead of B G R");
DEFINE_int32(threads, 0, "that decode images; 0 is one for each core");

namespace caffe {
namespace {

constexpr char kUsage[] = R"(Usage: compute_image_mean [flags] INPUT_DB [OUTPUT_FILE]

Computes the mean image of an LMDB and writes it to OUTPUT_FILE, for transform_param's mean_file.
Prints mean and standard deviation of each channel, ready to be pasted into a net.

  --per_channel    no mean image, only the channels: images may differ in height and width
  --force_color    decode encoded images with three channels, as transform_param's force_color
  --force_gray     decode them with one; otherwise an image has its own number of channels
  --rgb            decode encoded images to R G B, as transform_param's rgb; otherwise B G R
  --threads N      that decode images (0: one for each core)
  --backend lmdb   the only one
)";

constexpr int kRecordsPerLogLine = 10000;

std::string ShapeText(const Datum& datum) {
  std::ostringstream text;
  text << datum.channels() << "x" << datum.height() << "x" << datum.width();
  return text.str();
}

Decoding DecodingOfFlags() {
  Require(!FLAGS_force_color || !FLAGS_force_gray, "Give --force_color or --force_gray, not both.");
  if (FLAGS_force_color) return Decoding::kColor;
  return FLAGS_force_gray ? Decoding::kGray : Decoding::kNative;
}

/// Sums over the records of a database.
class Measurement {
 public:
  void Add(const Record& record) {
    if (!record.problem.empty()) throw Error(record.problem);
    const Datum& datum = record.datum;
    if (count_ == 0) Start(record);
    Require(count_ == 0 || datum.channels() == channels_.channels(), "it has ", datum.channels(),
            " channel(s), the first one ", channels_.channels(),
            record.encoded ? ". Decode all alike with --force_color or --force_gray, here and in "
                             "the net's transform_param."
                           : ". All images must have as many.");
    if (!FLAGS_per_channel) {
      Require(ShapeText(datum) == first_shape_, "it is of ", ShapeText(datum),
              ", the first one of ", first_shape_,
              " (channels x height x width). A mean image needs images of one size; "
              "--per_channel measures images of several sizes.");
      mean_image_.Add(datum);
    }
    channels_.Add(datum);
    bytes_only_ = bytes_only_ && datum.float_data_size() == 0;
    if (++count_ % kRecordsPerLogLine == 0) LogProgress();
  }

  void Finish() const {
    if (count_ % kRecordsPerLogLine != 0) LogProgress();
  }

  const MeanImage& mean_image() const { return mean_image_; }
  const ChannelStatistics& channels() const { return channels_; }
  uint64_t count() const { return count_; }
  /// Whether all pixels are bytes, so that they lie in 0 to 255.
  bool bytes_only() const { return bytes_only_; }

 private:
  void Start(const Record& record) {
    first_shape_ = ShapeText(record.datum);
    if (record.encoded) LOG(INFO) << "Decoding Datum";
    LOG(INFO) << "Starting iteration";
  }
  void LogProgress() const { LOG(INFO) << "Processed " << count_ << " files."; }

  std::string first_shape_;
  MeanImage mean_image_;
  ChannelStatistics channels_;
  uint64_t count_ = 0;
  bool bytes_only_ = true;
};

/// Prints the part of a net that normalises images such as these.
void Print(const Measurement& measured) {
  const ChannelStatistics& channels = measured.channels();
  std::ostringstream means, deviations, unit_means, unit_deviations;
  for (int c = 0; c < channels.channels(); ++c) {
    const double mean = channels.mean(c), deviation = channels.standard_deviation(c);
    means << "  mean_value: " << mean << "\n";
    deviations << "  std_value: " << deviation << "\n";
    unit_means << " " << mean / 255;
    unit_deviations << " " << deviation / 255;
  }
  std::cout << "# " << measured.count() << " images; channels in the order of the records, values "
            << "in the units of the pixels.\n";
  if (measured.bytes_only()) {
    std::cout << "# On a scale to 1: mean" << unit_means.str() << ", std" << unit_deviations.str()
              << "\n";
  }
  std::cout << "# The net's input is (pixel - mean_value) * scale / std_value.\n"
            << "transform_param {\n"
            << means.str() << deviations.str() << "}" << std::endl;
}

/// Finds out before the work whether its result can be written.
void CheckOutput(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  Require(std::filesystem::is_directory(folder, ignored), "Cannot write ", path.string(),
          ": there is no folder ", folder.string(), ". Make it first.");
  Require(!std::filesystem::is_directory(path, ignored), "Cannot write ", path.string(),
          ": it is a folder. Give the name of a file.");
}

int Run(const std::vector<std::string>& arguments) {
  Require(arguments.size() == 1 || arguments.size() == 2,
          "Wanted INPUT_DB and perhaps OUTPUT_FILE, found ", arguments.size(),
          " argument(s). See --help.");
  Require(!FLAGS_per_channel || arguments.size() == 1,
          "--per_channel computes no mean image: leave ", arguments.back(), " out.");
  if (arguments.size() == 2) CheckOutput(arguments[1]);
  const std::unique_ptr<db::DB> database(db::GetDB(FLAGS_backend));
  database->Open(arguments[0], db::READ);
  Measurement measured;
  const RecordReading reading{
      .decoding = DecodingOfFlags(), .rgb = FLAGS_rgb, .threads = ThreadsOf(FLAGS_threads)};
  ForEachRecord(database.get(), reading, [&](const Record& record) {
    try {
      measured.Add(record);
    } catch (Error& e) {
      e.add_context(arguments[0] + ", record " + QuotedKey(record.key));
      throw;
    }
  });
  Require(measured.count() > 0, arguments[0], " has no records.");
  measured.Finish();
  if (arguments.size() == 2) {
    LOG(INFO) << "Write to " << arguments[1];
    measured.mean_image().Write(arguments[1]);
  }
  LOG(INFO) << "Number of channels: " << measured.channels().channels();
  for (int c = 0; c < measured.channels().channels(); ++c) {
    LOG(INFO) << "mean_value channel [" << c << "]: " << measured.channels().mean(c);
  }
  Print(measured);
  return 0;
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) {
  return caffe::ToolMain(argc, argv, caffe::kUsage, caffe::Run, google::GLOG_INFO);
}
