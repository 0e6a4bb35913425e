#ifndef CAFFE_ATTENTION_LAYER_HPP_
#define CAFFE_ATTENTION_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/layers/attention_kernels.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Scaled dot-product attention with several heads:
///   top = softmax(q k^T / sqrt(E / num_heads)) v, for each head's columns by themselves.
/// Bottoms: q (N, L, E), k (N, S, E), v (N, S, E); top: (N, L, E). Projections are InnerProduct
/// layers with axis: 2. The attention weights are never stored as a whole: memory grows with L, not
/// with L S.
/// causal: position i sees positions up to i. dropout_ratio: in phase TRAIN weights are set to zero
/// with this probability and the others scaled by 1 / (1 - ratio).
/// Source: Vaswani et al. 2017; Dao et al. 2022.
template <typename Dtype>
class AttentionLayer : public Layer<Dtype> {
 public:
  explicit AttentionLayer(const LayerParameter& param) : Layer<Dtype>(param) {}
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "Attention"; }
  int ExactNumBottomBlobs() const override { return 3; }
  int ExactNumTopBlobs() const override { return 1; }

  int64_t MultiplyAdds(const vector<Blob<Dtype>*>&, const vector<Blob<Dtype>*>&) const override {
    return 2 * shape_.num * shape_.queries * shape_.keys * shape_.width();
  }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

 private:
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
  void DrawDropout();

  AttentionShape shape_{};
  float dropout_ratio_ = 0;
  AttentionDropout<Dtype> dropout_;
  Blob<Dtype> log_sum_;
  Blob<Dtype> delta_;
};

}  // namespace caffe

#endif  // CAFFE_ATTENTION_LAYER_HPP_
