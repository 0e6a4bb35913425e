#ifndef CAFFE_INNER_PRODUCT_LAYER_HPP_
#define CAFFE_INNER_PRODUCT_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/wanted_gradient.hpp"

namespace caffe {

/// y = x W^T + b (transpose: x W + b). The bottom is M x K: M the product of the axes before
/// `axis`, K of the rest; K stays as it was at set-up.
/// Blobs: W [N, K] ([K, N] if transpose) and b [N], with N = num_output.
template <typename Dtype>
class InnerProductLayer : public Layer<Dtype>, public SelectiveGradients {
 public:
  explicit InnerProductLayer(const LayerParameter& param) : Layer<Dtype>(param) {}
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "InnerProduct"; }
  int ExactNumBottomBlobs() const override { return 1; }
  int ExactNumTopBlobs() const override { return 1; }

  int64_t MultiplyAdds(const vector<Blob<Dtype>*>&, const vector<Blob<Dtype>*>&) const override {
    return int64_t(M_) * N_ * K_;
  }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

  int M_ = 0;
  int K_ = 0;
  int N_ = 0;
  bool bias_term_ = false;
  Blob<Dtype> bias_multiplier_;
  bool transpose_ = false;

 private:
  void SetUpWeights();
  template <class Device>
  void AddWeightGradient(const Dtype* x, const Dtype* dy);
  /// The same for what is wanted of it. @return false, having done nothing, where all of it is to
  /// be computed
  bool AddWantedGradient(const Dtype* x, const Dtype* dy);
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
};

}  // namespace caffe

#endif  // CAFFE_INNER_PRODUCT_LAYER_HPP_
