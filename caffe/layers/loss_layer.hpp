#ifndef CAFFE_LOSS_LAYER_HPP_
#define CAFFE_LOSS_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Least probability whose logarithm some losses take.
const float kLOG_THRESHOLD = 1e-20;

/// Base of layers that compare predictions (bottom 0) with targets (bottom 1) and make a
/// scalar. Its loss weight is 1 if none is given, and it needs no top in the definition.
template <typename Dtype>
class LossLayer : public Layer<Dtype> {
 public:
  explicit LossLayer(const LayerParameter& param) : Layer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  /// Makes top 0 a scalar. Throws Error unless both bottoms have the same axis 0.
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  int ExactNumBottomBlobs() const override { return 2; }
  int ExactNumTopBlobs() const override { return 1; }
  bool AutoTopBlobs() const override { return true; }
  /// Targets get no gradient.
  bool AllowForceBackward(const int bottom_index) const override { return bottom_index != 1; }
};

}  // namespace caffe

#endif  // CAFFE_LOSS_LAYER_HPP_
