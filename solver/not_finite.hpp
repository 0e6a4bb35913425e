#ifndef CAFFE_SOLVER_NOT_FINITE_HPP_
#define CAFFE_SOLVER_NOT_FINITE_HPP_

#include <string>
#include <vector>

namespace caffe {

template <typename Dtype>
class Net;

/// Where values of a net stopped being finite, as a sentence for an error message: the first
/// layer, in net order, with a NaN or an infinity in its weights or its outputs; where there is
/// none, the first layer that the backward pass came to with one in its gradients; or that there
/// is none at all. Looks at every value, so it is for a run that has failed.
template <typename Dtype>
std::string DescribeNotFinite(const Net<Dtype>& net);

/// The first layer, in net order, whose weights hold a NaN or an infinity, as a sentence; "" where
/// all are finite.
template <typename Dtype>
std::string DescribeNotFiniteWeights(const Net<Dtype>& net);

/// A sentence about the first of a run's solver states, the newest first, that is complete and
/// whose weights are all finite, or that there is none.
std::string NewestGoodSnapshotText(const std::vector<std::string>& state_files);

}  // namespace caffe

#endif  // CAFFE_SOLVER_NOT_FINITE_HPP_
