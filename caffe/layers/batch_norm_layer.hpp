#ifndef CAFFE_BATCH_NORM_LAYER_HPP_
#define CAFFE_BATCH_NORM_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/layers/batch_norm_kernels.hpp"
#include "caffe/native/blocked_norm.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Normalises each channel (axis 1) to mean 0 and variance 1: over the batch while training,
/// with running averages otherwise (or as use_global_stats says). No learned scale or shift;
/// put a Scale layer behind it.
///
/// Its three blobs, mean sum [C], variance sum [C] and scale factor [1], change in Forward and
/// never by the solver; the stored mean is the first divided by the third. Works in place.
/// Source: Ioffe and Szegedy 2015.
template <typename Dtype>
class BatchNormLayer : public Layer<Dtype> {
 public:
  explicit BatchNormLayer(const LayerParameter& param) : Layer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "BatchNorm"; }
  int ExactNumBottomBlobs() const override { return 1; }
  int ExactNumTopBlobs() const override { return 1; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

  /// After Forward: the means and sqrt(variance + eps) that were used, [C] each.
  Blob<Dtype> mean_, variance_;
  /// temp_: scratch. x_norm_: the normalised values, kept only when working in place; else
  /// Backward makes them again from the bottom.
  Blob<Dtype> temp_, x_norm_;
  bool use_global_stats_;
  Dtype moving_average_fraction_;
  int channels_;
  Dtype eps_;
  /// Of Caffe's interface; sums need no multipliers here.
  Blob<Dtype> batch_sum_multiplier_;
  Blob<Dtype> num_by_chans_;
  Blob<Dtype> spatial_sum_multiplier_;

 private:
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
  template <class Device>
  BatchNormState<Dtype> State();
  ChannelShape Shape(const Blob<Dtype>& bottom) const;
  typename BlockedNorm<Dtype>::Parts BlockedParts() const;
  typename BlockedNorm<Dtype>::Operands BlockedOperands(Blob<Dtype>* bottom,
                                                        Blob<Dtype>* top) const;

  Blob<Dtype> inverse_deviation_;
  BlockedNorm<Dtype> blocked_;
};

}  // namespace caffe

#endif  // CAFFE_BATCH_NORM_LAYER_HPP_
