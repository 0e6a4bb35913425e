#include <numeric>
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

/// Our own kernels for a filter per channel. They take and leave plain values. Where values come in
/// oneDNN's channel blocks, oneDNN goes on with them: with filters of up to 3 x 3 that costs less
/// than to take them out (with 5 x 5 its gradients are several times slower, measured).
template <typename Device, typename Dtype>
class DepthwiseConv : public ConvEngine<Dtype> {
 public:
  explicit DepthwiseConv(const ConvShape& shape)
      : shape_(ToDepthwise(shape)), conv_(shape), all_(shape.in_channels) {
    // Any of its passes may be the first one.
    conv_.reversed = true;
    std::iota(all_.begin(), all_.end(), 0);
  }

  void Forward(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
               SyncedMemory* dst) override {
    if (ConvEngine<Dtype>* blocks = ForBlocks(*src)) {
      blocks->Forward(src, weights, bias, dst);
      return;
    }
    const Dtype* b = bias != nullptr ? Read(bias) : nullptr;
    if constexpr (kOnCpu) {
      DepthwiseForwardCpu(shape_, Read(src), Read(weights), b, {}, Write(dst));
    } else {
      depthwise_forward<Device>(shape_, Read(src), Read(weights), b, Write(dst));
    }
  }

  bool ForwardWithTail(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
                       SyncedMemory* dst, const ConvTail& tail) override {
    if (ConvEngine<Dtype>* blocks = ForBlocks(*src)) {
      return blocks->ForwardWithTail(src, weights, bias, dst, tail);
    }
    if constexpr (kOnCpu) {
      const Dtype* residual = tail.residual != nullptr ? Read(tail.residual) : nullptr;
      DepthwiseForwardCpu(shape_, Read(src), Read(weights), Read(bias), {residual, tail.activation},
                          Write(dst));
    }
    return kOnCpu;
  }

  void BackwardData(SyncedMemory* dst_diff, SyncedMemory* weights,
                    SyncedMemory* src_diff) override {
    if (ConvEngine<Dtype>* blocks = ForBlocks(*dst_diff)) {
      blocks->BackwardData(dst_diff, weights, src_diff);
      return;
    }
    if constexpr (kOnCpu) {
      DepthwiseBackwardDataCpu(shape_, Read(dst_diff), Read(weights), Write(src_diff));
    } else {
      depthwise_backward_data<Device>(shape_, Read(dst_diff), Read(weights), Write(src_diff));
    }
  }

  void BackwardWeights(SyncedMemory* src, SyncedMemory* dst_diff, SyncedMemory* weights_diff,
                       SyncedMemory* bias_diff) override {
    if (ConvEngine<Dtype>* blocks = ForBlocks(*dst_diff)) {
      blocks->BackwardWeights(src, dst_diff, weights_diff, bias_diff);
      return;
    }
    if constexpr (kOnCpu) {
      DepthwiseBackwardWeightsCpu(shape_, all_, Read(src), Read(dst_diff), Write(weights_diff));
    } else {
      depthwise_backward_weights<Device>(shape_, Read(src), Read(dst_diff), Write(weights_diff));
    }
    AddBiasGradient(dst_diff, bias_diff);
  }

  bool BackwardWeightsPart(const WeightsPart& part, SyncedMemory* src, SyncedMemory* dst_diff,
                           SyncedMemory* weights_diff, SyncedMemory* bias_diff) override {
    if (!kOnCpu || part.axis != 0) return false;
    if (ConvEngine<Dtype>* blocks = ForBlocks(*dst_diff)) {
      return blocks->BackwardWeightsPart(part, src, dst_diff, weights_diff, bias_diff);
    }
    if (!part.kept.empty()) {
      DepthwiseBackwardWeightsCpu(shape_, part.kept, Read(src), Read(dst_diff),
                                  Write(weights_diff));
    }
    AddBiasGradient(dst_diff, bias_diff);
    return true;
  }

 private:
  static constexpr bool kOnCpu = std::is_same_v<Device, Cpu>;

  static const Dtype* Read(SyncedMemory* memory) {
    return static_cast<const Dtype*>(kOnCpu ? memory->cpu_data() : memory->gpu_data());
  }
  static Dtype* Write(SyncedMemory* memory) {
    return static_cast<Dtype*>(kOnCpu ? memory->mutable_cpu_data() : memory->mutable_gpu_data());
  }

  void AddBiasGradient(SyncedMemory* dst_diff, SyncedMemory* bias_diff) const {
    if (bias_diff == nullptr) return;
    depthwise_backward_bias<Device>(shape_, Read(dst_diff), Write(bias_diff));
  }

  /// oneDNN's convolution if the newest values are in its blocks, else null.
  ConvEngine<Dtype>* ForBlocks(const SyncedMemory& memory) {
    if constexpr (kOnCpu) {
      if (memory.head() != SyncedMemory::HEAD_AT_NATIVE) return nullptr;
      if (shape_.h.kernel > 3 || shape_.w.kernel > 3) return nullptr;
      if (!asked_library_) library_ = MakeDnnlConv<Dtype>(conv_);
      asked_library_ = true;
    }
    return library_.get();
  }

  const DepthwiseShape shape_;
  ConvShape conv_;
  std::vector<int> all_;  // channels
  std::unique_ptr<ConvEngine<Dtype>> library_;
  bool asked_library_ = false;
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
