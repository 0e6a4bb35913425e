#ifndef CAFFE_CONV_LAYER_HPP_
#define CAFFE_CONV_LAYER_HPP_

#include <vector>

#include "caffe/layers/base_conv_layer.hpp"

namespace caffe {

/// Cross-correlation with learned filters (the kernel is not flipped), plus a bias:
///   top[n, o, p] = bias[o] + sum over c, k of weights[o, c, k] * bottom[n, c, p * stride - pad
///                  + k * dilation], zero outside.
/// Any number of spatial axes after `axis`; each of `group` blocks of output channels sees
/// its own block of input channels. Several bottoms share the weights.
/// engine DEFAULT takes our own kernels for a filter per channel (group = channels = num_output, 1
/// or 2 spatial axes), else oneDNN on the CPU (float, up to 3 spatial axes) and cuDNN on a GPU (2
/// spatial axes, no dilation), else im2col and matrix products, which CAFFE always takes. The
/// name of the other device's library means DEFAULT.
/// Output size: (in + 2 pad - (dilation (kernel - 1) + 1)) / stride + 1, rounded down.
template <typename Dtype>
class ConvolutionLayer : public BaseConvolutionLayer<Dtype> {
 public:
  explicit ConvolutionLayer(const LayerParameter& param) : BaseConvolutionLayer<Dtype>(param) {}
  const char* type() const override { return "Convolution"; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  bool reverse_dimensions() override { return false; }
  void compute_output_shape() override;

 private:
  template <typename Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <typename Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);
  /// The gradients of the weights and of one bottom, as far as they are wanted, by matrix products.
  template <typename Device>
  void BackwardByGemm(const Blob<Dtype>& top, bool weights_wanted, bool bottom_wanted,
                      Blob<Dtype>* bottom);
};

}  // namespace caffe

#endif  // CAFFE_CONV_LAYER_HPP_
