#include "caffe/filler.hpp"

#include <algorithm>
#include <cmath>

#include "caffe/device/launch.hpp"
#include "caffe/util/math_functions.hpp"
#include "caffe/util/nearest_name.hpp"
#include "caffe/util/random_draws.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

thread_local SkipFilling* SkipFilling::innermost_ = nullptr;

bool SkipFilling::SkippedOnly(const std::set<const void*>& blobs) const {
  return unused_ == 0 &&
         std::includes(blobs.begin(), blobs.end(), skipped_.begin(), skipped_.end());
}

template <typename Dtype>
class NoFiller : public Filler<Dtype> {
 public:
  explicit NoFiller(const FillerParameter& param) : Filler<Dtype>(param) {
    ++SkipFilling::active()->unused_;
  }
  void Fill(Blob<Dtype>* blob) override {
    SkipFilling* const skip = SkipFilling::active();
    if (skip == nullptr) return;
    skip->skipped_.insert(blob);
    if (!used_) --skip->unused_;
    used_ = true;
  }

 private:
  bool used_ = false;
};

namespace {

/// n of the variance-scaling fillers.
template <typename Dtype>
Dtype FanCount(const FillerParameter& param, const Blob<Dtype>& blob) {
  const int count = blob.count();
  const int axes = blob.num_axes();
  const Dtype fan_in = axes > 0 ? Dtype(count) / blob.shape(0) : Dtype(count);
  const Dtype fan_out = axes > 1 ? Dtype(count) / blob.shape(1) : Dtype(count);
  switch (param.variance_norm()) {
    case FillerParameter_VarianceNorm_AVERAGE:
      return (fan_in + fan_out) / 2;
    case FillerParameter_VarianceNorm_FAN_OUT:
      return fan_out;
    default:
      return fan_in;
  }
}

template <typename Dtype>
void CheckFill(const FillerParameter& param, const Blob<Dtype>& blob) {
  Require(blob.count() > 0, "a '", param.type(), "' filler was given an empty blob");
  Require(param.sparse() == -1 || param.type() == "gaussian", "a '", param.type(),
          "' filler cannot be sparse; only 'gaussian' can");
}

template <typename Dtype>
void FillUniform(Dtype a, Dtype b, Blob<Dtype>* blob) {
  caffe_rng_uniform<Dtype>(blob->count(), a, b, blob->mutable_cpu_data());
}

}  // namespace

template <typename Dtype>
void ConstantFiller<Dtype>::Fill(Blob<Dtype>* blob) {
  CheckFill(this->filler_param_, *blob);
  caffe_set(blob->count(), Dtype(this->filler_param_.value()), blob->mutable_cpu_data());
}

template <typename Dtype>
void UniformFiller<Dtype>::Fill(Blob<Dtype>* blob) {
  const FillerParameter& param = this->filler_param_;
  CheckFill(param, *blob);
  Require(param.min() <= param.max(), "a 'uniform' filler has min ", param.min(), " above max ",
          param.max());
  FillUniform(Dtype(param.min()), Dtype(param.max()), blob);
}

template <typename Dtype>
void GaussianFiller<Dtype>::Fill(Blob<Dtype>* blob) {
  const FillerParameter& param = this->filler_param_;
  CheckFill(param, *blob);
  Require(param.std() > 0, "a 'gaussian' filler has std ", param.std(), "; it must be above 0");
  Dtype* values = blob->mutable_cpu_data();
  caffe_rng_gaussian<Dtype>(blob->count(), Dtype(param.mean()), Dtype(param.std()), values);
  if (param.sparse() < 0) return;
  const int outputs = blob->num_axes() > 0 ? blob->shape(0) : 1;
  Require(param.sparse() <= outputs, "a 'gaussian' filler has sparse ", param.sparse(),
          " for a blob with ", outputs, " outputs");
  rand_vec_ = std::make_shared<SyncedMemory>(blob->count() * sizeof(int));
  int* keep = static_cast<int*>(rand_vec_->mutable_cpu_data());
  caffe_rng_bernoulli<Dtype>(blob->count(), Dtype(param.sparse()) / outputs, keep);
  for (int i = 0; i < blob->count(); ++i) values[i] *= keep[i];
}

template <typename Dtype>
void PositiveUnitballFiller<Dtype>::Fill(Blob<Dtype>* blob) {
  CheckFill(this->filler_param_, *blob);
  FillUniform(Dtype(0), Dtype(1), blob);
  const int slices = blob->num_axes() > 0 ? blob->shape(0) : 1;
  const int dim = blob->count() / slices;
  Dtype* values = blob->mutable_cpu_data();
  for (int s = 0; s < slices; ++s) {
    Dtype sum = 0;
    for (int i = 0; i < dim; ++i) sum += values[s * dim + i];
    for (int i = 0; i < dim; ++i) values[s * dim + i] /= sum;
  }
}

template <typename Dtype>
void XavierFiller<Dtype>::Fill(Blob<Dtype>* blob) {
  CheckFill(this->filler_param_, *blob);
  const Dtype a = std::sqrt(Dtype(3) / FanCount(this->filler_param_, *blob));
  FillUniform(-a, a, blob);
}

template <typename Dtype>
void MSRAFiller<Dtype>::Fill(Blob<Dtype>* blob) {
  CheckFill(this->filler_param_, *blob);
  const Dtype std = std::sqrt(Dtype(2) / FanCount(this->filler_param_, *blob));
  caffe_rng_gaussian<Dtype>(blob->count(), Dtype(0), std, blob->mutable_cpu_data());
}

template <typename Dtype>
void BilinearFiller<Dtype>::Fill(Blob<Dtype>* blob) {
  CheckFill(this->filler_param_, *blob);
  Require(blob->num_axes() == 4 && blob->width() == blob->height(),
          "a 'bilinear' filler needs a blob of 4 axes with square kernels, not ",
          ShapeText(blob->shape()));
  const int kernel = blob->width();
  const Dtype f = static_cast<Dtype>((kernel + 1) / 2);
  const Dtype centre = Dtype(kernel - 1) / (2 * f);
  Dtype* values = blob->mutable_cpu_data();
  for (int i = 0; i < blob->count(); ++i) {
    const Dtype x = static_cast<Dtype>(i % kernel);
    const Dtype y = static_cast<Dtype>(i / kernel % kernel);
    values[i] = (1 - std::abs(x / f - centre)) * (1 - std::abs(y / f - centre));
  }
}

template <typename Dtype>
Filler<Dtype>* GetFiller(const FillerParameter& param) {
  if (SkipFilling::active() != nullptr) return new NoFiller<Dtype>(param);
  const string& type = param.type();
  if (type == "constant") return new ConstantFiller<Dtype>(param);
  if (type == "gaussian") return new GaussianFiller<Dtype>(param);
  if (type == "positive_unitball") return new PositiveUnitballFiller<Dtype>(param);
  if (type == "uniform") return new UniformFiller<Dtype>(param);
  if (type == "xavier") return new XavierFiller<Dtype>(param);
  if (type == "msra") return new MSRAFiller<Dtype>(param);
  if (type == "bilinear") return new BilinearFiller<Dtype>(param);
  const string nearest = NearestName(
      type, {"constant", "gaussian", "positive_unitball", "uniform", "xavier", "msra", "bilinear"});
  throw Error("unknown filler type '", type, "'",
              nearest.empty() ? "" : "; did you mean '" + nearest + "'?",
              " (known types: bilinear, constant, gaussian, msra, positive_unitball, uniform, "
              "xavier)");
}

template Filler<float>* GetFiller(const FillerParameter& param);
template Filler<double>* GetFiller(const FillerParameter& param);

INSTANTIATE_CLASS(ConstantFiller);
INSTANTIATE_CLASS(UniformFiller);
INSTANTIATE_CLASS(GaussianFiller);
INSTANTIATE_CLASS(PositiveUnitballFiller);
INSTANTIATE_CLASS(XavierFiller);
INSTANTIATE_CLASS(MSRAFiller);
INSTANTIATE_CLASS(BilinearFiller);

}  // namespace caffe
