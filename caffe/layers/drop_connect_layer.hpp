#ifndef CAFFE_DROP_CONNECT_LAYER_HPP_
#define CAFFE_DROP_CONNECT_LAYER_HPP_

#include <vector>

#include "caffe/layers/drop_connect_kernels.hpp"
#include "caffe/layers/inner_product_layer.hpp"

namespace caffe {

/// An inner product, then `activation`. While training each weight and each bias is kept with
/// probability keep, drawn anew for each row of the bottom, and what is kept is not rescaled.
/// Otherwise y is, for the product u of all weights and its kept terms' variance v,
///
///   test: MEAN       activation(keep u)
///   test: GAUSSIAN   the mean of activation(z), z normal with mean keep u and variance
///                    keep (1 - keep) v; the authors draw z, this is what their mean tends to.
///                    Without an activation it is the same as MEAN.
///
/// Bottom, top and blobs as InnerProduct's.
/// Source: Wan et al., "Regularization of neural networks using DropConnect", 2013.
template <typename Dtype>
class DropConnectLayer : public InnerProductLayer<Dtype> {
 public:
  explicit DropConnectLayer(const LayerParameter& param) : InnerProductLayer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "DropConnect"; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

 private:
  bool Drops() const { return this->phase_ == TRAIN && keep_ < 1; }
  bool IsGaussian() const;
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
  template <class Device>
  void ForwardDropped(const Blob<Dtype>& bottom, Blob<Dtype>* top);
  template <class Device>
  void BackwardDropped(const vector<bool>& propagate_down, Blob<Dtype>* bottom);
  template <class Device>
  const Dtype* Bias() const;

  double keep_ = 1;
  bool relu_ = false;
  DropConnectShape shape_;
  /// Of the last forward pass while training.
  Blob<unsigned int> bits_;
  /// Its diff is the gradient of the product.
  Blob<Dtype> product_;
};

}  // namespace caffe

#endif  // CAFFE_DROP_CONNECT_LAYER_HPP_
