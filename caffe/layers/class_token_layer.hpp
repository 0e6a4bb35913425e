#ifndef CAFFE_CLASS_TOKEN_LAYER_HPP_
#define CAFFE_CLASS_TOKEN_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/layers/class_token_kernels.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Puts one learned token, the same for all items, before the tokens of the bottom:
/// (N, L, E) -> (N, L + 1, E).
/// Blob: the token, [1, 1, E]; class_token_param.filler fills it, without it it is zero.
/// Source: Dosovitskiy et al. 2021.
template <typename Dtype>
class ClassTokenLayer : public Layer<Dtype> {
 public:
  explicit ClassTokenLayer(const LayerParameter& param) : Layer<Dtype>(param) {}
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "ClassToken"; }
  int ExactNumBottomBlobs() const override { return 1; }
  int ExactNumTopBlobs() const override { return 1; }

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

  TokenShape shape_{};
};

}  // namespace caffe

#endif  // CAFFE_CLASS_TOKEN_LAYER_HPP_
