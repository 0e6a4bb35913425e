#ifndef CAFFE_PLAN_NORM_LAYERS_HPP_
#define CAFFE_PLAN_NORM_LAYERS_HPP_

#include "caffe/common.hpp"
#include "caffe/native/activation.hpp"
#include "caffe/native/blocked_norm.hpp"

namespace caffe {

template <typename Dtype>
class Net;

/// A BatchNorm layer and as many as follow it directly of: a Scale in place that learns a value for
/// each channel, an Eltwise that adds another blob, an activation in place, a Split. Layers are
/// given by their index in the net; -1 where there is none.
struct NormLayers {
  int norm = -1, scale = -1, sum = -1, activation = -1, split = -1;
  int last = -1;
  /// Which bottom of the sum the normalised values are.
  int sum_bottom = 0;
  Activation function = {};
};

/// @return norm -1 if `layer` is no BatchNorm layer
template <typename Dtype>
NormLayers FindNormLayers(const Net<Dtype>& net, int layer);

/// What the layers compute; their learned blobs are left out.
template <typename Dtype>
typename BlockedNorm<Dtype>::Parts NormParts(const Net<Dtype>& net, const NormLayers& at);

/// Adds the learned blobs, which may change between passes, and whether their gradients are wanted.
template <typename Dtype>
void FindScale(const Net<Dtype>& net, const NormLayers& at,
               typename BlockedNorm<Dtype>::Parts* parts);

}  // namespace caffe

#endif  // CAFFE_PLAN_NORM_LAYERS_HPP_
