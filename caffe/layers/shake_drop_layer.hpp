#ifndef CAFFE_SHAKE_DROP_LAYER_HPP_
#define CAFFE_SHAKE_DROP_LAYER_HPP_

#include <vector>

#include "caffe/layers/neuron_layer.hpp"

namespace caffe {

/// Disturbs the residual branch that is its bottom. While training y = (b + a - b a) x and
/// dx = (b + B - b B) dy, where b is 1 with probability p and else 0, and a and B are uniform in
/// [alpha_min, alpha_max] and [beta_min, beta_max]. Otherwise y is its expectation,
/// (p + (1 - p) (alpha_min + alpha_max) / 2) x. p = 1 - depth / depths (1 - keep).
///
/// A factor below 0 in place confuses a layer below that looks at its own top in the backward pass,
/// such as a ReLU in place.
/// Source: Yamada et al., "ShakeDrop regularization for deep residual learning", 2019.
template <typename Dtype>
class ShakeDropLayer : public NeuronLayer<Dtype> {
 public:
  explicit ShakeDropLayer(const LayerParameter& param) : NeuronLayer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "ShakeDrop"; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

 private:
  bool Draws() const { return this->phase_ == TRAIN && rate_ > 0; }
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);

  /// Probability that b is 0.
  double rate_ = 0;
  /// The factor without draws.
  Dtype expected_ = 1;
  /// For each sample.
  Blob<Dtype> forward_, backward_;
};

}  // namespace caffe

#endif  // CAFFE_SHAKE_DROP_LAYER_HPP_
