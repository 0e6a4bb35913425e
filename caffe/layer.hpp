#ifndef CAFFE_LAYER_HPP_
#define CAFFE_LAYER_HPP_

#include <string>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/common.hpp"
#include "caffe/layer_factory.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/training_position.hpp"
#include "caffe/util/math_functions.hpp"

namespace caffe {

/// One operation of a net: takes bottom blobs, makes top blobs, may own learnable blobs.
///
/// A layer type overrides LayerSetUp (once), Reshape (before every Forward), Forward_cpu and
/// Backward_cpu, and where it has GPU code Forward_gpu and Backward_gpu. Gradients of
/// learnable blobs are added to their diffs; gradients of bottoms are overwritten.
template <typename Dtype>
class Layer {
 public:
  explicit Layer(const LayerParameter& param);
  virtual ~Layer() {}

  /// Checks the numbers of blobs, sets the layer up, shapes the tops, applies loss weights.
  void SetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);

  virtual void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) {}
  virtual void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) = 0;

  /// Reshapes, runs on the current device, and returns this layer's part of the net's loss.
  Dtype Forward(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  /// @param propagate_down  for each bottom, whether its gradient is wanted
  void Backward(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                const vector<Blob<Dtype>*>& bottom);

  vector<shared_ptr<Blob<Dtype>>>& blobs() { return blobs_; }
  const LayerParameter& layer_param() const { return layer_param_; }
  virtual void ToProto(LayerParameter* param, bool write_diff = false);

  Dtype loss(const int top_index) const {
    return static_cast<int>(loss_.size()) > top_index ? loss_[top_index] : Dtype(0);
  }
  void set_loss(const int top_index, const Dtype value) {
    if (static_cast<int>(loss_.size()) <= top_index) loss_.resize(top_index + 1, Dtype(0));
    loss_[top_index] = value;
  }

  virtual const char* type() const { return ""; }

  /// Wanted numbers of bottoms and tops; -1 means no such rule.
  virtual int ExactNumBottomBlobs() const { return -1; }
  virtual int MinBottomBlobs() const { return -1; }
  virtual int MaxBottomBlobs() const { return -1; }
  virtual int ExactNumTopBlobs() const { return -1; }
  virtual int MinTopBlobs() const { return -1; }
  virtual int MaxTopBlobs() const { return -1; }
  virtual bool EqualNumBottomTopBlobs() const { return false; }
  /// Whether the net adds anonymous tops up to the wanted number.
  virtual bool AutoTopBlobs() const { return false; }
  /// Whether force_backward may ask this bottom's gradient.
  virtual bool AllowForceBackward(const int bottom_index) const { return true; }

  /// Whether the gradient of a learnable blob is wanted.
  bool param_propagate_down(const int param_id) {
    return static_cast<int>(param_propagate_down_.size()) > param_id &&
           param_propagate_down_[param_id];
  }
  void set_param_propagate_down(const int param_id, const bool value) {
    if (static_cast<int>(param_propagate_down_.size()) <= param_id) {
      param_propagate_down_.resize(param_id + 1, true);
    }
    param_propagate_down_[param_id] = value;
  }

  /// Multiply-adds of one forward pass with these blobs, for `caffe summary`.
  virtual int64_t MultiplyAdds(const vector<Blob<Dtype>*>& bottom,
                               const vector<Blob<Dtype>*>& top) const {
    return 0;
  }

  /// How far the layer has come, where it has a state that a resumed run must continue (a
  /// data layer: the number of the next sample). Layers without such a state have 0.
  virtual uint64_t progress() const { return 0; }
  virtual void set_progress(uint64_t position) {}

  /// Told before a pass of a training, and of its tests.
  virtual void set_training_position(const TrainingPosition& position) {}

  /// Samples that a data layer delivers before it starts over, in batches of its first top's
  /// first axis; 0 if it is none or does not know.
  virtual uint64_t num_samples() const { return 0; }

 protected:
  virtual void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) = 0;
  /// Runs the CPU code where a layer has no GPU code.
  virtual void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) {
    Forward_cpu(bottom, top);
  }
  virtual void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                            const vector<Blob<Dtype>*>& bottom) = 0;
  virtual void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                            const vector<Blob<Dtype>*>& bottom) {
    Backward_cpu(top, propagate_down, bottom);
  }
  virtual void CheckBlobCounts(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  void SetLossWeights(const vector<Blob<Dtype>*>& top);

  LayerParameter layer_param_;
  Phase phase_;
  vector<shared_ptr<Blob<Dtype>>> blobs_;
  vector<bool> param_propagate_down_;
  vector<Dtype> loss_;

 private:
  DISABLE_COPY_AND_ASSIGN(Layer);
};

}  // namespace caffe

#endif  // CAFFE_LAYER_HPP_
