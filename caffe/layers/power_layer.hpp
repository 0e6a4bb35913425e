#ifndef CAFFE_POWER_LAYER_HPP_
#define CAFFE_POWER_LAYER_HPP_

#include <cmath>
#include <vector>

#include "caffe/layers/function_runner.hpp"
#include "caffe/layers/neuron_layer.hpp"

namespace caffe {

/// y = (shift + scale x)^power, with 0^0 = 1.
template <typename Dtype>
class PowerLayer : public NeuronLayer<Dtype> {
 public:
  explicit PowerLayer(const LayerParameter& param) : NeuronLayer<Dtype>(param) {}
  const char* type() const override { return "Power"; }

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
    const PowerParameter& param = this->layer_param_.power_param();
    const Dtype power = param.power(), scale = param.scale(), shift = param.shift();
    if (power == Dtype(1))
      run(LinearFunction<Dtype>{.scale = scale, .shift = shift});
    else if (power * scale == Dtype(0))
      run(LinearFunction<Dtype>{.scale = 0, .shift = std::pow(shift, power)});
    else if (power == Dtype(2))
      run(SquareFunction<Dtype>{.scale = scale, .shift = shift});
    else
      run(PowerFunction<Dtype>{.power = power, .scale = scale, .shift = shift});
  }

  FunctionRunner<Dtype> runner_;
};

}  // namespace caffe

#endif  // CAFFE_POWER_LAYER_HPP_
