#ifndef CAFFE_BLOB_HPP_
#define CAFFE_BLOB_HPP_

#include <algorithm>
#include <string>
#include <vector>

#include "caffe/common.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/syncedmem.hpp"

/// Most axes that a blob can have.
const int kMaxBlobAxes = 32;

namespace caffe {

/// An n-dimensional array of values ("data") and of their gradients ("diff"), row-major, on
/// the host and the GPU. Zero axes mean a scalar with count 1; a blob that was never shaped
/// has count 0.
template <typename Dtype>
class Blob {
 public:
  Blob() : count_(0), capacity_(0) {}
  explicit Blob(const int num, const int channels, const int height, const int width);
  explicit Blob(const vector<int>& shape);

  /// Changes the shape. Memory grows where needed (values are lost) and never shrinks.
  /// Throws Error for more than 32 axes, a negative dimension, or a count above 2^31 - 1.
  void Reshape(const vector<int>& shape);
  void Reshape(const BlobShape& shape);
  void Reshape(const int num, const int channels, const int height, const int width);
  void ReshapeLike(const Blob& other);

  /// Each dimension followed by a blank, then the count: "64 1 28 28 (50176)".
  string shape_string() const;
  const vector<int>& shape() const { return shape_; }
  int shape(int index) const { return shape_[CanonicalAxisIndex(index)]; }
  int num_axes() const { return static_cast<int>(shape_.size()); }
  int count() const { return count_; }
  /// Product of the dimensions [start_axis, end_axis).
  int count(int start_axis, int end_axis) const;
  int count(int start_axis) const { return count(start_axis, num_axes()); }
  /// An axis counted from the front; negative ones count from the back.
  int CanonicalAxisIndex(int axis_index) const;

  /// Axes 0 to 3 under their old names; a missing axis is 1. More than 4 axes throw.
  int num() const { return LegacyShape(0); }
  int channels() const { return LegacyShape(1); }
  int height() const { return LegacyShape(2); }
  int width() const { return LegacyShape(3); }
  int LegacyShape(int index) const;

  int offset(const int n, const int c = 0, const int h = 0, const int w = 0) const;
  int offset(const vector<int>& indices) const;

  /// Copies values, or gradients, from a blob of the same shape (or reshapes this one).
  void CopyFrom(const Blob<Dtype>& source, bool copy_diff = false, bool reshape = false);

  Dtype data_at(const int n, const int c, const int h, const int w) const {
    return cpu_data()[offset(n, c, h, w)];
  }
  Dtype diff_at(const int n, const int c, const int h, const int w) const {
    return cpu_diff()[offset(n, c, h, w)];
  }
  Dtype data_at(const vector<int>& index) const { return cpu_data()[offset(index)]; }
  Dtype diff_at(const vector<int>& index) const { return cpu_diff()[offset(index)]; }

  const shared_ptr<SyncedMemory>& data() const;
  const shared_ptr<SyncedMemory>& diff() const;

  const Dtype* cpu_data() const;
  void set_cpu_data(Dtype* data);
  const int* gpu_shape() const;
  const Dtype* gpu_data() const;
  void set_gpu_data(Dtype* data);
  const Dtype* cpu_diff() const;
  const Dtype* gpu_diff() const;
  Dtype* mutable_cpu_data();
  Dtype* mutable_gpu_data();
  Dtype* mutable_cpu_diff();
  Dtype* mutable_gpu_diff();

  /// data -= diff, where the newest copy lives.
  void Update();
  /// Reads a stored blob, also one with the legacy fields num, channels, height, width.
  void FromProto(const BlobProto& proto, bool reshape = true);
  void ToProto(BlobProto* proto, bool write_diff = false) const;

  Dtype asum_data() const;
  Dtype asum_diff() const;
  Dtype sumsq_data() const;
  Dtype sumsq_diff() const;
  void scale_data(Dtype scale_factor);
  void scale_diff(Dtype scale_factor);

  /// Uses the other blob's memory from now on; counts must be equal.
  void ShareData(const Blob& other);
  void ShareDiff(const Blob& other);

  /// Whether a stored blob fits, the legacy 4-D rule included: (1, 1, M, K) fits [M, K].
  bool ShapeEquals(const BlobProto& other);

 protected:
  shared_ptr<SyncedMemory> data_;
  shared_ptr<SyncedMemory> diff_;
  shared_ptr<SyncedMemory> shape_data_;
  vector<int> shape_;
  int count_;
  int capacity_;

  DISABLE_COPY_AND_ASSIGN(Blob);
};

/// "64x3x7x7", for error messages.
string ShapeText(const vector<int>& shape);

}  // namespace caffe

#endif  // CAFFE_BLOB_HPP_
