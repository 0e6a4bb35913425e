#ifndef CAFFE_DECONV_LAYER_HPP_
#define CAFFE_DECONV_LAYER_HPP_

#include <vector>

#include "caffe/layers/base_conv_layer.hpp"

namespace caffe {

/// Convolution run in reverse, also called transposed convolution: each bottom value adds its
/// multiple of the filters to a window of the top,
///   top[n, o, p * stride - pad + k * dilation] += bottom[n, c, p] * weights[c, o, k],
/// plus a bias. Its forward pass is the gradient of a Convolution with the same parameters, and the
/// other way round.
/// Blobs: weights [channels, num_output / group, kernel...], bias [num_output].
/// The engines are those of Convolution.
/// Output size: stride (in - 1) + dilation (kernel - 1) + 1 - 2 pad.
template <typename Dtype>
class DeconvolutionLayer : public BaseConvolutionLayer<Dtype> {
 public:
  explicit DeconvolutionLayer(const LayerParameter& param) : BaseConvolutionLayer<Dtype>(param) {}
  const char* type() const override { return "Deconvolution"; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  bool reverse_dimensions() override { return true; }
  void compute_output_shape() override;

 private:
  template <typename Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <typename Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
  /// The gradients of the weights and of one bottom, as far as they are wanted, by matrix products.
  template <typename Device>
  void BackwardByGemm(Blob<Dtype>* top, bool weights_wanted, bool bottom_wanted,
                      Blob<Dtype>* bottom);
};

}  // namespace caffe

#endif  // CAFFE_DECONV_LAYER_HPP_
