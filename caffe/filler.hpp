#ifndef CAFFE_FILLER_HPP_
#define CAFFE_FILLER_HPP_

#include <set>

#include "caffe/blob.hpp"
#include "caffe/common.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/util/math_functions.hpp"

namespace caffe {

/// Sets a blob's values before training. fan_in = count / shape[0]; fan_out = count / shape[1]
/// (count for one axis); n = fan_in, fan_out or their mean, as variance_norm says.
template <typename Dtype>
class Filler {
 public:
  explicit Filler(const FillerParameter& param) : filler_param_(param) {}
  virtual ~Filler() {}
  virtual void Fill(Blob<Dtype>* blob) = 0;

 protected:
  FillerParameter filler_param_;
};

/// All elements `value`.
template <typename Dtype>
class ConstantFiller : public Filler<Dtype> {
 public:
  explicit ConstantFiller(const FillerParameter& param) : Filler<Dtype>(param) {}
  void Fill(Blob<Dtype>* blob) override;
};

/// Uniform in [min, max].
template <typename Dtype>
class UniformFiller : public Filler<Dtype> {
 public:
  explicit UniformFiller(const FillerParameter& param) : Filler<Dtype>(param) {}
  void Fill(Blob<Dtype>* blob) override;
};

/// Normal with `mean` and `std`; with `sparse` = s, an element is kept with probability
/// s / shape[0] and zero otherwise.
template <typename Dtype>
class GaussianFiller : public Filler<Dtype> {
 public:
  explicit GaussianFiller(const FillerParameter& param) : Filler<Dtype>(param) {}
  void Fill(Blob<Dtype>* blob) override;

 protected:
  shared_ptr<SyncedMemory> rand_vec_;
};

/// Uniform in [0, 1], then each slice along axis 0 divided by its sum.
template <typename Dtype>
class PositiveUnitballFiller : public Filler<Dtype> {
 public:
  explicit PositiveUnitballFiller(const FillerParameter& param) : Filler<Dtype>(param) {}
  void Fill(Blob<Dtype>* blob) override;
};

/// Uniform in [-a, a], a = sqrt(3 / n). Source: Glorot and Bengio 2010.
template <typename Dtype>
class XavierFiller : public Filler<Dtype> {
 public:
  explicit XavierFiller(const FillerParameter& param) : Filler<Dtype>(param) {}
  void Fill(Blob<Dtype>* blob) override;
};

/// Normal with mean 0 and variance 2 / n. Source: He et al. 2015.
template <typename Dtype>
class MSRAFiller : public Filler<Dtype> {
 public:
  explicit MSRAFiller(const FillerParameter& param) : Filler<Dtype>(param) {}
  void Fill(Blob<Dtype>* blob) override;
};

/// Weights with which a Deconvolution interpolates; 4 axes, square kernels.
template <typename Dtype>
class BilinearFiller : public Filler<Dtype> {
 public:
  explicit BilinearFiller(const FillerParameter& param) : Filler<Dtype>(param) {}
  void Fill(Blob<Dtype>* blob) override;
};

/// A new filler of the wanted type, owned by the caller. Throws Error for an unknown type.
template <typename Dtype>
Filler<Dtype>* GetFiller(const FillerParameter& param);

/// While one lives, fillers made by this thread leave blobs untouched, so that a net can be
/// built for its shapes alone without paying for its weights.
class SkipFilling {
 public:
  SkipFilling() : outer_(innermost_) { innermost_ = this; }
  ~SkipFilling() { innermost_ = outer_; }
  SkipFilling(const SkipFilling&) = delete;
  SkipFilling& operator=(const SkipFilling&) = delete;
  /// The one that lives and was made last, or null.
  static SkipFilling* active() { return innermost_; }

  /// Whether all fillers that were made meanwhile were used, and on nothing but these blobs.
  bool SkippedOnly(const std::set<const void*>& blobs) const;

 private:
  template <typename Dtype>
  friend class NoFiller;

  static thread_local SkipFilling* innermost_;
  SkipFilling* const outer_;
  int unused_ = 0;
  std::set<const void*> skipped_;  // addresses alone: a blob may be gone
};

}  // namespace caffe

#endif  // CAFFE_FILLER_HPP_
