#ifndef CAFFE_PERMUTE_KERNELS_HPP_
#define CAFFE_PERMUTE_KERNELS_HPP_

#include <cstdint>
#include <vector>

namespace caffe {

/// An array whose axes are read in another order: the size of each axis of the result, and the
/// distance in the source of two neighbours along it.
struct PermutedAxes {
  static constexpr int kMax = 8;
  int axes = 0;
  int64_t size[kMax] = {};
  int64_t stride[kMax] = {};
};

/// Axis i of the result is axis order[i] of a row-major source of the given shape. Axes that stay
/// neighbours count as one. Throws Error if more than PermutedAxes::kMax remain.
PermutedAxes PermuteAxes(const std::vector<int>& shape, const std::vector<int>& order);

/// to, row-major = from in the new order; the two must not overlap.
template <class Device, class Dtype>
void permute(const PermutedAxes& axes, const Dtype* from, Dtype* to);

/// The other way round: element by element, the place that `permute` would read gets what it would
/// write. Places that it would not read stay as they are.
template <class Device, class Dtype>
void permute_back(const PermutedAxes& axes, const Dtype* from, Dtype* to);

}  // namespace caffe

#endif  // CAFFE_PERMUTE_KERNELS_HPP_
