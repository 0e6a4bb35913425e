#ifndef CAFFE_DROP_BLOCK_LAYER_HPP_
#define CAFFE_DROP_BLOCK_LAYER_HPP_

#include <vector>

#include "caffe/layers/drop_block_kernels.hpp"
#include "caffe/layers/keep_probability.hpp"
#include "caffe/layers/neuron_layer.hpp"
#include "caffe/native/block_format.hpp"

namespace caffe {

/// While training, rectangles of single maps become 0. With block b x d of a map H x W, where
/// b = min(block_size, H) and d = min(block_size, W), each of the (H - b + 1) (W - d + 1) places of
/// a block is dropped with probability
///
///   gamma = (1 - keep) H W / (b d (H - b + 1) (W - d + 1)),
///
/// and what remains is multiplied by (values) / (values kept), counted over the whole bottom.
/// With `scheduled` keep falls from 1 over the training. Otherwise y = x.
/// The bottom is (batch, channels, H, W).
/// Source: Ghiasi et al., "DropBlock: a regularization method for convolutional networks", 2018,
/// and its authors' code.
template <typename Dtype>
class DropBlockLayer : public NeuronLayer<Dtype> {
 public:
  explicit DropBlockLayer(const LayerParameter& param) : NeuronLayer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "DropBlock"; }
  void set_training_position(const TrainingPosition& position) override { position_ = position; }

  /// The keep probability of a pass that runs now.
  double keep() const { return 1 - final_rate_ * ramp_.At(position_); }

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
  template <class Device>
  void Keep(BlobPart part, Blob<Dtype>* from, Blob<Dtype>* to);
  double Gamma() const;

  double final_rate_ = 0;
  int block_size_ = 0;
  DropRamp ramp_;
  TrainingPosition position_;
  DropBlockShape shape_;
  /// Of the last forward pass: whether it drew, and the draws.
  bool drew_ = false;
  Blob<unsigned int> keep_;
  Blob<unsigned int> kept_;
  Blob<Dtype> scale_;
};

}  // namespace caffe

#endif  // CAFFE_DROP_BLOCK_LAYER_HPP_
