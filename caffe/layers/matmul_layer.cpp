#include "caffe/layers/matmul_layer.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <type_traits>
#include <utility>

#include "caffe/device/blas.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {
namespace {

/// The step from one number to the next, if it is the same all along and not negative; else -1.
int StepOf(const vector<int>& index, size_t begin, size_t end) {
  if (end - begin < 2) return 0;
  const int step = index[begin + 1] - index[begin];
  for (size_t i = begin + 1; i < end; ++i) {
    if (index[i] - index[i - 1] != step) return -1;
  }
  return std::max(step, -1);
}

}  // namespace

template <typename Dtype>
void MatMulLayer<Dtype>::SetBatch(const vector<int>& a, const vector<int>& b, vector<int>* top) {
  const int axes = static_cast<int>(std::max(a.size(), b.size())) - 2;
  const auto dim = [axes](const vector<int>& shape, int axis) {
    const int at = axis - (axes + 2 - static_cast<int>(shape.size()));
    return at < 0 ? 1 : shape[at];
  };
  top->clear();
  a_index_.assign(1, 0);
  b_index_.assign(1, 0);
  for (int axis = 0; axis < axes; ++axis) {
    const int da = dim(a, axis), db = dim(b, axis);
    Require(da == db || da == 1 || db == 1, "a is ", ShapeText(a), ", b ", ShapeText(b),
            ". Axes before the last two must be equal, or 1 in one of them.");
    const int both = da == 1 ? db : da;
    top->push_back(both);
    const auto extend = [both](int own, vector<int>* index) {
      vector<int> longer;
      longer.reserve(index->size() * both);
      for (const int i : *index) {
        for (int k = 0; k < both; ++k) longer.push_back(i * own + (own == 1 ? 0 : k));
      }
      index->swap(longer);
    };
    extend(da, &a_index_);
    extend(db, &b_index_);
  }
  top_index_.resize(a_index_.size());
  std::iota(top_index_.begin(), top_index_.end(), 0);
}

template <typename Dtype>
void MatMulLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  const MatMulParameter& param = this->layer_param_.matmul_param();
  transpose_a_ = param.transpose_a();
  transpose_b_ = param.transpose_b();
  Require(top[0] != bottom[0] && top[0] != bottom[1], "this layer type cannot work in place");
  const vector<int>&a = bottom[0]->shape(), &b = bottom[1]->shape();
  Require(a.size() >= 2 && b.size() >= 2, "a is ", ShapeText(a), ", b ", ShapeText(b),
          ". Each must have at least 2 axes, those of a matrix.");
  const auto rows = [](const vector<int>& s, bool t) { return t ? s.back() : s[s.size() - 2]; };
  size_ = {rows(a, transpose_a_), rows(b, !transpose_b_), rows(a, !transpose_a_)};
  Require(rows(b, transpose_b_) == size_.k, "a is ", ShapeText(a),
          transpose_a_ ? " (transposed)" : "", ", b ", ShapeText(b),
          transpose_b_ ? " (transposed)" : "", ": rows of ", size_.k,
          " values cannot be multiplied by columns of ", rows(b, transpose_b_), ".");
  vector<int> shape;
  SetBatch(a, b, &shape);
  shape.push_back(size_.m);
  shape.push_back(size_.n);
  top[0]->Reshape(shape);
}

template <typename Dtype>
template <class Device>
void MatMulLayer<Dtype>::Multiply(ProductSize size, Matrices<const Dtype> a,
                                  Matrices<const Dtype> b, Matrices<Dtype> c) const {
  const size_t products = c.index->size();
  const int64_t c_size = int64_t(c.rows) * c.columns;
  const bool repeats = std::adjacent_find(c.index->begin(), c.index->end(),
                                          std::greater_equal<int>()) != c.index->end();
  const auto batch = [](auto m, size_t first, int step) {
    const int64_t count = int64_t(m.rows) * m.columns;
    return MatrixBatch<std::remove_pointer_t<decltype(m.data)>>{
        m.data + (*m.index)[first] * count, std::max(m.columns, 1), step * count,
        m.transpose ? CblasTrans : CblasNoTrans};
  };
  if (repeats) {
    const int matrices = *std::max_element(c.index->begin(), c.index->end()) + 1;
    Fill<Device>(matrices * c_size, Dtype(0), c.data);
    for (size_t i = 0; i < products; ++i) {
      GemmBatched<Device, Dtype>(1, size, Dtype(1), batch(a, i, 0), batch(b, i, 0), Dtype(1),
                                 batch(c, i, 0));
    }
    return;
  }
  // As many products at once as have their matrices at regular places.
  for (size_t i = 0; i < products;) {
    size_t end = products;
    while (StepOf(*a.index, i, end) < 0 || StepOf(*b.index, i, end) < 0) end = i + (end - i) / 2;
    GemmBatched<Device, Dtype>(
        static_cast<int>(end - i), size, Dtype(1), batch(a, i, StepOf(*a.index, i, end)),
        batch(b, i, StepOf(*b.index, i, end)), Dtype(0), batch(c, i, StepOf(*c.index, i, end)));
    i = end;
  }
}

template <typename Dtype>
template <class Device>
void MatMulLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                   const vector<Blob<Dtype>*>& top) {
  if (top[0]->count() == 0) return;
  Multiply<Device>(size_,
                   {Data<Device>(*bottom[0]), bottom[0]->shape(-2), bottom[0]->shape(-1), &a_index_,
                    transpose_a_},
                   {Data<Device>(*bottom[1]), bottom[1]->shape(-2), bottom[1]->shape(-1), &b_index_,
                    transpose_b_},
                   {MutableData<Device>(top[0]), size_.m, size_.n, &top_index_, false});
}

template <typename Dtype>
template <class Device>
void MatMulLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                    const vector<bool>& propagate_down,
                                    const vector<Blob<Dtype>*>& bottom) {
  const Matrices<const Dtype> top_diff{Diff<Device>(*top[0]), size_.m, size_.n, &top_index_, false};
  const auto operand = [&](int i) {
    return Matrices<const Dtype>{Data<Device>(*bottom[i]), bottom[i]->shape(-2),
                                 bottom[i]->shape(-1), i == 0 ? &a_index_ : &b_index_,
                                 i == 0 ? transpose_a_ : transpose_b_};
  };
  // With x = op(a) and y = op(b): dx = dtop y', dy = x' dtop. An operand that is stored transposed
  // has the transpose of that: the transposed factors in the other order.
  for (int i = 0; i < 2; ++i) {
    if (!propagate_down[i] || bottom[i]->count() == 0) continue;
    Dtype* diff = MutableDiff<Device>(bottom[i]);
    if (top[0]->count() == 0) {
      Fill<Device>(bottom[i]->count(), Dtype(0), diff);
      continue;
    }
    const Matrices<const Dtype> self = operand(i);
    Matrices<const Dtype> left = top_diff, right = Transposed(operand(1 - i));
    if (i == 1) std::swap(left, right);
    if (self.transpose) {
      std::swap(left, right);
      left = Transposed(left);
      right = Transposed(right);
    }
    Multiply<Device>({self.rows, self.columns, i == 0 ? size_.n : size_.m}, left, right,
                     {diff, self.rows, self.columns, self.index, false});
  }
}

CAFFE_LAYER_ON_DEVICES(MatMulLayer)
INSTANTIATE_CLASS(MatMulLayer);
REGISTER_LAYER_CLASS(MatMul);

}  // namespace caffe
