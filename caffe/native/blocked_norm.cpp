#include "caffe/native/blocked_norm.hpp"

#include <glog/logging.h>

#include <cmath>
#include <type_traits>

#include "caffe/native/channel_norm.hpp"
#include "caffe/native/dnnl_memory.hpp"

namespace caffe {

namespace {

/// activation(factor * x + shift).
class AffineOf : public Recipe {
 public:
  AffineOf(std::shared_ptr<DnnlMemory> x, std::vector<float> factor, std::vector<float> shift,
           const Activation& activation)
      : x_(std::move(x)),
        factor_(std::move(factor)),
        shift_(std::move(shift)),
        activation_(activation) {}

  std::shared_ptr<DnnlMemory> Make() const override {
    auto y = std::make_shared<DnnlMemory>(x_->desc());
    const ChannelAffine affine{
        .factor = factor_.data(), .shift = shift_.data(), .activation = activation_};
    ChannelAffineForward(*x_->blocks(), affine, x_->values(), y->values());
    return y;
  }

 private:
  const std::shared_ptr<DnnlMemory> x_;
  const std::vector<float> factor_, shift_;
  const Activation activation_;
};

/// Mean and inverse deviation by channel; zero for padding.
struct Statistics {
  std::vector<float> mean, inverse_deviation;
};

using Parts = BlockedNorm<float>::Parts;

Statistics StoredStatistics(const Parts& parts, int64_t channels, int64_t padded) {
  Statistics result{std::vector<float>(padded), std::vector<float>(padded)};
  const float count = parts.statistics[2]->cpu_data()[0];
  const float scale = count == 0 ? 0 : 1 / count;
  for (int64_t c = 0; c < channels; ++c) {
    result.mean[c] = parts.statistics[0]->cpu_data()[c] * scale;
    const float stored = parts.statistics[1]->cpu_data()[c] * scale;
    const float variance = stored < 0 ? 0 : stored;
    if (stored < 0) {
      LOG_FIRST_N(WARNING, 1)
          << "A stored variance of batch normalisation is below 0 (" << stored
          << "): 0 is taken instead. Check the file that the weights come from.";
    }
    result.inverse_deviation[c] = 1 / std::sqrt(variance + parts.eps);
  }
  return result;
}

/// Those of x; they also enter the running sums.
Statistics MeasuredStatistics(const Parts& parts, const ChannelBlocks& shape, const float* x) {
  Statistics result{std::vector<float>(shape.padded_channels()),
                    std::vector<float>(shape.padded_channels())};
  const ChannelMoments moments = MomentsOfChannels(shape, x);
  const double count = double(shape.num) * double(shape.positions);
  const double correction = count > 1 ? count / (count - 1) : 1;
  float* mean_sum = parts.statistics[0]->mutable_cpu_data();
  float* variance_sum = parts.statistics[1]->mutable_cpu_data();
  float* sum_factor = parts.statistics[2]->mutable_cpu_data();
  const float fraction = parts.moving_average_fraction;
  for (int64_t c = 0; c < shape.channels; ++c) {
    const double mean = moments.mean[c], variance = moments.variance[c];
    result.mean[c] = static_cast<float>(mean);
    result.inverse_deviation[c] = static_cast<float>(1 / std::sqrt(variance + parts.eps));
    mean_sum[c] = fraction * mean_sum[c] + static_cast<float>(mean);
    variance_sum[c] = fraction * variance_sum[c] + static_cast<float>(variance * correction);
  }
  *sum_factor = fraction * *sum_factor + 1;
  return result;
}

/// What statistics (left out where they are empty), scale and shift make of a channel.
BlockedNorm<float>::Factors FactorsOf(const Parts& parts, const Statistics& statistics,
                                      int64_t channels, int64_t padded) {
  const bool normalizes = !statistics.mean.empty();
  BlockedNorm<float>::Factors result{std::vector<float>(padded), std::vector<float>(padded)};
  for (int64_t c = 0; c < channels; ++c) {
    const float scale = parts.scale != nullptr ? parts.scale->cpu_data()[c] : 1;
    const float shift = parts.shift != nullptr ? parts.shift->cpu_data()[c] : 0;
    result.factor[c] = normalizes ? scale * statistics.inverse_deviation[c] : scale;
    result.shift[c] = normalizes ? shift - statistics.mean[c] * result.factor[c] : shift;
  }
  return result;
}

const float* Values(Blob<float>* blob, const dnnl::memory::desc& desc, bool gradient) {
  SyncedMemory* storage = gradient ? blob->diff().get() : blob->data().get();
  return static_cast<const float*>(ReadAs(storage, desc, ReaderCopy::kRefresh).get_data_handle());
}

void Add(const dnnl::memory::desc& desc, const float* a, const float* b, float* sum) {
  const int64_t count = static_cast<int64_t>(desc.get_size() / sizeof(float));
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; ++i) sum[i] = a[i] + b[i];
}

void AddToDiff(Blob<float>* blob, const std::vector<double>& sums) {
  float* diff = blob->mutable_cpu_diff();
  for (int c = 0; c < blob->count(); ++c) diff[c] += static_cast<float>(sums[c]);
}

}  // namespace

template <>
BlockedNorm<float>::Factors BlockedNorm<float>::StoredFactors(const Parts& parts, int channels) {
  return FactorsOf(parts, StoredStatistics(parts, channels, channels), channels, channels);
}

template <>
bool BlockedNorm<float>::Forward(const Parts& parts, const Operands& operands,
                                 Blob<float>* before_sum) {
  ran_ = false;
  const auto shape =
      NewestChannelBlocks(*operands.x->data(), operands.num, operands.channels, operands.positions);
  if (!shape || shape->slab() == 0 || shape->num == 0) return false;
  x_ = std::static_pointer_cast<DnnlMemory>(operands.x->data()->native());
  Statistics statistics;
  if (!parts.statistics.empty()) {
    statistics = parts.use_stored
                     ? StoredStatistics(parts, shape->channels, shape->padded_channels())
                     : MeasuredStatistics(parts, *shape, x_->values());
  }
  Factors factors = FactorsOf(parts, statistics, shape->channels, shape->padded_channels());
  mean_ = std::move(statistics.mean);
  inverse_deviation_ = std::move(statistics.inverse_deviation);
  factor_ = std::move(factors.factor);
  shift_ = std::move(factors.shift);

  const dnnl::memory::desc desc = x_->desc();
  ChannelAffine affine{
      .factor = factor_.data(), .shift = shift_.data(), .activation = parts.activation};
  if (operands.residual != nullptr) affine.residual = Values(operands.residual, desc, false);
  SyncedMemory* y_storage = operands.y->data().get();
  DnnlOutput y;
  if (operands.y == operands.x && parts.keep_input) {
    y.native = std::make_shared<DnnlMemory>(desc);
  } else {
    y = OutputAs(y_storage, desc);
  }
  ChannelAffineForward(*shape, affine, x_->values(), y.native->values());
  const std::shared_ptr<DnnlMemory> result = y.native;
  Publish(std::move(y), y_storage);
  if (parts.keep_input && operands.residual == nullptr) {
    result->set_recipe(std::make_shared<AffineOf>(x_, factor_, shift_, parts.activation));
  }
  if (before_sum != nullptr) {
    before_sum->data()->set_native(std::make_shared<AffineOf>(x_, factor_, shift_, Activation()));
  }
  if (!parts.keep_input) x_.reset();
  ran_ = true;
  return true;
}

template <>
void BlockedNorm<float>::Backward(const Parts& parts, const Operands& operands,
                                  const std::vector<Blob<float>*>& y_gradients, bool wants_x,
                                  bool wants_residual) {
  const ChannelBlocks shape = *x_->blocks();
  const dnnl::memory::desc desc = x_->desc();
  ChannelAffine affine{
      .factor = factor_.data(), .shift = shift_.data(), .activation = parts.activation};
  // More than two gradients are rare; the first ones are added up beforehand.
  std::unique_ptr<DnnlMemory> added;
  ChannelGradient gradient{.dy = Values(y_gradients[0], desc, true)};
  for (size_t i = 1; i < y_gradients.size(); ++i) {
    if (gradient.dy2 != nullptr) {
      auto sum = std::make_unique<DnnlMemory>(desc);
      Add(desc, gradient.dy, gradient.dy2, sum->values());
      added = std::move(sum);
      gradient.dy = added->values();
    }
    gradient.dy2 = Values(y_gradients[i], desc, true);
  }
  if (parts.activation.kind != Activation::Kind::kNone && operands.residual != nullptr) {
    gradient.y = Values(operands.y, desc, false);
  }
  const bool normalizes = !parts.statistics.empty();
  const bool measured = normalizes && !parts.use_stored;
  const bool wants_scale = parts.scale != nullptr && parts.scale_gradient;
  const bool wants_shift = parts.shift != nullptr && parts.shift_gradient;

  const std::vector<float> zeros(shape.padded_channels(), 0);
  const std::vector<float>& centre = normalizes ? mean_ : zeros;
  GradientSums sums;
  DnnlOutput kept;
  if (measured || wants_scale || wants_shift || wants_residual) {
    float* g = nullptr;
    if (wants_residual) {
      kept = OutputAs(operands.residual->diff().get(), desc);
      g = kept.native->values();
    }
    sums = SumChannelGradient(shape, affine, gradient, x_->values(), centre.data(), g);
    if (wants_residual) {
      gradient = {.dy = g};
      affine.activation = {};
    }
  }
  // From here on the sums are those of g and of g times the normalised x.
  if (normalizes && !sums.gradient_x.empty()) {
    for (int64_t c = 0; c < shape.channels; ++c) sums.gradient_x[c] *= inverse_deviation_[c];
  }
  if (wants_scale) AddToDiff(parts.scale, sums.gradient_x);
  if (wants_shift) AddToDiff(parts.shift, sums.gradient);
  if (wants_x) {
    std::vector<float> of_x, constant;
    ChannelBackward backward{.of_gradient = factor_.data()};
    if (measured) {
      const double count = double(shape.num) * double(shape.positions);
      of_x = zeros;
      constant = zeros;
      for (int64_t c = 0; c < shape.channels; ++c) {
        const double slope =
            -factor_[c] * sums.gradient_x[c] / count * double(inverse_deviation_[c]);
        of_x[c] = static_cast<float>(slope);
        constant[c] = static_cast<float>(-factor_[c] * sums.gradient[c] / count - slope * mean_[c]);
      }
      backward.of_x = of_x.data();
      backward.constant = constant.data();
    }
    SyncedMemory* dx_storage = operands.x->diff().get();
    DnnlOutput dx = OutputAs(dx_storage, desc);
    ChannelAffineBackward(shape, affine, gradient, backward, x_->values(), dx.native->values());
    Publish(std::move(dx), dx_storage);
  }
  if (!wants_residual) return;
  // Layers one by one leave the same gradient in y: that behind the activation.
  if (kept.native != nullptr) operands.y->diff()->set_native(kept.native);
  Publish(std::move(kept), operands.residual->diff().get());
}

template <>
bool BlockedNorm<float>::RestoreInput(const Operands& operands) {
  if (x_ != nullptr) operands.x->data()->set_native(x_);
  return x_ != nullptr;
}

template <>
bool BlockedNorm<double>::Forward(const Parts&, const Operands&, Blob<double>*) {
  return false;
}

template <>
bool BlockedNorm<double>::RestoreInput(const Operands&) {
  return false;
}

template <>
void BlockedNorm<double>::Backward(const Parts&, const Operands&, const std::vector<Blob<double>*>&,
                                   bool, bool) {}

}  // namespace caffe
