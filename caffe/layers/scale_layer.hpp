#ifndef CAFFE_SCALE_LAYER_HPP_
#define CAFFE_SCALE_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/layers/bias_layer.hpp"
#include "caffe/native/blocked_norm.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// y = x * s, or with bias_term y = x * s + b, where s and b are broadcast over x from
/// scale_param.axis on. s is bottom 1, or with one bottom a learned blob of the shape
/// x[axis : axis + num_axes]; b is always learned and comes last among the blobs. Works in
/// place, at the cost of a copy of x if s needs a gradient.
template <typename Dtype>
class ScaleLayer : public Layer<Dtype> {
 public:
  explicit ScaleLayer(const LayerParameter& param) : Layer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "Scale"; }
  int MinBottomBlobs() const override { return 1; }
  int MaxBottomBlobs() const override { return 2; }
  int ExactNumTopBlobs() const override { return 1; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

  /// Makes b: its shape, its filler and its checks. The arithmetic is one sweep of ours.
  shared_ptr<Layer<Dtype>> bias_layer_;
  vector<Blob<Dtype>*> bias_bottom_vec_;
  vector<bool> bias_propagate_down_;
  /// b's index in blobs(), or -1 without a bias.
  int bias_param_id_;

  /// Of Caffe's interface; sums need no multipliers here.
  Blob<Dtype> sum_multiplier_;
  Blob<Dtype> sum_result_;
  /// x, kept when working in place.
  Blob<Dtype> temp_;
  int axis_;
  int outer_dim_, scale_dim_, inner_dim_;

 private:
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
  Blob<Dtype>* Operand(const vector<Blob<Dtype>*>& bottom) {
    return bottom.size() > 1 ? bottom[1] : this->blobs_[0].get();
  }
  /// Whether s and b are one value for each channel, axis 1, as channel blocks want them.
  bool IsByChannel(const vector<Blob<Dtype>*>& bottom) const {
    return bottom.size() == 1 && axis_ == 1 && bottom[0]->num_axes() > 2 &&
           scale_dim_ == bottom[0]->shape(1) && outer_dim_ == bottom[0]->shape(0);
  }
  typename BlockedNorm<Dtype>::Parts BlockedParts();
  typename BlockedNorm<Dtype>::Operands BlockedOperands(Blob<Dtype>* bottom,
                                                        Blob<Dtype>* top) const;
  ScaleShape Shape() const { return {.outer = outer_dim_, .dim = scale_dim_, .inner = inner_dim_}; }
  /// Whether Backward will want x although the top has replaced it.
  bool KeepsBottom(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) {
    return bottom[0] == top[0] && (bottom.size() > 1 || this->param_propagate_down_[0]);
  }

  BlockedNorm<Dtype> blocked_;
};

}  // namespace caffe

#endif  // CAFFE_SCALE_LAYER_HPP_
