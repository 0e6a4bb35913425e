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

/// The layer of this name that takes weights: the first with parameters, as a net has no two of one
/// name with weights of their own; without one, the first of the name. -1 if there is none.
template <typename Dtype>
int WeightLayer(const Net<Dtype>& net, const std::string& name);

/// Throws Error if two layers of a net have one name and weights of their own: files of weights,
/// test nets and drop plans know layers by their names, and would mix them up.
template <typename Dtype>
void CheckWeightNames(const Net<Dtype>& net);

/// Layers with parameters that are not in `loaded`, nor share all of them with layers that are; in
/// the order of the net.
template <typename Dtype>
std::vector<std::string> LayersWithoutWeights(const Net<Dtype>& net,
                                              const std::vector<std::string>& loaded);

/// Throws Error if the net has parameters and none of its layers has the name of one in the file.
template <typename Dtype>
void CheckSomethingMatches(const Net<Dtype>& net, const std::string& file,
                           const WeightTransfer& transfer);

/// For a command that scores: copies the weights of a file into a net. Throws Error if shapes
/// differ or nothing matches; one warning lists the layers that get none.
template <typename Dtype>
void LoadWeightsToScore(const std::string& file, Net<Dtype>* net);

/// For a resume: copies weights that must be those of this very net. Throws Error if a layer gets
/// none, if shapes differ, or if the file has layers that the net lacks.
template <typename Dtype>
void RestoreWeights(const std::string& file, Net<Dtype>* net);

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

/// "3 layers" and their names, in lines of a readable width: "(3 layers):\n    a, b,\n    c".
std::string LayerList(const std::vector<std::string>& names);

}  // namespace caffe

#endif  // CAFFE_WEIGHT_TRANSFER_HPP_
