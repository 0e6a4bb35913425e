#ifndef CAFFE_POOLING_LAYER_HPP_
#define CAFFE_POOLING_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/layers/blocked_pooling.hpp"
#include "caffe/layers/pooling_kernels.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Maximum, mean or a random draw over windows of each channel; bottoms have 4 axes.
/// Output size: (in + 2 pad - kernel) / stride + 1, rounded up or, with round_mode FLOOR, down;
/// with padding, a last window that would start beyond in + pad is left out.
/// MAX may have a second top: each maximum's index h * width + w in its plane, -1 if none.
template <typename Dtype>
class PoolingLayer : public Layer<Dtype> {
 public:
  explicit PoolingLayer(const LayerParameter& param) : Layer<Dtype>(param) {}
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "Pooling"; }
  int ExactNumBottomBlobs() const override { return 1; }
  int MinTopBlobs() const override { return 1; }
  int MaxTopBlobs() const override {
    return this->layer_param_.pooling_param().pool() == PoolingParameter::MAX ? 2 : 1;
  }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

  int kernel_h_ = 0, kernel_w_ = 0;
  int stride_h_ = 1, stride_w_ = 1;
  int pad_h_ = 0, pad_w_ = 0;
  int channels_ = 0;
  int height_ = 0, width_ = 0;
  int pooled_height_ = 0, pooled_width_ = 0;
  bool global_pooling_ = false;
  PoolingParameter_RoundMode round_mode_ = PoolingParameter_RoundMode_CEIL;
  /// Whether a window outside the image was warned of.
  bool warned_ = false;
  /// STOCHASTIC: index of the value drawn from each window.
  Blob<Dtype> rand_idx_;
  /// MAX with one top: index of each window's maximum.
  Blob<int> max_idx_;

 private:
  void WarnOfEmptyWindows();
  PoolShape Shape(const Blob<Dtype>& bottom) const;
  typename BlockedPooling<Dtype>::Method BlockedMethod() const;
  /// Whether channel blocks are an option: MAX without its second top, or AVE.
  bool TakesBlocks(const vector<Blob<Dtype>*>& top) const;
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);

  BlockedPooling<Dtype> blocked_;
};

}  // namespace caffe

#endif  // CAFFE_POOLING_LAYER_HPP_
