#ifndef CAFFE_LRN_LAYER_HPP_
#define CAFFE_LRN_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/layers/lrn_kernels.hpp"

namespace caffe {

/// Local response normalisation, y = x * s^-beta:
///   ACROSS_CHANNELS  s = k + alpha / n * the sum of x^2 over the n channels around
///   WITHIN_CHANNEL   s = 1 + alpha / n^2 * the sum of x^2 over the n x n pixels around
/// with n = local_size, odd, and zeros outside. Source: Krizhevsky et al. 2012.
template <typename Dtype>
class LRNLayer : public Layer<Dtype> {
 public:
  explicit LRNLayer(const LayerParameter& param) : Layer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "LRN"; }
  int ExactNumBottomBlobs() const override { return 1; }
  int ExactNumTopBlobs() const override { return 1; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

  int size_ = 0;
  Dtype alpha_ = 0, beta_ = 0, k_ = 0;
  int num_ = 0, channels_ = 0, height_ = 0, width_ = 0;
  /// s of the newest Forward.
  Blob<Dtype> scale_;

 private:
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
  LrnShape Shape() const;
};

}  // namespace caffe

#endif  // CAFFE_LRN_LAYER_HPP_
