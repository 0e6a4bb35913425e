#ifndef CAFFE_UTIL_PARALLEL_FOR_HPP_
#define CAFFE_UTIL_PARALLEL_FOR_HPP_

#include <functional>

namespace caffe {

/// Calls item(0), ..., item(count - 1), shared among the calling thread and threads - 1 others
/// that end with the call. For work of its own, such as decoding images, beside a net that
/// computes with OpenMP. If items throw, the exception of the first of them comes out.
void ParallelFor(int count, int threads, const std::function<void(int)>& item);

}  // namespace caffe

#endif  // CAFFE_UTIL_PARALLEL_FOR_HPP_
