#include "caffe/layers/argmax_layer.hpp"

#include <algorithm>
#include <utility>

namespace caffe {

namespace {

/// The largest value first, and NaN before all others, so that it is seen; of equals the last
/// place.
template <typename Dtype>
bool IsBefore(const std::pair<Dtype, int>& a, const std::pair<Dtype, int>& b) {
  const bool a_nan = a.first != a.first, b_nan = b.first != b.first;
  if (a_nan || b_nan) return a_nan == b_nan ? a.second > b.second : a_nan;
  return a > b;
}

}  // namespace

template <typename Dtype>
void ArgMaxLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  const ArgMaxParameter& param = this->layer_param_.argmax_param();
  out_max_val_ = param.out_max_val();
  top_k_ = param.top_k();
  has_axis_ = param.has_axis();
  if (has_axis_) axis_ = bottom[0]->CanonicalAxisIndex(param.axis());
  const int values = has_axis_ ? bottom[0]->shape(axis_) : bottom[0]->count(1);
  Require(top_k_ >= 1 && top_k_ <= static_cast<size_t>(values), "top_k is ", top_k_,
          ", but has to be from 1 to ", values, ", the number of values to choose from");
}

template <typename Dtype>
void ArgMaxLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  const int k = static_cast<int>(top_k_);
  if (has_axis_) {
    vector<int> shape = bottom[0]->shape();
    shape[axis_] = k;
    top[0]->Reshape(shape);
    return;
  }
  vector<int> shape(std::max(3, bottom[0]->num_axes()), 1);
  shape[0] = bottom[0]->shape(0);
  shape[1] = out_max_val_ ? 2 : 1;
  shape[2] = k;
  top[0]->Reshape(shape);
}

template <typename Dtype>
void ArgMaxLayer<Dtype>::Forward_cpu(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  const Dtype* x = bottom[0]->cpu_data();
  Dtype* y = top[0]->mutable_cpu_data();
  const int outer = has_axis_ ? bottom[0]->count(0, axis_) : bottom[0]->shape(0);
  const int values = has_axis_ ? bottom[0]->shape(axis_) : bottom[0]->count(1);
  const int inner = has_axis_ ? bottom[0]->count(axis_ + 1) : 1;
  const int k = static_cast<int>(top_k_);
  const int rows = !has_axis_ && out_max_val_ ? 2 : 1;
  vector<std::pair<Dtype, int>> sorted(values);
  for (int o = 0; o < outer; ++o) {
    for (int i = 0; i < inner; ++i) {
      for (int v = 0; v < values; ++v) {
        sorted[v] = {x[(static_cast<int64_t>(o) * values + v) * inner + i], v};
      }
      std::partial_sort(sorted.begin(), sorted.begin() + k, sorted.end(), IsBefore<Dtype>);
      Dtype* to = y + static_cast<int64_t>(o) * rows * k * inner + i;
      for (int j = 0; j < k; ++j) {
        const bool value_only = has_axis_ && out_max_val_;
        to[static_cast<int64_t>(j) * inner] =
            value_only ? sorted[j].first : static_cast<Dtype>(sorted[j].second);
        if (rows == 2) to[k + j] = sorted[j].first;
      }
    }
  }
}

template <typename Dtype>
void ArgMaxLayer<Dtype>::Backward_cpu(const vector<Blob<Dtype>*>& top,
                                      const vector<bool>& propagate_down,
                                      const vector<Blob<Dtype>*>& bottom) {
  Require(!propagate_down[0], "places have no gradient. Set propagate_down: false");
}

INSTANTIATE_CLASS(ArgMaxLayer);
REGISTER_LAYER_CLASS(ArgMax);

}  // namespace caffe
