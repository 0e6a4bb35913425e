#ifndef CAFFE_GELU_LAYER_HPP_
#define CAFFE_GELU_LAYER_HPP_

#include <vector>

#include "caffe/layers/function_runner.hpp"
#include "caffe/layers/neuron_layer.hpp"

namespace caffe {

/// y = x P(X <= x) for a standard normal X, exactly or, with gelu_param.approximate, by a
/// hyperbolic tangent. Source: Hendrycks and Gimpel 2016.
template <typename Dtype>
class GELULayer : public NeuronLayer<Dtype> {
 public:
  explicit GELULayer(const LayerParameter& param) : NeuronLayer<Dtype>(param) {}
  const char* type() const override { return "GELU"; }

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
  /// Calls run with the function that the parameters choose.
  template <typename F>
  void WithFunction(const F& run) const {
    if (this->layer_param_.gelu_param().approximate())
      run(TanhGELUFunction<Dtype>());
    else
      run(GELUFunction<Dtype>());
  }

  FunctionRunner<Dtype> runner_;
};

}  // namespace caffe

#endif  // CAFFE_GELU_LAYER_HPP_
