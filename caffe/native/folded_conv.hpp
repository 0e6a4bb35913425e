#ifndef CAFFE_NATIVE_FOLDED_CONV_HPP_
#define CAFFE_NATIVE_FOLDED_CONV_HPP_

#include <cstdint>
#include <memory>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/native/blocked_norm.hpp"
#include "caffe/native/conv_engine.hpp"

namespace caffe {

/// A convolution and the normalisation by stored statistics behind it as one convolution:
///   activation(factor * (conv(x, w) + b) + shift + residual)
///     = activation(conv(x, factor * w) + (factor * b + shift) + residual).
/// On the CPU, in single precision.
class FoldedConv {
 public:
  struct Learned {
    Blob<float>* weights = nullptr;
    Blob<float>* bias = nullptr;  // null if there is none
    BlockedNorm<float>::Parts norm;
  };
  struct Images {
    SyncedMemory* src = nullptr;
    SyncedMemory* residual = nullptr;  // null if there is none
    SyncedMemory* dst = nullptr;
  };

  /// @param keep_plain  WithoutNorm() will be asked for
  FoldedConv(ConvolutionParameter::Engine engine, bool keep_plain)
      : engine_(engine), keep_plain_(keep_plain) {}

  /// Folds anew what has changed since the last time, whoever changed it.
  /// @param shape  of the layer's own convolution
  /// @return false, having written nothing, where no engine does it in one pass, or where the pass
  /// would hide a NaN
  bool Forward(const ConvShape& shape, const Learned& learned, const Images& images);

  /// Whether the last Forward left the pass to others for a NaN that it would have hidden.
  bool found_nan() const { return found_nan_; }

  /// The storage's values as they are now, to hold on to.
  static std::shared_ptr<NativeCopy> Keep(SyncedMemory* storage);
  /// What layers one by one would have made of `src` in the last pass, worked out when somebody
  /// asks: the convolution normalised, or without the normalisation.
  std::shared_ptr<NativeCopy> Normalised(std::shared_ptr<NativeCopy> src) const;
  std::shared_ptr<NativeCopy> WithoutNorm(std::shared_ptr<NativeCopy> src) const;

 private:
  /// Weights and bias that recipes may hold on to.
  struct Values {
    std::shared_ptr<SyncedMemory> weights, bias;
  };
  class Recipe;

  void Refresh(const Learned& learned);
  /// Whether no result can be a NaN, up to an overflow in between, which the infinities that it
  /// leaves show. Looks at the images as far as nobody has vouched for them.
  bool CannotGiveNan(const Images& images) const;

  const ConvolutionParameter::Engine engine_;
  const bool keep_plain_;
  ConvEngineCache<Cpu, float> engines_;
  ConvShape shape_;  // with a bias

  /// What the folded values were made of.
  uint64_t fingerprint_ = 0;
  std::vector<float> factor_, bias_;
  Values folded_, plain_;
  bool folded_are_finite_ = false;
  bool found_nan_ = false;
};

}  // namespace caffe

#endif  // CAFFE_NATIVE_FOLDED_CONV_HPP_
