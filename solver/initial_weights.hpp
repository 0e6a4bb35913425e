#ifndef CAFFE_SOLVER_INITIAL_WEIGHTS_HPP_
#define CAFFE_SOLVER_INITIAL_WEIGHTS_HPP_

#include <string>
#include <utility>
#include <vector>

#include "caffe/weight_transfer.hpp"

namespace caffe {

/// By file, in order, what a net took of it.
using WeightTransfers = std::vector<std::pair<std::string, WeightTransfer>>;

/// Copies the weights that a solver names into a net. Throws Error where shapes differ, unless
/// DefaultOnMismatch() is to skip such layers.
template <typename Dtype>
WeightTransfers LoadInitialWeights(const SolverParameter& param, Net<Dtype>* net);

/// Lists in the log which layers were loaded, and what of the files nobody uses; warns of layers
/// that no file has weights for. Silent without files. Throws Error if a file has nothing for the
/// net.
template <typename Dtype>
void LogInitialWeights(const Net<Dtype>& net, const WeightTransfers& transfers);

}  // namespace caffe

#endif  // CAFFE_SOLVER_INITIAL_WEIGHTS_HPP_
