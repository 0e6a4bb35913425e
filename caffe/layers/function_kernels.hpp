#ifndef CAFFE_FUNCTION_KERNELS_HPP_
#define CAFFE_FUNCTION_KERNELS_HPP_

#include <cstdint>

namespace caffe {

/// y = f(x) for n elements; also writes x to `keep` unless that is null. y may be x.
template <class Device, class Function, class Dtype>
void function_forward(int64_t n, Function f, const Dtype* x, Dtype* y, Dtype* keep);

/// dx = dy * f'(x) for n elements. Where the slope follows from the value, only y is read, else
/// only x. dx may be dy.
template <class Device, class Function, class Dtype>
void function_backward(int64_t n, Function f, const Dtype* x, const Dtype* y, const Dtype* dy,
                       Dtype* dx);

}  // namespace caffe

#endif  // CAFFE_FUNCTION_KERNELS_HPP_
