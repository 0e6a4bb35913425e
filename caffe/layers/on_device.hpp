#ifndef CAFFE_ON_DEVICE_HPP_
#define CAFFE_ON_DEVICE_HPP_

#include "caffe/device/blob_access.hpp"

/// Forward_cpu, Forward_gpu, Backward_cpu and Backward_gpu of a layer whose private member
/// templates ForwardOn<Device>(bottom, top) and BackwardOn<Device>(top, propagate_down, bottom)
/// hold the work. Goes into the layer's .cpp, after those templates' definitions.
#define CAFFE_FORWARD_ON_DEVICES(classname)                              \
  template <typename Dtype>                                              \
  void classname<Dtype>::Forward_cpu(const vector<Blob<Dtype>*>& bottom, \
                                     const vector<Blob<Dtype>*>& top) {  \
    ForwardOn<Cpu>(bottom, top);                                         \
  }                                                                      \
  template <typename Dtype>                                              \
  void classname<Dtype>::Forward_gpu(const vector<Blob<Dtype>*>& bottom, \
                                     const vector<Blob<Dtype>*>& top) {  \
    ForwardOn<Gpu>(bottom, top);                                         \
  }

#define CAFFE_BACKWARD_ON_DEVICES(classname)                                \
  template <typename Dtype>                                                 \
  void classname<Dtype>::Backward_cpu(const vector<Blob<Dtype>*>& top,      \
                                      const vector<bool>& propagate_down,   \
                                      const vector<Blob<Dtype>*>& bottom) { \
    BackwardOn<Cpu>(top, propagate_down, bottom);                           \
  }                                                                         \
  template <typename Dtype>                                                 \
  void classname<Dtype>::Backward_gpu(const vector<Blob<Dtype>*>& top,      \
                                      const vector<bool>& propagate_down,   \
                                      const vector<Blob<Dtype>*>& bottom) { \
    BackwardOn<Gpu>(top, propagate_down, bottom);                           \
  }

#define CAFFE_LAYER_ON_DEVICES(classname) \
  CAFFE_FORWARD_ON_DEVICES(classname)     \
  CAFFE_BACKWARD_ON_DEVICES(classname)

#endif  // CAFFE_ON_DEVICE_HPP_
