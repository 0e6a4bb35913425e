#include <type_traits>

#include "caffe/native/conv_engine.hpp"
#include "caffe/native/depthwise_cpu.hpp"
#include "caffe/native/depthwise_kernels.hpp"

namespace caffe {
namespace {

/// Height and width; a single spatial axis is the width of an image of height 1.
DepthwiseShape ToDepthwise(const ConvShape& s) {
  const auto axis = [&s](size_t i) {
    return WindowAxis{s.in[i], s.out[i], s.kernel[i], s.pad[i], s.stride[i], s.dilation[i]};
  };
  if (s.in.size() == 1) return {s.num, s.in_channels, {1, 1, 1, 0, 1, 1}, axis(0)};
  return {s.num, s.in_channels, axis(0), axis(1)};
}

/// Our own kernels for a filter per channel. They take and leave plain values.
template <typename Device, typename Dtype>
class DepthwiseConv : public ConvEngine<Dtype> {
 public:
  explicit DepthwiseConv(const ConvShape& shape) : shape_(ToDepthwise(shape)) {}

  void Forward(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
               SyncedMemory* dst) override {
    const Dtype* b = bias != nullptr ? Read(bias) : nullptr;
    if constexpr (kOnCpu) {
      DepthwiseForwardCpu(shape_, Read(src), Read(weights), b, Write(dst));
    } else {
      depthwise_forward<Device>(shape_, Read(src), Read(weights), b, Write(dst));
    }
  }

  void BackwardData(SyncedMemory* dst_diff, SyncedMemory* weights,
                    SyncedMemory* src_diff) override {
    if constexpr (kOnCpu) {
      DepthwiseBackwardDataCpu(shape_, Read(dst_diff), Read(weights), Write(src_diff));
    } else {
      depthwise_backward_data<Device>(shape_, Read(dst_diff), Read(weights), Write(src_diff));
    }
  }

  void BackwardWeights(SyncedMemory* src, SyncedMemory* dst_diff, SyncedMemory* weights_diff,
                       SyncedMemory* bias_diff) override {
    if constexpr (kOnCpu) {
      DepthwiseBackwardWeightsCpu(shape_, Read(src), Read(dst_diff), Write(weights_diff));
    } else {
      depthwise_backward_weights<Device>(shape_, Read(src), Read(dst_diff), Write(weights_diff));
    }
    if (bias_diff != nullptr) {
      depthwise_backward_bias<Device>(shape_, Read(dst_diff), Write(bias_diff));
    }
  }

 private:
  static constexpr bool kOnCpu = std::is_same_v<Device, Cpu>;

  static const Dtype* Read(SyncedMemory* memory) {
    return static_cast<const Dtype*>(kOnCpu ? memory->cpu_data() : memory->gpu_data());
  }
  static Dtype* Write(SyncedMemory* memory) {
    return static_cast<Dtype*>(kOnCpu ? memory->mutable_cpu_data() : memory->mutable_gpu_data());
  }

  const DepthwiseShape shape_;
};

}  // namespace

template <typename Device, typename Dtype>
std::unique_ptr<ConvEngine<Dtype>> MakeDepthwiseConv(const ConvShape& s) {
  if (s.group == 1 || s.group != s.in_channels || s.group != s.out_channels) return nullptr;
  if (s.in.empty() || s.in.size() > 2) return nullptr;
  return std::make_unique<DepthwiseConv<Device, Dtype>>(s);
}

template std::unique_ptr<ConvEngine<float>> MakeDepthwiseConv<Cpu, float>(const ConvShape&);
template std::unique_ptr<ConvEngine<double>> MakeDepthwiseConv<Cpu, double>(const ConvShape&);
template std::unique_ptr<ConvEngine<float>> MakeDepthwiseConv<Gpu, float>(const ConvShape&);
template std::unique_ptr<ConvEngine<double>> MakeDepthwiseConv<Gpu, double>(const ConvShape&);

}  // namespace caffe
