#ifndef CAFFE_ELTWISE_LAYER_HPP_
#define CAFFE_ELTWISE_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Joins bottoms of one shape, element by element: their sum with coefficients, their product
/// or their largest. The gradient of the largest goes to one bottom only: of equal values in
/// the first two, to the second; a later bottom must exceed them on the CPU, and wins ties on
/// the GPU, as in Caffe. The product's gradient is that of the definition, or with
/// stable_prod_grad: false the cheaper top / bottom.
template <typename Dtype>
class EltwiseLayer : public Layer<Dtype> {
 public:
  explicit EltwiseLayer(const LayerParameter& param) : Layer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "Eltwise"; }
  int MinBottomBlobs() const override { return 2; }
  int ExactNumTopBlobs() const override { return 1; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

  EltwiseParameter_EltwiseOp op_;
  vector<Dtype> coeffs_;
  /// For each element the bottom that it came from, for MAX.
  Blob<int> max_idx_;
  bool stable_prod_grad_;

 private:
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
  template <class Device>
  void BackwardSum(const vector<Blob<Dtype>*>& top, int i, const vector<Blob<Dtype>*>& bottom);
  template <class Device>
  void BackwardProduct(const vector<Blob<Dtype>*>& top, int i, const vector<Blob<Dtype>*>& bottom);
};

}  // namespace caffe

#endif  // CAFFE_ELTWISE_LAYER_HPP_
