#include <algorithm>
#include <vector>

#include "caffe/device/gpu_counter.hpp"
#include "caffe/native/conv_engine.hpp"
#include "caffe/native/cuda/cudnn_context.hpp"
#include "caffe/util/cudnn.hpp"

namespace caffe {
namespace {

using cuda::CudnnHandle;
using cuda::CudnnWorkspace;

/// An algorithm that wants more scratch memory than this is passed over.
constexpr size_t kMaxWorkspaceBytes = size_t(512) << 20;

/// Owns one of cuDNN's descriptors.
template <typename T, auto Create, auto Destroy>
class Descriptor {
 public:
  Descriptor() { CUDNN_CHECK(Create(&value_)); }
  ~Descriptor() { Destroy(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator T() const { return value_; }

 private:
  T value_ = nullptr;
};
using Tensor =
    Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using Filter =
    Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using Convolution = Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor,
                               cudnnDestroyConvolutionDescriptor>;

/// cuDNN has no algorithm for a shape.
struct Unsupported {};

/// The algorithm of one direction, and a convolution descriptor with the arithmetic it wants.
template <typename Perf>
struct Choice {
  Convolution convolution;
  Perf perf{};

  /// Takes the library's first proposal that gives the same bits every time: a resumed run
  /// has to end in the same weights.
  /// @param propose  (number asked for, out number returned, out proposals) -> status
  template <typename Propose>
  void Take(const Propose& propose) {
    std::vector<Perf> proposals(16);
    int count = 0;
    CUDNN_CHECK(propose(static_cast<int>(proposals.size()), &count, proposals.data()));
    const auto end = proposals.begin() + count;
    const auto found = std::find_if(proposals.begin(), end, [](const Perf& proposal) {
      return proposal.status == CUDNN_STATUS_SUCCESS &&
             proposal.determinism == CUDNN_DETERMINISTIC && proposal.memory <= kMaxWorkspaceBytes;
    });
    if (found == end) throw Unsupported();
    perf = *found;
    CUDNN_CHECK(cudnnSetConvolutionMathType(convolution, perf.mathType));
  }
};

template <typename Dtype>
void SetTensor(const Tensor& tensor, int n, int c, int h, int w) {
  cudnnTensorDescriptor_t descriptor = tensor;
  cudnn::setTensor4dDesc<Dtype>(&descriptor, n, c, h, w);
}

/// cuDNN's convolution over height and width, row-major.
template <typename Dtype>
class CudnnConv : public ConvEngine<Dtype> {
 public:
  /// Throws Unsupported where cuDNN has no deterministic algorithm.
  explicit CudnnConv(const ConvShape& s) {
    SetTensor<Dtype>(src_, s.num, s.in_channels, s.in[0], s.in[1]);
    SetTensor<Dtype>(dst_, s.num, s.out_channels, s.out[0], s.out[1]);
    SetTensor<Dtype>(bias_, 1, s.out_channels, 1, 1);
    CUDNN_CHECK(cudnnSetFilter4dDescriptor(weights_, cudnn::dataType<Dtype>::type,
                                           CUDNN_TENSOR_NCHW, s.out_channels,
                                           s.in_channels / s.group, s.kernel[0], s.kernel[1]));
    for (cudnnConvolutionDescriptor_t convolution :
         {cudnnConvolutionDescriptor_t(forward_.convolution),
          cudnnConvolutionDescriptor_t(data_.convolution),
          cudnnConvolutionDescriptor_t(gradient_.convolution)}) {
      cudnn::setConvolutionDesc<Dtype>(&convolution, src_, weights_, s.pad[0], s.pad[1],
                                       s.stride[0], s.stride[1]);
      CUDNN_CHECK(cudnnSetConvolutionGroupCount(convolution, s.group));
    }
    forward_.Take([this](int asked, int* count, cudnnConvolutionFwdAlgoPerf_t* perf) {
      return cudnnGetConvolutionForwardAlgorithm_v7(CudnnHandle(), src_, weights_,
                                                    forward_.convolution, dst_, asked, count, perf);
    });
    data_.Take([this](int asked, int* count, cudnnConvolutionBwdDataAlgoPerf_t* perf) {
      return cudnnGetConvolutionBackwardDataAlgorithm_v7(
          CudnnHandle(), weights_, dst_, data_.convolution, src_, asked, count, perf);
    });
    gradient_.Take([this](int asked, int* count, cudnnConvolutionBwdFilterAlgoPerf_t* perf) {
      return cudnnGetConvolutionBackwardFilterAlgorithm_v7(
          CudnnHandle(), src_, dst_, gradient_.convolution, weights_, asked, count, perf);
    });
  }

  void Forward(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
               SyncedMemory* dst) override {
    void* out = dst->mutable_gpu_data();
    CountGpuLaunch("cuDNN convolution, forward", Caffe::stream());
    CUDNN_CHECK(cudnnConvolutionForward(CudnnHandle(), kOne, src_, src->gpu_data(), weights_,
                                        weights->gpu_data(), forward_.convolution,
                                        forward_.perf.algo, CudnnWorkspace(forward_.perf.memory),
                                        forward_.perf.memory, kZero, dst_, out));
    if (bias == nullptr) return;
    CountGpuLaunch("cuDNN bias", Caffe::stream());
    CUDNN_CHECK(cudnnAddTensor(CudnnHandle(), kOne, bias_, bias->gpu_data(), kOne, dst_, out));
  }

  void BackwardData(SyncedMemory* dst_diff, SyncedMemory* weights,
                    SyncedMemory* src_diff) override {
    CountGpuLaunch("cuDNN convolution, data gradient", Caffe::stream());
    CUDNN_CHECK(cudnnConvolutionBackwardData(
        CudnnHandle(), kOne, weights_, weights->gpu_data(), dst_, dst_diff->gpu_data(),
        data_.convolution, data_.perf.algo, CudnnWorkspace(data_.perf.memory), data_.perf.memory,
        kZero, src_, src_diff->mutable_gpu_data()));
  }

  void BackwardWeights(SyncedMemory* src, SyncedMemory* dst_diff, SyncedMemory* weights_diff,
                       SyncedMemory* bias_diff) override {
    CountGpuLaunch("cuDNN convolution, weight gradient", Caffe::stream());
    CUDNN_CHECK(cudnnConvolutionBackwardFilter(
        CudnnHandle(), kOne, src_, src->gpu_data(), dst_, dst_diff->gpu_data(),
        gradient_.convolution, gradient_.perf.algo, CudnnWorkspace(gradient_.perf.memory),
        gradient_.perf.memory, kOne, weights_, weights_diff->mutable_gpu_data()));
    if (bias_diff == nullptr) return;
    CountGpuLaunch("cuDNN bias gradient", Caffe::stream());
    CUDNN_CHECK(cudnnConvolutionBackwardBias(CudnnHandle(), kOne, dst_, dst_diff->gpu_data(), kOne,
                                             bias_, bias_diff->mutable_gpu_data()));
  }

 private:
  inline static const void* const kOne = cudnn::dataType<Dtype>::one;
  inline static const void* const kZero = cudnn::dataType<Dtype>::zero;

  Tensor src_, dst_, bias_;
  Filter weights_;
  Choice<cudnnConvolutionFwdAlgoPerf_t> forward_;
  Choice<cudnnConvolutionBwdDataAlgoPerf_t> data_;
  Choice<cudnnConvolutionBwdFilterAlgoPerf_t> gradient_;
};

}  // namespace

template <typename Dtype>
std::unique_ptr<ConvEngine<Dtype>> MakeCudnnConv(const ConvShape& shape) {
  const bool dilated = std::any_of(shape.dilation.begin(), shape.dilation.end(),
                                   [](int dilation) { return dilation != 1; });
  if (shape.in.size() != 2 || dilated) return nullptr;
  try {
    return std::make_unique<CudnnConv<Dtype>>(shape);
  } catch (const Unsupported&) {
    return nullptr;
  }
}

template std::unique_ptr<ConvEngine<float>> MakeCudnnConv<float>(const ConvShape&);
template std::unique_ptr<ConvEngine<double>> MakeCudnnConv<double>(const ConvShape&);

}  // namespace caffe
