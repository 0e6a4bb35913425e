// Gradients of a part of the weights, where an iteration has no use for the others.

#include <algorithm>
#include <type_traits>
#include <vector>

#include "caffe/device/blas.hpp"
#include "caffe/layers/base_conv_layer.hpp"
#include "caffe/util/weights_part.hpp"

namespace caffe {

namespace {

/// packed = `count` rows of a matrix, each of `size` values.
template <typename Dtype>
void GatherRows(const int* rows, int count, int64_t size, const Dtype* matrix, Dtype* packed) {
  for (int k = 0; k < count; ++k) std::copy_n(matrix + rows[k] * size, size, packed + k * size);
}

}  // namespace

template <typename Dtype>
std::optional<WeightsPart> BaseConvolutionLayer<Dtype>::WantedWeights() const {
  const WantedGradient* wanted = wanted_gradient(0);
  if (wanted == nullptr) return std::nullopt;
  const int inputs = conv_in_channels_ / group_;
  return FindPart(*wanted, conv_out_channels_, inputs, kernel_dim_ / inputs);
}

template <typename Dtype>
void BaseConvolutionLayer<Dtype>::AddGradients(ConvEngine<Dtype>* engine, SyncedMemory* conv_in,
                                               SyncedMemory* conv_out, SyncedMemory* bias_diff) {
  SyncedMemory* weights_diff = this->blobs_[0]->diff().get();
  const std::optional<WeightsPart> part = WantedWeights();
  if (part && engine->BackwardWeightsPart(*part, conv_in, conv_out, weights_diff, bias_diff)) {
    return;
  }
  engine->BackwardWeights(conv_in, conv_out, weights_diff, bias_diff);
}

template <typename Dtype>
void BaseConvolutionLayer<Dtype>::AddRows(const std::vector<int>& rows, const Dtype* columns,
                                          const Dtype* out, std::vector<Dtype>* packed,
                                          Dtype* sums) const {
  packed->resize(rows.size() * conv_out_spatial_dim_);
  GatherRows(rows.data(), static_cast<int>(rows.size()), conv_out_spatial_dim_, out,
             packed->data());
  const Dtype* from = packed->data();
  auto first = rows.begin();
  for (int g = 0; g < group_; ++g) {
    const auto last = std::lower_bound(first, rows.end(), (g + 1) * (conv_out_channels_ / group_));
    const int count = static_cast<int>(last - first);
    Gemm<Cpu>(CblasNoTrans, CblasTrans, count, kernel_dim_, conv_out_spatial_dim_, Dtype(1), from,
              columns + int64_t(col_offset_) * g, Dtype(1), sums);
    from += int64_t(count) * conv_out_spatial_dim_;
    sums += int64_t(count) * kernel_dim_;
    first = last;
  }
}

template <typename Dtype>
void BaseConvolutionLayer<Dtype>::AddInputs(const std::vector<int>& inputs, const Dtype* columns,
                                            const Dtype* out, std::vector<Dtype>* packed,
                                            Dtype* sums) const {
  const int outputs = conv_out_channels_ / group_, count = static_cast<int>(inputs.size());
  const int taps = kernel_dim_ / (conv_in_channels_ / group_);
  const int64_t size = int64_t(taps) * conv_out_spatial_dim_;
  packed->resize(count * size);
  for (int g = 0; g < group_; ++g) {
    GatherRows(inputs.data(), count, size, columns + int64_t(col_offset_) * g, packed->data());
    Gemm<Cpu>(CblasNoTrans, CblasTrans, outputs, count * taps, conv_out_spatial_dim_, Dtype(1),
              out + int64_t(output_offset_) * g, packed->data(), Dtype(1),
              sums + int64_t(outputs) * count * taps * g);
  }
}

template <typename Dtype>
template <typename Device>
bool BaseConvolutionLayer<Dtype>::WeightGemmPart(const Dtype* conv_in, const Dtype* conv_out) {
  const std::optional<WeightsPart> part = WantedWeights();
  if (!part) return false;
  if (part->kept.empty()) return true;
  if constexpr (std::is_same_v<Device, Cpu>) {
    const int inputs = conv_in_channels_ / group_, taps = kernel_dim_ / inputs;
    const int64_t kept = part->kept.size();
    const int64_t in_size = reverse_dimensions() ? top_dim_ : bottom_dim_;
    const int64_t out_size = reverse_dimensions() ? bottom_dim_ : top_dim_;
    std::vector<Dtype> packed;
    std::vector<Dtype> sums(kept * (part->axis == 0 ? kernel_dim_ : conv_out_channels_ * taps));
    for (int n = 0; n < num_; ++n) {
      const Dtype* columns = Columns<Cpu>(conv_in + n * in_size, false);
      const Dtype* out = conv_out + n * out_size;
      if (part->axis == 0)
        AddRows(part->kept, columns, out, &packed, sums.data());
      else
        AddInputs(part->kept, columns, out, &packed, sums.data());
    }
    AddPart(*part, conv_out_channels_, inputs, taps, kept, sums.data(),
            this->blobs_[0]->mutable_cpu_diff());
    return true;
  }
  return false;
}

#define INSTANTIATE(Dtype)                                                                    \
  template std::optional<WeightsPart> BaseConvolutionLayer<Dtype>::WantedWeights() const;     \
  template void BaseConvolutionLayer<Dtype>::AddGradients(ConvEngine<Dtype>*, SyncedMemory*,  \
                                                          SyncedMemory*, SyncedMemory*);      \
  template bool BaseConvolutionLayer<Dtype>::WeightGemmPart<Cpu>(const Dtype*, const Dtype*); \
  template bool BaseConvolutionLayer<Dtype>::WeightGemmPart<Gpu>(const Dtype*, const Dtype*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
