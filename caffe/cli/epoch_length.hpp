#ifndef CAFFE_CLI_EPOCH_LENGTH_HPP_
#define CAFFE_CLI_EPOCH_LENGTH_HPP_

#include <cstdint>
#include <string>

#include "caffe/proto/caffe.pb.h"

namespace caffe::cli {

/// The first layer of a net that reads a data set.
struct TrainingData {
  /// "data (Data, net.prototxt:3)"; "" if the net has no such layer.
  std::string layer;
  int index = -1;
  /// In the data set, if it is an LMDB that is there; else 0.
  uint64_t samples = 0;
};

/// @param net  filtered
TrainingData FindTrainingData(const NetParameter& net);

/// Schedules of drop rates that count epochs take the number of iterations in one from the data
/// layer of the training net. Where that layer has been replaced, this writes the number into
/// the solver instead, if it needs one. Throws Error if it does and `samples` is 0.
/// @param solver   with the net in its net_param, whose data layer is now an Input layer
/// @param samples  of the training data
void CompleteEpochs(const TrainingData& data, uint64_t samples, SolverParameter* solver);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_EPOCH_LENGTH_HPP_
