#include <glog/logging.h>

#include <algorithm>
#include <iostream>

#include "caffe/cli/command.hpp"
#include "caffe/cli/data_shapes.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/cli/net_state.hpp"
#include "caffe/cli/net_summary.hpp"
#include "caffe/cli/solver_file.hpp"
#include "caffe/net.hpp"
#include "caffe/util/dropped_tops.hpp"

namespace caffe::cli {

namespace {

NetParameter ReadNet(const string& file) {
  NetParameter net = IsSolverFile(file) ? TrainNetOf(ReadSolver(file)) : ReadNetFile(file);
  SetNetState(PhaseFromFlag(), &net);
  NetParameter filtered;
  Net<float>::FilterNet(net, &filtered);
  CheckDroppedTops(net, filtered);
  return filtered;
}

int Summary(const std::vector<std::string>& words) {
  FLAGS_minloglevel = std::max<int>(FLAGS_minloglevel, google::GLOG_WARNING);
  const InputShapes shapes = ParseInputShapes(FLAGS_input_shape, FLAGS_batch);
  NetParameter net = ReadNet(words[0]);
  LayerTypes types;
  for (const LayerParameter& layer : net.layer()) types[layer.name()].push_back(layer.type());
  const auto notes = ReplaceDataLayers(shapes, net.state().phase(), &net);
  std::cout << ToText(Summarize(net, types));
  for (const std::string& note : notes) std::cout << "note: " << note << "\n";
  return 0;
}

}  // namespace

Command SummaryCommand() {
  return {
      .name = "summary",
      .usage = "NET [flags]",
      .summary = "list the layers of a net, with shapes, parameters, operations and memory",
      .description =
          "Prints a table of the layers of a net, or of the net of a solver: output shapes,\n"
          "learnable parameters (statistics of batch normalisation are none) and multiply-adds\n"
          "an image. The data set need not be there: shapes come from --input_shape, else from\n"
          "the database if it exists, else from crop_size or new_height and new_width of the\n"
          "transformation, with as many channels as mean_value or std_value has entries (3 if\n"
          "there is one or none, 1 with force_gray).\n\n"
          "  caffe summary deploy.prototxt --phase=TEST --input_shape=1,3,224,224",
      .flags = {"phase", "input_shape", "batch", "level", "stage"},
      .min_words = 1,
      .max_words = 1,
      .run = Summary,
  };
}

}  // namespace caffe::cli
