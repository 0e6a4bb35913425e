// Makes LMDBs of the binary versions of CIFAR-10 and CIFAR-100.

#include <gflags/gflags.h>

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/proto/caffe.pb.h"
#include "data_tools/atomic_output.hpp"
#include "data_tools/cifar_classes.hpp"
#include "data_tools/dataset_writer.hpp"
#include "data_tools/input_file.hpp"
#include "data_tools/mean_image.hpp"
#include "data_tools/progress_bar.hpp"
#include "data_tools/tool_main.hpp"

DEFINE_bool(force, false, "replace existing output");
DEFINE_bool(any_count, false, "accept files with another number of images than the official ones");
DEFINE_string(label, "fine", "which label of CIFAR-100 to store: fine or coarse");
DEFINE_string(batches, "1,2,3,4,5", "which training files of CIFAR-10 to read");

namespace caffe {
namespace {

constexpr char kUsage[] = R"(Usage: convert_cifar [flags] cifar10|cifar100 IN_DIR OUT_DIR

Reads the binary version of CIFAR-10 (data_batch_1.bin ... data_batch_5.bin, test_batch.bin) or
of CIFAR-100 (train.bin, test.bin) from IN_DIR, or from the folder cifar-10-batches-bin or
cifar-100-binary in it, and writes to OUT_DIR:

  train_lmdb, test_lmdb   one Datum an image, 3x32x32, RGB, keys 00000, 00001, ...
  mean.binaryproto        the training images' mean, for transform_param's mean_file

and beside each LMDB the names of its labels and a manifest, which lmdb_info shows.

  --batches 1,2           training files of CIFAR-10 to read, if not all five are there
  --label fine|coarse     which label of CIFAR-100 to store (fine)
  --any_count             accept files with another number of images than the official ones
  --force                 replace existing output
)";

constexpr int kKeyDigits = 5;
constexpr int kPixels = 3 * 32 * 32;

/// What the files of a data set look like.
struct Format {
  std::string folder;
  int label_bytes;
  int label_at;
  int classes;
};

struct File {
  std::string name;
  int images;
};

std::vector<int> ParseBatches(const std::string& text) {
  std::vector<int> batches;
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');) {
    Require(item.size() == 1 && item[0] >= '1' && item[0] <= '5', "--batches ", text, ": '", item,
            "' is no number of a training file. Give some of 1,2,3,4,5.");
    batches.push_back(item[0] - '0');
  }
  Require(!batches.empty(), "--batches is empty. Give some of 1,2,3,4,5.");
  return batches;
}

std::string ReadImages(const std::string& directory, const Format& format, const File& file,
                       const std::string& advice) {
  const std::string path =
      FindInput({directory, std::filesystem::path(directory) / format.folder}, {file.name}, advice)
          .string();
  std::string content = ReadInput(path);
  const size_t record = format.label_bytes + kPixels;
  const size_t count = content.size() / record;
  Require(count > 0 && content.size() % record == 0, path, " has ", content.size(),
          " bytes, which is no whole number of records of ", record,
          " bytes. It is cut off, or not of this data set; get it again.");
  Require(FLAGS_any_count || count == static_cast<size_t>(file.images), path, " has ", count,
          " images, the official file has ", file.images,
          ". Get it again, or say --any_count if that is meant.");
  for (size_t i = 0; i < count; ++i) {
    const int label = static_cast<unsigned char>(content[i * record + format.label_at]);
    Require(label < format.classes, path, ": image ", i, " has the label ", label, "; wanted 0 to ",
            format.classes - 1, ". The file is damaged, or not of this data set.");
  }
  return content;
}

uint64_t WriteImages(const std::vector<std::string>& contents, const Format& format,
                     const std::string& name, const AtomicOutput& output,
                     const DatasetDescription& description, MeanImage* mean) {
  const size_t record = format.label_bytes + kPixels;
  size_t total = 0;
  for (const std::string& content : contents) total += content.size() / record;
  DatasetWriter writer(output, name, description);
  ProgressBar bar(name, total);
  Datum datum;
  datum.set_channels(3);
  datum.set_height(32);
  datum.set_width(32);
  for (const std::string& content : contents) {
    for (size_t at = 0; at < content.size(); at += record) {
      datum.set_label(static_cast<unsigned char>(content[at + format.label_at]));
      datum.set_data(content.data() + at + format.label_bytes, kPixels);
      writer.Add(datum, kKeyDigits);
      if (mean != nullptr) mean->Add(datum);
      bar.Step();
    }
  }
  writer.Finish();
  return writer.size();
}

int Run(const std::vector<std::string>& arguments) {
  Require(arguments.size() == 3, "Wanted cifar10 or cifar100, IN_DIR and OUT_DIR, found ",
          arguments.size(), " argument(s). See --help.");
  const std::string& data_set = arguments[0];
  Require(data_set == "cifar10" || data_set == "cifar100", "Unknown data set '", data_set,
          "'. Give cifar10 or cifar100.");
  Require(FLAGS_label == "fine" || FLAGS_label == "coarse", "--label is '", FLAGS_label,
          "'. Give fine or coarse.");
  const bool is_cifar10 = data_set == "cifar10";
  const bool fine = FLAGS_label == "fine";
  const Format format = is_cifar10 ? Format{"cifar-10-batches-bin", 1, 0, 10}
                                   : Format{"cifar-100-binary", 2, fine ? 1 : 0, fine ? 100 : 20};
  std::vector<File> train_files{{"train.bin", 50000}};
  if (is_cifar10) {
    train_files.clear();
    for (const int batch : ParseBatches(FLAGS_batches)) {
      train_files.push_back({"data_batch_" + std::to_string(batch) + ".bin", 10000});
    }
  }
  const File test_file{is_cifar10 ? "test_batch.bin" : "test.bin", 10000};
  const std::string advice =
      "Get the binary version with scripts/get_data.sh " + data_set +
      (is_cifar10 ? ", or name the training files that you have with --batches." : ".");

  DatasetDescription description{.tool = "convert_cifar",
                                 .options = {},
                                 .sources = {arguments[1]},
                                 .channel_order = "RGB",
                                 .classes = is_cifar10 ? Cifar10Classes()
                                            : fine     ? Cifar100Classes()
                                                       : Cifar100Superclasses()};
  if (!is_cifar10) description.options.push_back("--label=" + FLAGS_label);
  AtomicOutput output(arguments[2], TrainTestAndMeanNames(), FLAGS_force);
  std::vector<std::string> train;
  for (const File& file : train_files) {
    train.push_back(ReadImages(arguments[1], format, file, advice));
  }
  const std::string test = ReadImages(arguments[1], format, test_file, advice);
  MeanImage mean;
  const uint64_t test_count = WriteImages({test}, format, kTestName, output, description, nullptr);
  if (is_cifar10) description.options.push_back("--batches=" + FLAGS_batches);
  const uint64_t train_count = WriteImages(train, format, kTrainName, output, description, &mean);
  mean.Write(output.path(kMeanName));
  output.Commit();
  std::cout << output.final_path(kTrainName).string() << ": " << train_count << " images\n"
            << output.final_path(kTestName).string() << ": " << test_count << " images\n"
            << output.final_path(kMeanName).string() << std::endl;
  return 0;
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) { return caffe::ToolMain(argc, argv, caffe::kUsage, caffe::Run); }
