#include "caffe/blob.hpp"

#include <algorithm>
#include <climits>
#include <limits>

#include "caffe/device/blas.hpp"
#include "caffe/util/math_functions.hpp"
#include "caffe/util/raw_values.hpp"

namespace caffe {

namespace {

/// Whether a memory's newest plain values are on the GPU.
bool NewestOnGpu(const SyncedMemory& memory) {
  return memory.head() == SyncedMemory::HEAD_AT_GPU || memory.head() == SyncedMemory::SYNCED;
}

vector<int> StoredShape(const BlobProto& proto) {
  if (proto.has_num() || proto.has_channels() || proto.has_height() || proto.has_width()) {
    return {proto.num(), proto.channels(), proto.height(), proto.width()};
  }
  vector<int> shape;
  for (const int64_t dim : proto.shape().dim()) {
    Require(dim >= 0 && dim <= INT_MAX, "a stored blob has an axis of ", dim,
            "; an axis has at most ", INT_MAX);
    shape.push_back(static_cast<int>(dim));
  }
  return shape;
}

/// Throws Error unless a stored blob has as many values as its shape asks for: before memory is
/// taken for a shape that a damaged file made up.
void CheckStoredCount(const BlobProto& proto) {
  int64_t stored = std::max(proto.double_data_size(), proto.data_size());
  // Raw values have at least a byte each; how many exactly is checked when they are read.
  const bool is_raw = stored == 0 && proto.has_raw_data();
  if (is_raw) stored = static_cast<int64_t>(proto.raw_data().size());
  const vector<int> shape = StoredShape(proto);
  const bool is_empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  int64_t count = is_empty ? 0 : 1;
  for (const int dim : shape) {
    Require(is_empty || count <= INT_MAX / dim, "a stored blob has the shape ", ShapeText(shape),
            ", which has more values than a blob can hold");
    count *= dim;
  }
  Require(is_raw ? count <= stored : count == stored, "a stored blob has ", stored,
          " values, its shape asks for ", count);
}

/// Copies the stored numbers, double or float, to `out` (count of them).
template <typename Dtype>
void ReadValues(const google::protobuf::RepeatedField<double>& doubles,
                const google::protobuf::RepeatedField<float>& floats, int count, Dtype* out) {
  const int stored = doubles.size() > 0 ? doubles.size() : floats.size();
  Require(stored == count, "a stored blob has ", stored, " values, its shape asks for ", count);
  if (doubles.size() > 0) {
    std::copy(doubles.begin(), doubles.end(), out);
  } else {
    std::copy(floats.begin(), floats.end(), out);
  }
}

void AddValues(const float* values, int count, google::protobuf::RepeatedField<float>* floats,
               google::protobuf::RepeatedField<double>*) {
  floats->Add(values, values + count);
}

void AddValues(const double* values, int count, google::protobuf::RepeatedField<float>*,
               google::protobuf::RepeatedField<double>* doubles) {
  doubles->Add(values, values + count);
}

}  // namespace

string ShapeText(const vector<int>& shape) {
  if (shape.empty()) return "a scalar";
  ostringstream text;
  for (size_t i = 0; i < shape.size(); ++i) text << (i == 0 ? "" : "x") << shape[i];
  return text.str();
}

template <typename Dtype>
Blob<Dtype>::Blob(const int num, const int channels, const int height, const int width) : Blob() {
  Reshape(num, channels, height, width);
}

template <typename Dtype>
Blob<Dtype>::Blob(const vector<int>& shape) : Blob() {
  Reshape(shape);
}

template <typename Dtype>
void Blob<Dtype>::Reshape(const int num, const int channels, const int height, const int width) {
  Reshape(vector<int>{num, channels, height, width});
}

template <typename Dtype>
void Blob<Dtype>::Reshape(const BlobShape& shape) {
  Require(shape.dim_size() <= kMaxBlobAxes, "a shape has ", shape.dim_size(), " axes; at most ",
          kMaxBlobAxes, " are possible");
  vector<int> dims;
  for (const int64_t dim : shape.dim()) {
    Require(dim >= INT_MIN && dim <= INT_MAX, "a dimension of ", dim, " is too large");
    dims.push_back(static_cast<int>(dim));
  }
  Reshape(dims);
}

template <typename Dtype>
void Blob<Dtype>::ReshapeLike(const Blob& other) {
  Reshape(other.shape());
}

template <typename Dtype>
void Blob<Dtype>::Reshape(const vector<int>& shape) {
  Require(shape.size() <= size_t(kMaxBlobAxes), "a shape has ", shape.size(), " axes; at most ",
          kMaxBlobAxes, " are possible");
  int64_t count = 1;
  for (const int dim : shape) {
    Require(dim >= 0, "a shape of ", ShapeText(shape), " has a negative dimension");
    count *= dim;
    Require(count <= INT_MAX, "a blob of ", ShapeText(shape), " has more than ", INT_MAX,
            " elements");
  }
  if (shape != shape_ || shape_data_ == nullptr) {
    shape_ = shape;
    shape_data_ = std::make_shared<SyncedMemory>(shape.size() * sizeof(int));
    if (!shape.empty()) {
      std::copy(shape.begin(), shape.end(), static_cast<int*>(shape_data_->mutable_cpu_data()));
    }
  }
  count_ = static_cast<int>(count);
  if (count_ > capacity_ || data_ == nullptr) {
    capacity_ = count_;
    data_ = std::make_shared<SyncedMemory>(capacity_ * sizeof(Dtype));
    diff_ = std::make_shared<SyncedMemory>(capacity_ * sizeof(Dtype));
  }
}

template <typename Dtype>
string Blob<Dtype>::shape_string() const {
  ostringstream text;
  for (const int dim : shape_) text << dim << " ";
  text << "(" << count_ << ")";
  return text.str();
}

template <typename Dtype>
int Blob<Dtype>::count(int start_axis, int end_axis) const {
  Require(0 <= start_axis && start_axis <= end_axis && end_axis <= num_axes(), "axes [", start_axis,
          ", ", end_axis, ") are not within the ", num_axes(), " axes of ", ShapeText(shape_));
  int product = 1;
  for (int i = start_axis; i < end_axis; ++i) product *= shape_[i];
  return product;
}

template <typename Dtype>
int Blob<Dtype>::CanonicalAxisIndex(int axis_index) const {
  Require(-num_axes() <= axis_index && axis_index < num_axes(), "axis ", axis_index,
          " does not exist in a blob of ", num_axes(), " axes (", ShapeText(shape_), ")");
  return axis_index < 0 ? axis_index + num_axes() : axis_index;
}

template <typename Dtype>
int Blob<Dtype>::LegacyShape(int index) const {
  Require(num_axes() <= 4,
          "num, channels, height and width need a blob of at most 4 axes; this one is ",
          ShapeText(shape_));
  Require(-4 <= index && index < 4, "legacy axis ", index, " is not one of -4 to 3");
  if (index >= num_axes() || index < -num_axes()) return 1;
  return shape(index);
}

template <typename Dtype>
int Blob<Dtype>::offset(const int n, const int c, const int h, const int w) const {
  return ((n * channels() + c) * height() + h) * width() + w;
}

template <typename Dtype>
int Blob<Dtype>::offset(const vector<int>& indices) const {
  Require(static_cast<int>(indices.size()) <= num_axes(), indices.size(),
          " indices given for a blob of ", num_axes(), " axes");
  int offset = 0;
  for (int i = 0; i < num_axes(); ++i) {
    offset *= shape_[i];
    if (i < static_cast<int>(indices.size())) {
      Require(0 <= indices[i] && indices[i] < shape_[i], "index ", indices[i], " of axis ", i,
              " is outside a blob of ", ShapeText(shape_));
      offset += indices[i];
    }
  }
  return offset;
}

template <typename Dtype>
const shared_ptr<SyncedMemory>& Blob<Dtype>::data() const {
  Require(data_ != nullptr, "the data of a blob without a shape was asked for");
  return data_;
}

template <typename Dtype>
const shared_ptr<SyncedMemory>& Blob<Dtype>::diff() const {
  Require(diff_ != nullptr, "the diff of a blob without a shape was asked for");
  return diff_;
}

template <typename Dtype>
const Dtype* Blob<Dtype>::cpu_data() const {
  return static_cast<const Dtype*>(data()->cpu_data());
}
template <typename Dtype>
const Dtype* Blob<Dtype>::gpu_data() const {
  return static_cast<const Dtype*>(data()->gpu_data());
}
template <typename Dtype>
const Dtype* Blob<Dtype>::cpu_diff() const {
  return static_cast<const Dtype*>(diff()->cpu_data());
}
template <typename Dtype>
const Dtype* Blob<Dtype>::gpu_diff() const {
  return static_cast<const Dtype*>(diff()->gpu_data());
}
template <typename Dtype>
Dtype* Blob<Dtype>::mutable_cpu_data() {
  return static_cast<Dtype*>(data()->mutable_cpu_data());
}
template <typename Dtype>
Dtype* Blob<Dtype>::mutable_gpu_data() {
  return static_cast<Dtype*>(data()->mutable_gpu_data());
}
template <typename Dtype>
Dtype* Blob<Dtype>::mutable_cpu_diff() {
  return static_cast<Dtype*>(diff()->mutable_cpu_data());
}
template <typename Dtype>
Dtype* Blob<Dtype>::mutable_gpu_diff() {
  return static_cast<Dtype*>(diff()->mutable_gpu_data());
}
template <typename Dtype>
const int* Blob<Dtype>::gpu_shape() const {
  return static_cast<const int*>(shape_data_->gpu_data());
}

template <typename Dtype>
void Blob<Dtype>::set_cpu_data(Dtype* data) {
  Require(data != nullptr, "set_cpu_data needs a pointer");
  // The caller's memory has just this blob's elements, which may be fewer than allocated.
  const size_t size = count_ * sizeof(Dtype);
  if (data_->size() != size) {
    data_ = std::make_shared<SyncedMemory>(size);
    diff_ = std::make_shared<SyncedMemory>(size);
    capacity_ = count_;
  }
  data_->set_cpu_data(data);
}

template <typename Dtype>
void Blob<Dtype>::set_gpu_data(Dtype* data) {
  Require(data != nullptr, "set_gpu_data needs a pointer");
  const size_t size = count_ * sizeof(Dtype);
  if (data_->size() != size) {
    data_ = std::make_shared<SyncedMemory>(size);
    diff_ = std::make_shared<SyncedMemory>(size);
    capacity_ = count_;
  }
  data_->set_gpu_data(data);
}

template <typename Dtype>
void Blob<Dtype>::ShareData(const Blob& other) {
  Require(count_ == other.count(), "a blob of ", ShapeText(shape_),
          " cannot share the data of one of ", ShapeText(other.shape()));
  data_ = other.data();
}

template <typename Dtype>
void Blob<Dtype>::ShareDiff(const Blob& other) {
  Require(count_ == other.count(), "a blob of ", ShapeText(shape_),
          " cannot share the diff of one of ", ShapeText(other.shape()));
  diff_ = other.diff();
}

template <typename Dtype>
void Blob<Dtype>::CopyFrom(const Blob<Dtype>& source, bool copy_diff, bool reshape) {
  // A blob that has no shape yet looks like a single number, but has room for none.
  if (source.shape() != shape_ || source.count() != count_) {
    Require(reshape, "values of a blob of ", ShapeText(source.shape()),
            " cannot be copied into one of ", ShapeText(shape_));
    ReshapeLike(source);
  }
  if (Caffe::mode() == Caffe::GPU) {
    if (copy_diff) {
      caffe_copy(count_, source.gpu_diff(), mutable_gpu_diff());
    } else {
      caffe_copy(count_, source.gpu_data(), mutable_gpu_data());
    }
  } else if (copy_diff) {
    caffe_copy(count_, source.cpu_diff(), mutable_cpu_diff());
  } else {
    caffe_copy(count_, source.cpu_data(), mutable_cpu_data());
  }
}

template <typename Dtype>
bool Blob<Dtype>::ShapeEquals(const BlobProto& other) {
  const vector<int> stored = StoredShape(other);
  if (other.has_num() || other.has_channels() || other.has_height() || other.has_width()) {
    if (num_axes() > 4) return false;
    vector<int> padded(4 - num_axes(), 1);
    padded.insert(padded.end(), shape_.begin(), shape_.end());
    return padded == stored;
  }
  return stored == shape_;
}

template <typename Dtype>
void Blob<Dtype>::FromProto(const BlobProto& proto, bool reshape) {
  CheckStoredCount(proto);
  if (reshape) {
    Reshape(StoredShape(proto));
  } else {
    Require(ShapeEquals(proto), "a stored blob of ", ShapeText(StoredShape(proto)),
            " does not fit one of ", ShapeText(shape_));
  }
  if (proto.double_data_size() == 0 && proto.data_size() == 0 && proto.has_raw_data()) {
    ReadRawValues(proto.raw_data_type(), proto.raw_data(), count_, mutable_cpu_data());
  } else {
    ReadValues(proto.double_data(), proto.data(), count_, mutable_cpu_data());
  }
  if (proto.double_diff_size() > 0 || proto.diff_size() > 0) {
    ReadValues(proto.double_diff(), proto.diff(), count_, mutable_cpu_diff());
  } else if (proto.has_raw_diff()) {
    ReadRawValues(proto.raw_diff_type(), proto.raw_diff(), count_, mutable_cpu_diff());
  }
}

template <typename Dtype>
void Blob<Dtype>::ToProto(BlobProto* proto, bool write_diff) const {
  proto->Clear();
  for (const int dim : shape_) proto->mutable_shape()->add_dim(dim);
  proto->mutable_shape();
  AddValues(cpu_data(), count_, proto->mutable_data(), proto->mutable_double_data());
  if (write_diff) {
    AddValues(cpu_diff(), count_, proto->mutable_diff(), proto->mutable_double_diff());
  }
}

template <typename Dtype>
void Blob<Dtype>::Update() {
  if (NewestOnGpu(*data()) || NewestOnGpu(*diff())) {
    Axpy<Gpu>(count_, Dtype(-1), gpu_diff(), mutable_gpu_data());
  } else {
    Axpy<Cpu>(count_, Dtype(-1), cpu_diff(), mutable_cpu_data());
  }
}

template <typename Dtype>
Dtype Blob<Dtype>::asum_data() const {
  if (data_ == nullptr) return 0;
  return NewestOnGpu(*data_) ? Asum<Gpu>(count_, gpu_data()) : Asum<Cpu>(count_, cpu_data());
}

template <typename Dtype>
Dtype Blob<Dtype>::asum_diff() const {
  if (diff_ == nullptr) return 0;
  return NewestOnGpu(*diff_) ? Asum<Gpu>(count_, gpu_diff()) : Asum<Cpu>(count_, cpu_diff());
}

template <typename Dtype>
Dtype Blob<Dtype>::sumsq_data() const {
  if (data_ == nullptr) return 0;
  return NewestOnGpu(*data_) ? Dot<Gpu>(count_, gpu_data(), gpu_data())
                             : Dot<Cpu>(count_, cpu_data(), cpu_data());
}

template <typename Dtype>
Dtype Blob<Dtype>::sumsq_diff() const {
  if (diff_ == nullptr) return 0;
  return NewestOnGpu(*diff_) ? Dot<Gpu>(count_, gpu_diff(), gpu_diff())
                             : Dot<Cpu>(count_, cpu_diff(), cpu_diff());
}

template <typename Dtype>
void Blob<Dtype>::scale_data(Dtype scale_factor) {
  if (data_ == nullptr) return;
  if (NewestOnGpu(*data_)) {
    Scal<Gpu>(count_, scale_factor, mutable_gpu_data());
  } else {
    Scal<Cpu>(count_, scale_factor, mutable_cpu_data());
  }
}

template <typename Dtype>
void Blob<Dtype>::scale_diff(Dtype scale_factor) {
  if (diff_ == nullptr) return;
  if (NewestOnGpu(*diff_)) {
    Scal<Gpu>(count_, scale_factor, mutable_gpu_diff());
  } else {
    Scal<Cpu>(count_, scale_factor, mutable_cpu_diff());
  }
}

// Blobs of integers carry indices and masks: no arithmetic, no files.
#define BLOB_WITHOUT_ARITHMETIC(T)                  \
  template <>                                       \
  void Blob<T>::Update() {                          \
    NOT_IMPLEMENTED;                                \
  }                                                 \
  template <>                                       \
  T Blob<T>::asum_data() const {                    \
    NOT_IMPLEMENTED;                                \
  }                                                 \
  template <>                                       \
  T Blob<T>::asum_diff() const {                    \
    NOT_IMPLEMENTED;                                \
  }                                                 \
  template <>                                       \
  T Blob<T>::sumsq_data() const {                   \
    NOT_IMPLEMENTED;                                \
  }                                                 \
  template <>                                       \
  T Blob<T>::sumsq_diff() const {                   \
    NOT_IMPLEMENTED;                                \
  }                                                 \
  template <>                                       \
  void Blob<T>::scale_data(T) {                     \
    NOT_IMPLEMENTED;                                \
  }                                                 \
  template <>                                       \
  void Blob<T>::scale_diff(T) {                     \
    NOT_IMPLEMENTED;                                \
  }                                                 \
  template <>                                       \
  void Blob<T>::FromProto(const BlobProto&, bool) { \
    NOT_IMPLEMENTED;                                \
  }                                                 \
  template <>                                       \
  void Blob<T>::ToProto(BlobProto*, bool) const {   \
    NOT_IMPLEMENTED;                                \
  }

BLOB_WITHOUT_ARITHMETIC(int)
BLOB_WITHOUT_ARITHMETIC(unsigned int)

INSTANTIATE_CLASS(Blob);
template class Blob<int>;
template class Blob<unsigned int>;

}  // namespace caffe
