#include "caffe/cli/command.hpp"
#include "caffe/cli/device_choice.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/common.hpp"

namespace caffe::cli {

namespace {

int DeviceQuery(const std::vector<std::string>&) {
  LOG(INFO) << "Querying GPUs " << FLAGS_gpu;
  for (const int id : ParseGpus(FLAGS_gpu)) {
    Caffe::SetDevice(id);
    Caffe::DeviceQuery();
  }
  return 0;
}

}  // namespace

Command DeviceQueryCommand() {
  return {
      .name = "device_query",
      .usage = "--gpu=IDS",
      .summary = "print the properties of GPUs",
      .description = "Prints the properties of each GPU in --gpu.",
      .flags = {"gpu"},
      .min_words = 0,
      .max_words = 0,
      .run = DeviceQuery,
  };
}

}  // namespace caffe::cli
