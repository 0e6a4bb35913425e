#include "caffe/native/winograd_conv.hpp"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "caffe/native/dnnl_conv.hpp"
#include "caffe/native/dnnl_memory.hpp"
#include "caffe/native/winograd_choice.hpp"
#include "caffe/native/winograd_maths.hpp"
#include "caffe/native/winograd_passes.hpp"

namespace caffe {
namespace {

using dnnl::memory;

std::atomic<bool> winograd_enabled{true};

float* Floats(const memory& m) { return static_cast<float*>(m.get_data_handle()); }

memory::desc BlockedDesc(int num, int channels, const std::vector<int>& size, int lanes) {
  return memory::desc({num, channels, size[0], size[1]}, memory::data_type::f32,
                      lanes == 16 ? memory::format_tag::nChw16c : memory::format_tag::nChw8c);
}

class WinogradConv : public ConvEngine<float> {
 public:
  /// @param other  does the passes that are not chosen; may be null if all are
  WinogradConv(const ConvShape& s, const winograd::Kernels& kernels, winograd::Passes chosen,
               std::unique_ptr<ConvEngine<float>> other)
      : shape_(s),
        kernels_(kernels),
        chosen_(chosen),
        other_(std::move(other)),
        in_(s.in_channels),
        out_(s.out_channels),
        reversed_(s.reversed),
        src_(BlockedDesc(s.num, in_, s.in, kernels.lanes)),
        dst_(BlockedDesc(s.num, out_, s.out, kernels.lanes)),
        grid_(winograd::MakeTileGrid(s.num, s.in[0], s.in[1], s.pad[0], s.pad[1])),
        data_grid_(winograd::MakeTileGrid(s.num, s.out[0], s.out[1], winograd::kTaps - 1 - s.pad[0],
                                          winograd::kTaps - 1 - s.pad[1])),
        bias_(s.bias ? (out_ + kernels.lanes - 1) / kernels.lanes * kernels.lanes : 0) {}

  void Forward(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
               SyncedMemory* dst) override {
    if (!chosen_.forward) return other_->Forward(src, weights, bias, dst);
    Convolve(src, weights, bias, dst, {});
  }

  bool ForwardWithTail(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
                       SyncedMemory* dst, const ConvTail& tail) override {
    if (!chosen_.forward) return other_->ForwardWithTail(src, weights, bias, dst, tail);
    Convolve(src, weights, bias, dst, tail);
    return true;
  }

  void BackwardData(SyncedMemory* dst_diff, SyncedMemory* weights,
                    SyncedMemory* src_diff) override {
    const SyncedMemory* read = std::exchange(diff_read_, nullptr);
    if (!chosen_.data) return other_->BackwardData(dst_diff, weights, src_diff);
    // In a convolution's backward pass, the weights' gradient, when wanted, has just read the same
    // values.
    const memory in = ReadAs(
        dst_diff, dst_, !reversed_ && read == dst_diff ? ReaderCopy::kReuse : ReaderCopy::kRefresh);
    const winograd::Filters filters = {.data = static_cast<const float*>(weights->cpu_data()),
                                       .out = in_,
                                       .in = out_,
                                       .out_stride = kFilter,
                                       .in_stride = kFilter * in_,
                                       .reversed = true};
    DnnlOutput out = OutputAs(src_diff, src_);
    winograd::Convolve(kernels_, data_grid_, filters, Floats(in), {}, Floats(out.memory));
    Publish(std::move(out), src_diff);
  }

  void BackwardWeights(SyncedMemory* src, SyncedMemory* dst_diff, SyncedMemory* weights_diff,
                       SyncedMemory* bias_diff) override {
    diff_read_ = dst_diff;
    if (!chosen_.weights) return other_->BackwardWeights(src, dst_diff, weights_diff, bias_diff);
    AddGradients(nullptr, src, dst_diff, weights_diff, bias_diff);
  }

  bool BackwardWeightsPart(const WeightsPart& part, SyncedMemory* src, SyncedMemory* dst_diff,
                           SyncedMemory* weights_diff, SyncedMemory* bias_diff) override {
    const bool nothing = part.kept.empty() && bias_diff == nullptr;
    diff_read_ = nothing ? nullptr : dst_diff;
    if (!chosen_.weights) {
      return other_->BackwardWeightsPart(part, src, dst_diff, weights_diff, bias_diff);
    }
    if (nothing) return true;
    if (!winograd::PartPays(shape_, part, kernels_.lanes)) return false;
    AddGradients(&part, src, dst_diff, weights_diff, bias_diff);
    return true;
  }

 private:
  /// @param part  null: of all weights
  void AddGradients(const WeightsPart* part, SyncedMemory* src, SyncedMemory* dst_diff,
                    SyncedMemory* weights_diff, SyncedMemory* bias_diff) const {
    const memory in = ReadAs(src, src_, reversed_ ? ReaderCopy::kRefresh : ReaderCopy::kReuse);
    const memory out_diff = ReadAs(dst_diff, dst_, ReaderCopy::kRefresh);
    winograd::AddFiltersGradient(kernels_, grid_, out_, in_, part, Floats(in), Floats(out_diff),
                                 static_cast<float*>(weights_diff->mutable_cpu_data()));
    if (bias_diff == nullptr) return;
    winograd::AddBiasGradient(kernels_, grid_, out_, Floats(out_diff),
                              static_cast<float*>(bias_diff->mutable_cpu_data()));
  }

  static constexpr std::ptrdiff_t kFilter = winograd::kTaps * winograd::kTaps;

  void Convolve(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias, SyncedMemory* dst,
                const ConvTail& tail) {
    const memory in = ReadAs(src, src_, ReaderCopy::kRefresh);
    if (bias != nullptr) {
      std::copy_n(static_cast<const float*>(bias->cpu_data()), out_, bias_.begin());
    }
    const winograd::Filters filters = {.data = static_cast<const float*>(weights->cpu_data()),
                                       .out = out_,
                                       .in = in_,
                                       .out_stride = kFilter * in_,
                                       .in_stride = kFilter,
                                       .reversed = false};
    winograd::OutputTail output_tail = {.bias = bias != nullptr ? bias_.data() : nullptr,
                                        .activation = tail.activation};
    if (tail.residual != nullptr) {
      output_tail.residual = Floats(ReadAs(tail.residual, dst_, ReaderCopy::kRefresh));
    }
    DnnlOutput out = OutputAs(dst, dst_);
    winograd::Convolve(kernels_, grid_, filters, Floats(in), output_tail, Floats(out.memory));
    Publish(std::move(out), dst);
  }

  const ConvShape shape_;
  const winograd::Kernels& kernels_;
  const winograd::Passes chosen_;
  const std::unique_ptr<ConvEngine<float>> other_;
  const int in_, out_;
  const bool reversed_;
  const memory::desc src_, dst_;
  const winograd::TileGrid grid_, data_grid_;
  std::vector<float> bias_;  // filled up to whole blocks
  const SyncedMemory* diff_read_ = nullptr;
};

/// The block size of the layouts that oneDNN prefers for this convolution, 0 if it has another
/// kind of layout in mind.
int PreferredLanes(const ConvShape& s, const DnnlConv& library) {
  for (const int lanes : {8, 16}) {
    if (library.src_desc() == BlockedDesc(s.num, s.in_channels, s.in, lanes) &&
        library.dst_desc() == BlockedDesc(s.num, s.out_channels, s.out, lanes)) {
      return lanes;
    }
  }
  return 0;
}

}  // namespace

void SetWinogradEnabled(bool enabled) { winograd_enabled = enabled; }

bool WinogradEnabled() { return winograd_enabled; }

std::unique_ptr<ConvEngine<float>> MakeFasterWinogradConv(const ConvShape& shape) {
  if (!WinogradEnabled()) return nullptr;
  const winograd::Passes chosen = winograd::FasterPasses(shape);
  if (!chosen.forward && !chosen.data && !chosen.weights) return nullptr;
  std::unique_ptr<ConvEngine<float>> library = MakeDnnlConv<float>(shape);
  if (library == nullptr) return nullptr;
  const int lanes = PreferredLanes(shape, dynamic_cast<const DnnlConv&>(*library));
  const winograd::Kernels* kernels = winograd::KernelsWithLanes(lanes);
  if (kernels == nullptr) return nullptr;
  return std::make_unique<WinogradConv>(shape, *kernels, chosen, std::move(library));
}

std::unique_ptr<ConvEngine<float>> MakeWinogradConv(const ConvShape& shape, int lanes) {
  const winograd::Kernels* kernels = winograd::KernelsWithLanes(lanes);
  if (kernels == nullptr || !winograd::Possible(shape)) return nullptr;
  const winograd::Passes all = {.forward = true, .data = true, .weights = true};
  return std::make_unique<WinogradConv>(shape, *kernels, all, nullptr);
}

}  // namespace caffe
