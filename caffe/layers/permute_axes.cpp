#include "caffe/error.hpp"
#include "caffe/layers/permute_kernels.hpp"

namespace caffe {

PermutedAxes PermuteAxes(const std::vector<int>& shape, const std::vector<int>& order) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  PermutedAxes result;
  for (size_t i = 0; i < order.size(); ++i) {
    const int axis = order[i];
    if (i > 0 && axis == order[i - 1] + 1) {
      result.size[result.axes - 1] *= shape[axis];
      result.stride[result.axes - 1] = strides[axis];
      continue;
    }
    Require(result.axes < PermutedAxes::kMax, "the new order mixes more than ", PermutedAxes::kMax,
            " axes");
    result.size[result.axes] = shape[axis];
    result.stride[result.axes] = strides[axis];
    ++result.axes;
  }
  if (result.axes == 0) {
    result.axes = 1;
    result.size[0] = result.stride[0] = 1;
  }
  return result;
}

}  // namespace caffe
