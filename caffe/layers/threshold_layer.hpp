#ifndef CAFFE_THRESHOLD_LAYER_HPP_
#define CAFFE_THRESHOLD_LAYER_HPP_

#include <vector>

#include "caffe/layers/function_layer.hpp"

namespace caffe {

/// y = 1 for x > threshold, else 0. Has no gradient.
template <typename Dtype>
class ThresholdLayer : public FunctionLayer<Dtype, ThresholdFunction> {
 public:
  explicit ThresholdLayer(const LayerParameter& param)
      : FunctionLayer<Dtype, ThresholdFunction>(param) {}
  const char* type() const override { return "Threshold"; }

 protected:
  ThresholdFunction<Dtype> function() const override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override {
    this->Backward_cpu(top, propagate_down, bottom);
  }
};

}  // namespace caffe

#endif  // CAFFE_THRESHOLD_LAYER_HPP_
