#ifndef CAFFE_SHAKE_SHAKE_LAYER_HPP_
#define CAFFE_SHAKE_SHAKE_LAYER_HPP_

#include <vector>

#include "caffe/layer.hpp"

namespace caffe {

/// y = x + a f + (1 - a) g for bottoms x, f and g; without x where there are two. While training a
/// is uniform in (0, 1), for each sample or for the batch, and the gradients are those of another
/// number in its place: x gets dy, f gets b dy, g gets (1 - b) dy. Otherwise a = b = 1/2.
/// Not in place.
/// Source: Gastaldi, "Shake-Shake regularization", 2017.
template <typename Dtype>
class ShakeShakeLayer : public Layer<Dtype> {
 public:
  explicit ShakeShakeLayer(const LayerParameter& param) : Layer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "ShakeShake"; }
  int MinBottomBlobs() const override { return 2; }
  int MaxBottomBlobs() const override { return 3; }
  int ExactNumTopBlobs() const override { return 1; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

 private:
  /// The factors of the two branches, for each sample.
  struct Shares {
    Blob<Dtype> f, g;
  };

  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
  template <class Device>
  void Choose(ShakeShakeParameter::Coefficient coefficient, Shares* shares);

  bool per_batch_ = false;
  Shares forward_, backward_;
};

}  // namespace caffe

#endif  // CAFFE_SHAKE_SHAKE_LAYER_HPP_
