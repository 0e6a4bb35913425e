// Makes LMDBs of SVHN's cropped digits.

#include <gflags/gflags.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/proto/caffe.pb.h"
#include "data_tools/atomic_output.hpp"
#include "data_tools/dataset_writer.hpp"
#include "data_tools/input_file.hpp"
#include "data_tools/input_key.hpp"
#include "data_tools/mean_image.hpp"
#include "data_tools/progress_bar.hpp"
#include "data_tools/svhn_file.hpp"
#include "data_tools/tool_main.hpp"

DEFINE_bool(extra, false, "append extra_32x32.mat to the training images");
DEFINE_bool(any_count, false, "accept files with another number of images than the official ones");
DEFINE_bool(force, false, "replace existing output");
DEFINE_bool(restart, false, "begin anew where an earlier run was cut off");

namespace caffe {
namespace {

constexpr char kUsage[] = R"(Usage: convert_svhn [flags] IN_DIR OUT_DIR

Reads the cropped digits (Format 2) of SVHN, train_32x32.mat, test_32x32.mat and, with --extra,
extra_32x32.mat, from IN_DIR and writes to OUT_DIR:

  train_lmdb, test_lmdb   one Datum an image, 3x32x32, RGB, keys 000000, 000001, ...; labels are
                          the digits 0 to 9 (the files have 10 for 0)
  mean.binaryproto        the training images' mean, for transform_param's mean_file

and beside each LMDB the names of its labels and a manifest, which lmdb_info shows.

The files may be MATLAB's -v6 or -v7, or SciPy's. They are read piece by piece, whatever their size.
A conversion that was cut off goes on where it was if the same command is given again.

  --extra       append the images of extra_32x32.mat to the training images
  --any_count   accept files with another number of images than the official ones
  --force       replace existing output
  --restart     begin anew instead of going on
)";

constexpr int kKeyDigits = 6;

struct Part {
  std::string file;
  uint64_t images;
};
const Part kTrain{"train_32x32.mat", 73257}, kTest{"test_32x32.mat", 26032},
    kExtra{"extra_32x32.mat", 531131};

std::string Find(const std::string& directory, const Part& part) {
  return FindInput({directory}, {part.file},
                   "Get it from http://ufldl.stanford.edu/housenumbers (Format 2), by hand or with "
                   "scripts/get_data.sh svhn.")
      .string();
}

/// Opens a file, which reads and checks all but its pixels.
SvhnFile Open(const std::string& path, const Part& part) {
  SvhnFile file(path);
  Require(FLAGS_any_count || file.count() == part.images, path, " has ", file.count(),
          " images, the official file has ", part.images,
          ". Get it again, or say --any_count if that is meant.");
  return file;
}

uint64_t Write(std::vector<SvhnFile>* files, const std::string& name, AtomicOutput* output,
               const std::vector<std::string>& sources, MeanImage* mean) {
  uint64_t total = 0;
  for (const SvhnFile& file : *files) total += file.count();
  DatasetWriter writer(*output, name,
                       {.tool = "convert_svhn",
                        .options = {},
                        .sources = sources,
                        .channel_order = "RGB",
                        .classes = NumberNames(9, 9)});
  writer.BeforeCommit([&] {
    Require(!Interrupted(), "Interrupted.");
    if (writer.committed() > 0) output->Keep();
  });
  ProgressBar bar(name, total);
  Datum datum;
  for (SvhnFile& file : *files) {
    for (uint64_t i = 0; i < file.count(); ++i) {
      file.Next(&datum);
      writer.Add(datum, kKeyDigits);
      if (mean != nullptr) mean->Add(datum);
      bar.Step();
    }
  }
  writer.Finish();
  return writer.size();
}

void Convert(const std::vector<std::string>& train, const std::string& test, AtomicOutput* output) {
  std::vector<SvhnFile> train_files, test_files;
  train_files.push_back(Open(train[0], kTrain));
  if (train.size() > 1) train_files.push_back(Open(train[1], kExtra));
  test_files.push_back(Open(test, kTest));
  MeanImage mean;
  const uint64_t train_count = Write(&train_files, kTrainName, output, train, &mean);
  const uint64_t test_count = Write(&test_files, kTestName, output, {test}, nullptr);
  mean.Write(output->path(kMeanName));
  output->Commit();
  std::cout << output->final_path(kTrainName).string() << ": " << train_count << " images\n"
            << output->final_path(kTestName).string() << ": " << test_count << " images\n"
            << output->final_path(kMeanName).string() << std::endl;
}

int Run(const std::vector<std::string>& arguments) {
  Require(arguments.size() == 2, "Wanted IN_DIR and OUT_DIR, found ", arguments.size(),
          " argument(s). See --help.");
  std::vector<std::string> train{Find(arguments[0], kTrain)};
  if (FLAGS_extra) train.push_back(Find(arguments[0], kExtra));
  const std::string test = Find(arguments[0], kTest);
  std::vector<std::string> inputs = train;
  inputs.push_back(test);
  AtomicOutput output(arguments[1], TrainTestAndMeanNames(), FLAGS_force,
                      {.key = InputKey("convert_svhn", {}, inputs), .restart = FLAGS_restart});
  GoOnLater(output, [&] { Convert(train, test, &output); });
  return 0;
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) { return caffe::ToolMain(argc, argv, caffe::kUsage, caffe::Run); }
