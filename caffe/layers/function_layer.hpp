#ifndef CAFFE_FUNCTION_LAYER_HPP_
#define CAFFE_FUNCTION_LAYER_HPP_

#include <vector>

#include "caffe/layers/function_runner.hpp"
#include "caffe/layers/neuron_layer.hpp"

namespace caffe {

/// Base of layers that apply one of functions.hpp, chosen at compile time, to every element.
template <typename Dtype, template <typename> class Function>
class FunctionLayer : public NeuronLayer<Dtype> {
 public:
  explicit FunctionLayer(const LayerParameter& param) : NeuronLayer<Dtype>(param) {}

  /// Throws Error where the layer's parameters make no function.
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override {
    function();
  }

 protected:
  /// With the constants of layer_param_.
  virtual Function<Dtype> function() const = 0;

  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override {
    runner_.template Forward<Cpu>(function(), this->phase_, bottom[0], top[0]);
  }
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override {
    runner_.template Forward<Gpu>(function(), this->phase_, bottom[0], top[0]);
  }
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override {
    if (!propagate_down[0]) return;
    runner_.template Backward<Cpu>(function(), this->phase_, top[0], bottom[0]);
  }
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override {
    if (!propagate_down[0]) return;
    runner_.template Backward<Gpu>(function(), this->phase_, top[0], bottom[0]);
  }

 private:
  FunctionRunner<Dtype> runner_;
};

}  // namespace caffe

#endif  // CAFFE_FUNCTION_LAYER_HPP_
