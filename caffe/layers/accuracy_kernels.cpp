#include "caffe/layers/accuracy_kernels.hpp"

#include "caffe/device/axis_traversal.hpp"

namespace caffe {

template <class Device, class Dtype>
void label_rank(ClassShape shape, const Dtype* scores, const Dtype* labels, Dtype* rank) {
  const int64_t classes = shape.classes, inner = shape.inner;
  Reduce<Device>(
      shape.outer * inner, 1, classes,
      [=] CAFFE_HD(int64_t q, int64_t, int64_t c) -> Dtype {
        const int label = static_cast<int>(labels[q]);
        if (label < 0 || label >= classes) return Dtype(2);
        const int64_t o = Quotient(q, inner);
        const Dtype* item = scores + o * classes * inner + (q - o * inner);
        return item[c * inner] >= item[label * inner] ? Dtype(1) : Dtype(0);
      },
      [=] CAFFE_HD(int64_t q, Dtype total) {
        rank[q] = total > Dtype(classes) ? Dtype(classes + 1) : total;
      });
}

template <class Device, class Dtype>
void mean_accuracy(int64_t n, int top_k, IgnoreLabel ignored, const Dtype* labels,
                   const Dtype* rank, Dtype* accuracy) {
  Reduce<Device, PairPlus>(
      1, 1, n,
      [=] CAFFE_HD(int64_t, int64_t, int64_t i) -> Pair<double> {
        const bool counts = !ignored(static_cast<int>(labels[i]));
        const bool correct = counts && rank[i] <= Dtype(top_k);
        return Pair<double>{correct ? 1.0 : 0.0, counts ? 1.0 : 0.0};
      },
      [=] CAFFE_HD(int64_t, Pair<double> sum) {
        *accuracy = sum.second == 0 ? Dtype(0) : Dtype(sum.first / sum.second);
      });
}

template <class Device, class Dtype>
void class_accuracy(int64_t n, int64_t classes, int top_k, IgnoreLabel ignored, const Dtype* labels,
                    const Dtype* rank, Dtype* accuracy, Dtype* items) {
  Reduce<Device, PairPlus>(
      classes, 1, n,
      [=] CAFFE_HD(int64_t c, int64_t, int64_t i) -> Pair<double> {
        const int label = static_cast<int>(labels[i]);
        const bool counts = label == c && !ignored(label);
        const bool correct = counts && rank[i] <= Dtype(top_k);
        return Pair<double>{correct ? 1.0 : 0.0, counts ? 1.0 : 0.0};
      },
      [=] CAFFE_HD(int64_t c, Pair<double> sum) {
        accuracy[c] = sum.second == 0 ? Dtype(0) : Dtype(sum.first / sum.second);
        items[c] = Dtype(sum.second);
      });
}

#define INSTANTIATE(Device, Dtype)                                                              \
  template void label_rank<Device, Dtype>(ClassShape, const Dtype*, const Dtype*, Dtype*);      \
  template void mean_accuracy<Device, Dtype>(int64_t, int, IgnoreLabel, const Dtype*,           \
                                             const Dtype*, Dtype*);                             \
  template void class_accuracy<Device, Dtype>(int64_t, int64_t, int, IgnoreLabel, const Dtype*, \
                                              const Dtype*, Dtype*, Dtype*);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
