#ifndef CAFFE_DROP_PATH_LAYER_HPP_
#define CAFFE_DROP_PATH_LAYER_HPP_

#include <vector>

#include "caffe/layers/keep_probability.hpp"
#include "caffe/layers/neuron_layer.hpp"

namespace caffe {

/// Drops the residual branch that is its bottom, with a probability that grows linearly over the
/// depth of the net and, with `scheduled`, over the training.
///
///   per: SAMPLE   while training each sample becomes 0 with the drop probability, and the others
///                 are divided by 1 minus it; otherwise y = x
///   per: BATCH    while training all samples become 0 with the drop probability, or none does;
///                 otherwise y = (1 - drop probability) x
///
/// Source: Huang et al., "Deep networks with stochastic depth", 2016; Larsson et al., "FractalNet",
/// 2017; Zoph et al., "Learning transferable architectures for scalable image recognition", 2018
/// (the schedule).
template <typename Dtype>
class DropPathLayer : public NeuronLayer<Dtype> {
 public:
  explicit DropPathLayer(const LayerParameter& param) : NeuronLayer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "DropPath"; }
  void set_training_position(const TrainingPosition& position) override { position_ = position; }

  /// The probability of a drop in a pass that runs now.
  double drop_rate() const { return final_rate_ * ramp_.At(position_); }

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

  bool per_batch_ = false;
  double final_rate_ = 0;
  DropRamp ramp_;
  TrainingPosition position_;
  /// Of the last forward pass: whether it drew, the factor of each sample if so, else of all.
  bool drew_ = false;
  Blob<Dtype> factor_;
  Dtype common_factor_ = 1;
};

}  // namespace caffe

#endif  // CAFFE_DROP_PATH_LAYER_HPP_
