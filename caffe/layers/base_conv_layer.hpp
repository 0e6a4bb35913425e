#ifndef CAFFE_BASE_CONVOLUTION_LAYER_HPP_
#define CAFFE_BASE_CONVOLUTION_LAYER_HPP_

#include <optional>
#include <utility>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/native/conv_engine.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/util/im2col_kernels.hpp"
#include "caffe/wanted_gradient.hpp"

namespace caffe {

/// What Convolution and Deconvolution share: reading the parameters, shapes, weights, and the
/// way over im2col and matrix products for one image at a time.
///
/// "Input" and "output" below are those of the layer; "conv in" and "conv out" those of the
/// convolution that it is built on, which a deconvolution runs in reverse.
/// Blobs: weights [conv out channels, conv in channels / group, kernel...], bias [num_output].
template <typename Dtype>
class BaseConvolutionLayer : public Layer<Dtype>, public SelectiveGradients {
 public:
  explicit BaseConvolutionLayer(const LayerParameter& param) : Layer<Dtype>(param) {}
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  int MinBottomBlobs() const override { return 1; }
  int MinTopBlobs() const override { return 1; }
  bool EqualNumBottomTopBlobs() const override { return true; }

  int64_t MultiplyAdds(const vector<Blob<Dtype>*>& bottom,
                       const vector<Blob<Dtype>*>& top) const override;

  /// The convolution as it is shaped now, and the engine that the definition asks for.
  ConvShape Shape();
  virtual ConvolutionParameter::Engine wanted_engine() const {
    return this->layer_param_.convolution_param().engine();
  }

 protected:
  /// Each works on one image. forward: output = conv(input); backward: output = the gradient
  /// of the layer's input, given the output's gradient `input`; weight and bias gradients are
  /// added. skip_im2col: the column buffer already holds this input.
  void forward_cpu_gemm(const Dtype* input, const Dtype* weights, Dtype* output,
                        bool skip_im2col = false) {
    ForwardGemm<Cpu>(input, weights, output, skip_im2col);
  }
  void forward_cpu_bias(Dtype* output, const Dtype* bias) { ForwardBias<Cpu>(output, bias); }
  void backward_cpu_gemm(const Dtype* input, const Dtype* weights, Dtype* output) {
    BackwardGemm<Cpu>(input, weights, output);
  }
  void weight_cpu_gemm(const Dtype* input, const Dtype* output, Dtype* weights) {
    WeightGemm<Cpu>(input, output, weights);
  }
  void backward_cpu_bias(Dtype* bias, const Dtype* input) { BackwardBias<Cpu>(bias, input); }

  void forward_gpu_gemm(const Dtype* col_input, const Dtype* weights, Dtype* output,
                        bool skip_im2col = false) {
    ForwardGemm<Gpu>(col_input, weights, output, skip_im2col);
  }
  void forward_gpu_bias(Dtype* output, const Dtype* bias) { ForwardBias<Gpu>(output, bias); }
  void backward_gpu_gemm(const Dtype* input, const Dtype* weights, Dtype* col_output) {
    BackwardGemm<Gpu>(input, weights, col_output);
  }
  void weight_gpu_gemm(const Dtype* col_input, const Dtype* output, Dtype* weights) {
    WeightGemm<Gpu>(col_input, output, weights);
  }
  void backward_gpu_bias(Dtype* bias, const Dtype* input) { BackwardBias<Gpu>(bias, input); }

  /// The same for any device.
  template <typename Device>
  void ForwardGemm(const Dtype* input, const Dtype* weights, Dtype* output, bool skip_im2col);
  template <typename Device>
  void ForwardBias(Dtype* output, const Dtype* bias);
  template <typename Device>
  void BackwardGemm(const Dtype* input, const Dtype* weights, Dtype* output);
  template <typename Device>
  void WeightGemm(const Dtype* input, const Dtype* output, Dtype* weights);
  template <typename Device>
  void BackwardBias(Dtype* bias, const Dtype* input);

  /// The library's convolution to use for a pass over the current shapes, or null for the gemm way.
  template <typename Device>
  ConvEngine<Dtype>* engine(ConvPass pass);

  /// Dimension i of the input, counted from the channel axis.
  inline int input_shape(int i) { return (*bottom_shape_)[channel_axis_ + i]; }

  /// What is wanted of the weights' gradient, empty if all of it.
  std::optional<WeightsPart> WantedWeights() const;
  /// Adds gradients of the weights, and of the bias unless null; only what is wanted of the
  /// weights where the engine can leave out the rest.
  void AddGradients(ConvEngine<Dtype>* engine, SyncedMemory* conv_in, SyncedMemory* conv_out,
                    SyncedMemory* bias_diff);
  /// Adds gradients of the wanted part of the weights for a batch, without an engine. @return
  /// false, having done nothing, where WeightGemm has to compute all
  template <typename Device>
  bool WeightGemmPart(const Dtype* conv_in, const Dtype* conv_out);

  /// Whether the layer is a convolution run in reverse.
  virtual bool reverse_dimensions() = 0;
  /// Fills output_shape_, one entry per spatial axis.
  virtual void compute_output_shape() = 0;

  Blob<int> kernel_shape_;
  Blob<int> stride_;
  Blob<int> pad_;
  Blob<int> dilation_;
  /// Channels and spatial dimensions of conv in.
  Blob<int> conv_input_shape_;
  vector<int> col_buffer_shape_;
  vector<int> output_shape_;
  const vector<int>* bottom_shape_ = nullptr;

  int num_spatial_axes_ = 0;
  int bottom_dim_ = 0;
  int top_dim_ = 0;

  int channel_axis_ = 0;
  int num_ = 0;
  int channels_ = 0;
  int group_ = 1;
  int out_spatial_dim_ = 0;
  int weight_offset_ = 0;
  int num_output_ = 0;
  bool bias_term_ = false;
  bool is_1x1_ = false;
  bool force_nd_im2col_ = false;

 private:
  void ReadGeometry();
  void SetUpWeights();
  void CheckEngine() const;
  /// sums += the gradients of some rows of the weights, or of some input channels of each group,
  /// from one image and its columns. packed: scratch memory.
  void AddRows(const std::vector<int>& rows, const Dtype* columns, const Dtype* out,
               std::vector<Dtype>* packed, Dtype* sums) const;
  void AddInputs(const std::vector<int>& inputs, const Dtype* columns, const Dtype* out,
                 std::vector<Dtype>* packed, Dtype* sums) const;
  /// Height and width of the sliding window, for two spatial axes.
  std::pair<WindowAxis, WindowAxis> WindowAxes() const;
  template <typename Device>
  WindowArrays Windows() const;
  template <typename Device>
  void ImageToColumns(const Dtype* image, Dtype* columns);
  template <typename Device>
  void ColumnsToImage(const Dtype* columns, Dtype* image);
  /// The columns of an image: itself for 1x1 windows, else the filled column buffer.
  template <typename Device>
  const Dtype* Columns(const Dtype* image, bool skip_im2col);

  int conv_out_channels_ = 0;
  int conv_in_channels_ = 0;
  int conv_out_spatial_dim_ = 0;
  int kernel_dim_ = 0;
  int col_offset_ = 0;
  int output_offset_ = 0;

  Blob<Dtype> col_buffer_;
  Blob<Dtype> bias_multiplier_;
  ConvEngineCache<Cpu, Dtype> cpu_engines_;
  ConvEngineCache<Gpu, Dtype> gpu_engines_;
};

}  // namespace caffe

#endif  // CAFFE_BASE_CONVOLUTION_LAYER_HPP_
