#include "caffe/native/folded_conv.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <utility>

#include "caffe/native/dnnl_memory.hpp"

namespace caffe {

namespace {

/// Tells two arrays apart, but for one chance in 2^64. Reads at the memory's speed, so that asking
/// whether weights have changed costs much less than to fold them again.
uint64_t Fingerprint(const float* values, int64_t count) {
  constexpr int64_t kRun = 1 << 14, kLanes = 8;
  const int64_t runs = (count + kRun - 1) / kRun;
  std::vector<uint64_t> of_run(runs);
#pragma omp parallel for schedule(static)
  for (int64_t run = 0; run < runs; ++run) {
    const int64_t begin = run * kRun, end = std::min(count, begin + kRun);
    uint64_t lanes[kLanes] = {};
    for (int64_t i = begin; i < end; i += 2 * kLanes) {
      uint64_t words[kLanes] = {};
      std::memcpy(words, values + i, std::min<int64_t>(2 * kLanes, end - i) * sizeof(float));
      for (int k = 0; k < kLanes; ++k) lanes[k] = (lanes[k] ^ words[k]) * 0x9e3779b97f4a7c15u;
      // Upper bits reach the lower ones.
      for (int k = 0; k < kLanes; ++k) lanes[k] ^= lanes[k] >> 32;
    }
    uint64_t sum = 0;
    for (const uint64_t lane : lanes) sum = (sum ^ lane) * 0xd6e8feb86659fd93u + 1;
    of_run[run] = sum;
  }
  uint64_t result = static_cast<uint64_t>(count);
  for (const uint64_t value : of_run)
    result = (result ^ value ^ (result >> 29)) * 0xd6e8feb86659fd93u;
  return result;
}

std::shared_ptr<SyncedMemory> CopyOf(const float* values, int64_t count) {
  auto copy = std::make_shared<SyncedMemory>(count * sizeof(float));
  std::copy_n(values, count, static_cast<float*>(copy->mutable_cpu_data()));
  return copy;
}

/// Each row of a matrix times its factor.
std::shared_ptr<SyncedMemory> ScaledRows(const float* values, int64_t count,
                                         const std::vector<float>& factors) {
  auto scaled = std::make_shared<SyncedMemory>(count * sizeof(float));
  auto* to = static_cast<float*>(scaled->mutable_cpu_data());
  const auto rows = static_cast<int64_t>(factors.size());
  const int64_t columns = count / rows;
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = r * columns; i < (r + 1) * columns; ++i) to[i] = factors[r] * values[i];
  }
  return scaled;
}

bool AllFinite(const float* values, int64_t count) {
  bool finite = true;
#pragma omp parallel for simd schedule(static) reduction(&& : finite)
  for (int64_t i = 0; i < count; ++i) finite = finite && std::abs(values[i]) <= FLT_MAX;
  return finite;
}

bool HasNan(const float* values, int64_t count) {
  int found = 0;
#pragma omp parallel for simd schedule(static) reduction(| : found)
  for (int64_t i = 0; i < count; ++i) found |= values[i] != values[i];
  return found != 0;
}

DnnlMemory* NewestNative(const SyncedMemory& storage) {
  if (storage.head() != SyncedMemory::HEAD_AT_NATIVE) return nullptr;
  return dynamic_cast<DnnlMemory*>(storage.native().get());
}

bool IsWithoutNan(SyncedMemory* storage) {
  DnnlMemory* native = NewestNative(*storage);
  if (native == nullptr) {
    return !HasNan(static_cast<const float*>(storage->cpu_data()), storage->size() / sizeof(float));
  }
  // Padding holds zeros.
  return native->without_nan() || !HasNan(native->values(), native->bytes() / sizeof(float));
}

class PlainCopy : public NativeCopy {
 public:
  PlainCopy(const void* values, size_t size) : values_(size) {
    std::memcpy(values_.mutable_cpu_data(), values, size);
  }
  bool on_gpu() const override { return false; }
  size_t bytes() const override { return values_.size(); }
  void ToPlain(void* plain) const override {
    std::memcpy(plain, values_.cpu_data(), values_.size());
  }

 private:
  mutable SyncedMemory values_;
};

}  // namespace

/// A convolution that is run when somebody reads its result.
class FoldedConv::Recipe : public NativeCopy {
 public:
  Recipe(const FoldedConv& conv, Values values, std::shared_ptr<NativeCopy> src)
      : engine_(conv.engine_),
        shape_(conv.shape_),
        values_(std::move(values)),
        src_(std::move(src)) {}

  bool on_gpu() const override { return false; }
  size_t bytes() const override { return src_->bytes(); }
  void ToPlain(void* plain) const override {
    int64_t in_count = int64_t(shape_.num) * shape_.in_channels;
    int64_t out_count = int64_t(shape_.num) * shape_.out_channels;
    for (const int size : shape_.in) in_count *= size;
    for (const int size : shape_.out) out_count *= size;
    SyncedMemory src(in_count * sizeof(float)), dst(out_count * sizeof(float));
    src.set_native(src_);
    ConvEngineCache<Cpu, float> engines;
    ConvEngine<float>* engine = engines.Get(engine_, shape_);
    engine->Forward(&src, values_.weights.get(), values_.bias.get(), &dst);
    std::memcpy(plain, dst.cpu_data(), dst.size());
  }

 private:
  const ConvolutionParameter::Engine engine_;
  const ConvShape shape_;
  const Values values_;
  const std::shared_ptr<NativeCopy> src_;
};

void FoldedConv::Refresh(const Learned& learned) {
  const Blob<float>& weights = *learned.weights;
  const int channels = weights.shape(0);
  auto [factor, bias] = BlockedNorm<float>::StoredFactors(learned.norm, channels);
  for (int c = 0; c < channels && learned.bias != nullptr; ++c) {
    bias[c] += factor[c] * learned.bias->cpu_data()[c];
  }
  const uint64_t fingerprint = Fingerprint(weights.cpu_data(), weights.count());
  if (folded_.weights != nullptr && fingerprint == fingerprint_ && factor == factor_ &&
      bias == bias_) {
    return;
  }
  folded_ = {};
  folded_ = {ScaledRows(weights.cpu_data(), weights.count(), factor),
             CopyOf(bias.data(), channels)};
  if (keep_plain_) {
    const std::vector<float> zeros(channels);
    plain_ = {CopyOf(weights.cpu_data(), weights.count()),
              CopyOf(learned.bias != nullptr ? learned.bias->cpu_data() : zeros.data(), channels)};
  }
  folded_are_finite_ =
      AllFinite(static_cast<const float*>(folded_.weights->cpu_data()), weights.count()) &&
      AllFinite(bias.data(), channels);
  fingerprint_ = fingerprint;
  factor_ = std::move(factor);
  bias_ = std::move(bias);
}

bool FoldedConv::CannotGiveNan(const Images& images) const {
  return folded_are_finite_ && IsWithoutNan(images.src) &&
         (images.residual == nullptr || IsWithoutNan(images.residual));
}

bool FoldedConv::Forward(const ConvShape& shape, const Learned& learned, const Images& images) {
  shape_ = shape;
  shape_.bias = true;
  ConvEngine<float>* engine = engines_.Get(engine_, shape_);
  if (engine == nullptr) return false;
  Refresh(learned);
  const ConvTail tail = {.residual = images.residual, .activation = learned.norm.activation};
  const bool hides_nan = engine->HidesNan(tail.activation);
  found_nan_ = hides_nan && !CannotGiveNan(images);
  if (found_nan_) return false;
  if (!engine->ForwardWithTail(images.src, folded_.weights.get(), folded_.bias.get(), images.dst,
                               tail)) {
    folded_ = plain_ = {};
    return false;
  }
  // An engine that wants them in its own layout has them there now.
  folded_.weights->DropPlain();
  if (DnnlMemory* native = NewestNative(*images.dst)) native->set_without_nan(hides_nan);
  return true;
}

std::shared_ptr<NativeCopy> FoldedConv::Keep(SyncedMemory* storage) {
  if (storage->head() == SyncedMemory::HEAD_AT_NATIVE) return storage->native();
  return std::make_shared<PlainCopy>(storage->cpu_data(), storage->size());
}

std::shared_ptr<NativeCopy> FoldedConv::Normalised(std::shared_ptr<NativeCopy> src) const {
  return std::make_shared<Recipe>(*this, folded_, std::move(src));
}

std::shared_ptr<NativeCopy> FoldedConv::WithoutNorm(std::shared_ptr<NativeCopy> src) const {
  return std::make_shared<Recipe>(*this, plain_, std::move(src));
}

}  // namespace caffe
