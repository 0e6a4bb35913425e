#ifndef CAFFE_SOLVER_ELIGIBILITY_HPP_
#define CAFFE_SOLVER_ELIGIBILITY_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "solver/drop_options.hpp"

namespace caffe {

template <typename Dtype>
class Net;

/// What the method has to know of a layer that holds weights.
struct LearnableLayer {
  std::string name;
  std::string type;
  std::vector<int> weight_shape;  // of the layer's first blob
  /// Index of the weight in Net::learnable_params().
  int learnable_id = -1;
  /// Number of the weight among the tensors that are trained (lr_mult not 0), from 0.
  int tensor_index = -1;
  /// InnerProduct with `transpose: true`: weights are inputs x outputs.
  bool transpose = false;
  /// Whether the weight's lr_mult is not 0.
  bool is_trained = true;
  /// The layer that owns the weight, if it is shared and another's.
  std::string owner;
  /// Indices in Net::learnable_params() of all blobs that this layer owns.
  std::vector<int> param_ids;
  /// The same of the trained bias of a convolution or an inner product, or -1, and its size.
  int bias_id = -1;
  int bias_count = 0;
};

/// A layer that may be dropped from. The channel of element i of its weight blob is
/// (i / inner) % channels.
struct EligibleLayer {
  std::string name;
  int learnable_id = -1;
  int axis = 0;
  int channels = 0;
  int64_t inner = 1;  // elements between neighbours along the axis
  double weight = 1;
  /// ONE_LAYER: probability of being the one. EACH_LAYER: factor of the layer drop rate.
  double probability = 0;
  /// Where this layer's bits begin in DropPlan::keep_words.
  int first_word = 0;
  /// Everything that the layer owns, in Net::learnable_params().
  std::vector<int> param_ids;
  /// The bias whose elements are dropped with the channels (element i with channel
  /// i % channels), or -1.
  int bias_id = -1;
};

/// One row of the table that is logged at start: every layer, and what became of it.
struct EligibilityRow {
  std::string name;
  std::string type;
  std::vector<int> weight_shape;
  /// Index in Eligibility::layers, or -1.
  int eligible_index = -1;
  /// Why it is not eligible, for people.
  std::string reason;
};

struct Eligibility {
  std::vector<EligibleLayer> layers;
  std::vector<EligibilityRow> rows;
  /// 32-bit words that hold a bit for each channel of all eligible layers.
  int num_words = 0;
  int64_t num_channels = 0;
};

/// Decides which layers can be dropped from, in net order.
///
/// Convolution, Deconvolution and InnerProduct are, and depthwise convolutions under the names
/// that forks of Caffe gave them, but not the first ones (skip_layers, skip_parameters). A
/// rule that says `eligible: true` lets a skipped layer in, and, if it gives a layer's exact
/// name, also a layer of another type; `eligible: false` leaves a layer out. Shared weights
/// count once, for the layer that owns them; weights with lr_mult 0 never.
///
/// Throws Error for a rule that fits no layer or that makes a layer eligible, by its exact name,
/// which cannot be, and where no layer is left.
Eligibility FindEligible(const std::vector<LearnableLayer>& layers, const DropOptions& options);

/// The layers of a net that hold weights, in net order.
template <typename Dtype>
std::vector<LearnableLayer> LearnableLayers(const Net<Dtype>& net);

/// For each of Net::learnable_params(), the number that stands for it in the keys of random
/// draws: the hash of its layer's name plus its index among the layer's blobs.
template <typename Dtype>
std::vector<uint64_t> WeightStreams(const Net<Dtype>& net);

/// Iterations in which the net sees all samples of its first data layer once, rounded up; 0 if
/// no layer knows its number of samples.
/// @param iter_size  batches an iteration
template <typename Dtype>
int64_t IterationsPerEpoch(const Net<Dtype>& net, int iter_size);

/// Whether layers of this type can be dropped from without being named.
bool IsEligibleType(const std::string& type);

/// Whether a name fits a pattern, in which * stands for any characters and ? for one.
bool MatchesPattern(const std::string& pattern, const std::string& name);

}  // namespace caffe

#endif  // CAFFE_SOLVER_ELIGIBILITY_HPP_
