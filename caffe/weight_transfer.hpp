#ifndef CAFFE_WEIGHT_TRANSFER_HPP_
#define CAFFE_WEIGHT_TRANSFER_HPP_

#include <string>
#include <vector>

#include "caffe/net.hpp"

namespace caffe {

/// What to do with weights whose shapes are not those of the layer of the same name.
enum class OnMismatch { kThrow, kSkip };

/// What solvers do with them; kThrow at first.
OnMismatch& DefaultOnMismatch();

/// What a net took of a file of weights, by names of layers.
struct WeightTransfer {
  std::vector<std::string> loaded;
  /// In the net and in the file, with other shapes: left as they were.
  std::vector<std::string> mismatched;
  /// With weights in the file, but not in the net.
  std::vector<std::string> unused;
};

/// Copies weights into layers of the same name, from a file of either kind, from an HDF5 file, or
/// from a net. Throws Error with the layer and both shapes where they differ, unless such layers
/// are to be skipped.
template <typename Dtype>
WeightTransfer TransferWeights(const std::string& file, OnMismatch on_mismatch, Net<Dtype>* net);
template <typename Dtype>
WeightTransfer TransferWeightsOfHdf5(const std::string& file, OnMismatch on_mismatch,
                                     Net<Dtype>* net);
template <typename Dtype>
WeightTransfer TransferWeights(const NetParameter& source, OnMismatch on_mismatch, Net<Dtype>* net);

}  // namespace caffe

#endif  // CAFFE_WEIGHT_TRANSFER_HPP_
