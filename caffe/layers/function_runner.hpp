#ifndef CAFFE_FUNCTION_RUNNER_HPP_
#define CAFFE_FUNCTION_RUNNER_HPP_

#include "caffe/blob.hpp"
#include "caffe/layers/functions.hpp"

namespace caffe {

/// Forward and backward of an element-wise layer with one of functions.hpp. Works in place: where
/// the slope does not follow from the value, at the cost of a copy of the bottom in phase TRAIN.
template <typename Dtype>
class FunctionRunner {
 public:
  template <class Device, class Function>
  void Forward(const Function& f, Phase phase, Blob<Dtype>* bottom, Blob<Dtype>* top);
  template <class Device, class Function>
  void Backward(const Function& f, Phase phase, Blob<Dtype>* top, Blob<Dtype>* bottom) const;

 private:
  /// The bottom's values, where working in place has replaced them.
  Blob<Dtype> kept_;
};

}  // namespace caffe

#endif  // CAFFE_FUNCTION_RUNNER_HPP_
