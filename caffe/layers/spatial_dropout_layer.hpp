#ifndef CAFFE_SPATIAL_DROPOUT_LAYER_HPP_
#define CAFFE_SPATIAL_DROPOUT_LAYER_HPP_

#include <vector>

#include "caffe/layers/neuron_layer.hpp"

namespace caffe {

/// While training, each map (sample, channel) becomes 0 with probability 1 - keep, and the others
/// are divided by keep; otherwise y = x. The bottom is (batch, channels, ...).
/// Source: Tompson et al., "Efficient object localization using convolutional networks", 2015.
template <typename Dtype>
class SpatialDropoutLayer : public NeuronLayer<Dtype> {
 public:
  explicit SpatialDropoutLayer(const LayerParameter& param) : NeuronLayer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "SpatialDropout"; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

 private:
  bool Drops() const { return this->phase_ == TRAIN && keep_ < 1; }
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);

  double keep_ = 1;
  /// 0 or 1 / keep for each sample and channel.
  Blob<Dtype> factor_;
};

}  // namespace caffe

#endif  // CAFFE_SPATIAL_DROPOUT_LAYER_HPP_
