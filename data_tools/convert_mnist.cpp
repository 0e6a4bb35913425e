// Makes LMDBs of the MNIST files, or of others in their format.

#include <gflags/gflags.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/proto/caffe.pb.h"
#include "data_tools/atomic_output.hpp"
#include "data_tools/dataset_writer.hpp"
#include "data_tools/input_file.hpp"
#include "data_tools/mean_image.hpp"
#include "data_tools/progress_bar.hpp"
#include "data_tools/tool_main.hpp"

DEFINE_bool(force, false, "replace existing output");

namespace caffe {
namespace {

constexpr char kUsage[] = R"(Usage: convert_mnist [--force] IN_DIR OUT_DIR

Reads MNIST's four idx files (train-images-idx3-ubyte, train-labels-idx1-ubyte,
t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; also with a dot in place of the second hyphen,
and with .gz) from IN_DIR and writes to OUT_DIR:

  train_lmdb, test_lmdb   one Datum an image, keys 00000000, 00000001, ...
  mean.binaryproto        the training images' mean, for transform_param's mean_file

and beside each LMDB its labels and a manifest, which lmdb_info shows.

  --force   replace existing output
)";

constexpr uint32_t kImagesMagic = 2051;
constexpr uint32_t kLabelsMagic = 2049;
constexpr int kKeyDigits = 8;

/// Images and labels as the files have them, in memory.
struct Digits {
  uint32_t count, rows, columns;
  std::string images, labels;
  size_t first_image, first_label;

  std::string_view image(uint32_t i) const {
    const size_t size = size_t(rows) * columns;
    return std::string_view(images).substr(first_image + i * size, size);
  }
  int label(uint32_t i) const { return static_cast<unsigned char>(labels[first_label + i]); }
};

/// Reads the head of an idx file: a magic number and one size an axis, all big-endian.
std::vector<uint32_t> ReadHead(const std::string& content, const std::string& path, uint32_t magic,
                               int axes) {
  const size_t head_size = 4 * (axes + 1);
  Require(content.size() >= head_size, path, " is cut off: it has only ", content.size(),
          " bytes. Get it again.");
  std::vector<uint32_t> head;
  for (size_t i = 0; i < head_size; i += 4) {
    uint32_t value = 0;
    for (size_t k = 0; k < 4; ++k) value = value << 8 | static_cast<unsigned char>(content[i + k]);
    head.push_back(value);
  }
  Require(head[0] == magic, path, " starts with the magic number ", head[0], ", wanted ", magic,
          ". It is not an idx file of ", axes == 3 ? "images" : "labels", ".");
  uint64_t wanted = head_size;
  uint64_t product = 1;
  for (int i = 1; i <= axes; ++i) product *= head[i];
  wanted += product;
  Require(content.size() == wanted, path, " has ", content.size(), " bytes; ", wanted,
          " belong to the ", head[1],
          " items that its head names. It is cut off or damaged; "
          "get it again.");
  return head;
}

Digits ReadDigits(const std::string& directory, const std::string& part) {
  const auto find = [&](const std::string& kind, const std::string& type) {
    std::vector<std::string> names;
    for (const char* separator : {"-", "."}) {
      for (const char* packed : {"", ".gz"}) {
        names.push_back(part + "-" + kind + separator + type + "-ubyte" + packed);
      }
    }
    return FindInput({directory}, names, "Get the files with scripts/get_data.sh mnist.");
  };
  const std::string images = find("images", "idx3").string();
  const std::string labels = find("labels", "idx1").string();
  Digits digits;
  digits.images = ReadInput(images);
  digits.labels = ReadInput(labels);
  const auto image_head = ReadHead(digits.images, images, kImagesMagic, 3);
  const auto label_head = ReadHead(digits.labels, labels, kLabelsMagic, 1);
  Require(image_head[1] == label_head[1], images, " has ", image_head[1], " images, ", labels,
          " has ", label_head[1], " labels. They do not belong together; get both again.");
  Require(image_head[1] > 0 && image_head[2] > 0 && image_head[3] > 0, images, " has no images.");
  digits.count = image_head[1];
  digits.rows = image_head[2];
  digits.columns = image_head[3];
  digits.first_image = 16;
  digits.first_label = 8;
  return digits;
}

int LargestLabel(const Digits& digits) {
  int largest = 0;
  for (uint32_t i = 0; i < digits.count; ++i) largest = std::max(largest, digits.label(i));
  return largest;
}

void WriteDigits(const Digits& digits, const std::string& name, const AtomicOutput& output,
                 const DatasetDescription& description, MeanImage* mean) {
  DatasetWriter writer(output, name, description);
  ProgressBar bar(name, digits.count);
  Datum datum;
  datum.set_channels(1);
  datum.set_height(static_cast<int>(digits.rows));
  datum.set_width(static_cast<int>(digits.columns));
  for (uint32_t i = 0; i < digits.count; ++i) {
    datum.set_data(std::string(digits.image(i)));
    datum.set_label(digits.label(i));
    writer.Add(datum, kKeyDigits);
    if (mean != nullptr) mean->Add(datum);
    bar.Step();
  }
  writer.Finish();
}

int Run(const std::vector<std::string>& arguments) {
  Require(arguments.size() == 2, "Wanted IN_DIR and OUT_DIR, found ", arguments.size(),
          " argument(s). See --help.");
  AtomicOutput output(arguments[1], TrainTestAndMeanNames(), FLAGS_force);
  const Digits train = ReadDigits(arguments[0], "train");
  const Digits test = ReadDigits(arguments[0], "t10k");
  const DatasetDescription description{
      .tool = "convert_mnist",
      .options = {},
      .sources = {arguments[0]},
      .channel_order = "gray",
      .classes = NumberNames(std::max(LargestLabel(train), LargestLabel(test)), 9)};
  MeanImage mean;
  WriteDigits(train, kTrainName, output, description, &mean);
  WriteDigits(test, kTestName, output, description, nullptr);
  mean.Write(output.path(kMeanName));
  output.Commit();
  std::cout << output.final_path(kTrainName).string() << ": " << train.count << " images of "
            << train.rows << "x" << train.columns << "\n"
            << output.final_path(kTestName).string() << ": " << test.count << " images\n"
            << output.final_path(kMeanName).string() << std::endl;
  return 0;
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) { return caffe::ToolMain(argc, argv, caffe::kUsage, caffe::Run); }
