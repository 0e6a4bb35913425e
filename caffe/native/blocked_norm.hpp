#ifndef CAFFE_NATIVE_BLOCKED_NORM_HPP_
#define CAFFE_NATIVE_BLOCKED_NORM_HPP_

#include <memory>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/native/activation.hpp"

namespace caffe {

class DnnlMemory;

/// y = activation(scale * (x - mean) / sqrt(variance + eps) + shift + residual), any part of which
/// may be missing, over values in channel blocks on the CPU: the work of the layers BatchNorm,
/// Scale, Eltwise and ReLU or another activation in one forward and one or two backward sweeps.
/// Takes single precision only; for others every method declines.
template <typename Dtype>
class BlockedNorm {
 public:
  struct Parts {
    /// The blobs of a BatchNorm layer: sums of mean and variance and their factor. Empty: x is
    /// not normalised.
    std::vector<Blob<Dtype>*> statistics;
    Dtype eps = 0;
    Dtype moving_average_fraction = 0;
    /// Take mean and variance from the stored sums instead of from x.
    bool use_stored = false;
    /// Learned values of a Scale layer over the channels, or null.
    Blob<Dtype>* scale = nullptr;
    Blob<Dtype>* shift = nullptr;
    bool scale_gradient = true;
    bool shift_gradient = true;
    /// With a residual kRelu or kRelu6, whose slopes the result shows.
    Activation activation;
    /// Whether Backward will be asked for; x is kept for it.
    bool keep_input = true;
  };
  struct Operands {
    int64_t num = 0, channels = 0, positions = 0;
    Blob<Dtype>* x = nullptr;
    Blob<Dtype>* residual = nullptr;
    /// May be x.
    Blob<Dtype>* y = nullptr;
  };

  /// By channel: what is left of normalisation by stored statistics and scale, y = factor * x +
  /// shift.
  struct Factors {
    std::vector<float> factor, shift;
  };
  static Factors StoredFactors(const Parts& parts, int channels);

  /// @return false, having done nothing, if the newest values of x are not in channel blocks.
  /// Updates the statistics as a BatchNorm layer does.
  /// @param before_sum  null, or a blob whose readers get the values to which the residual is
  ///                    added; may be x
  bool Forward(const Parts& parts, const Operands& operands, Blob<Dtype>* before_sum);

  /// Whether the last Forward was done here.
  bool ran() const { return ran_; }
  void set_ran(bool ran) { ran_ = ran; }

  /// The gradients for the last Forward; those of scale and shift are added to their diffs.
  /// @param y_gradients  blobs whose diffs add up to the gradient of y
  void Backward(const Parts& parts, const Operands& operands,
                const std::vector<Blob<Dtype>*>& y_gradients, bool wants_x, bool wants_residual);

  /// Puts the values that the last Forward found in x back there; false if they were not kept.
  bool RestoreInput(const Operands& operands);

  /// Lets go of what the last Forward kept for Backward and RestoreInput.
  void Forget() { x_.reset(); }

 private:
  bool ran_ = false;
  std::shared_ptr<DnnlMemory> x_;
  /// By channel, padded: y = factor * x + shift before residual and activation.
  std::vector<float> mean_, inverse_deviation_, factor_, shift_;
};

}  // namespace caffe

#endif  // CAFFE_NATIVE_BLOCKED_NORM_HPP_
