#include "caffe/layers/eltwise_layer.hpp"

#include <type_traits>

#include "caffe/device/blas.hpp"
#include "caffe/layers/eltwise_kernels.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/native/same_format.hpp"

namespace caffe {

template <typename Dtype>
void EltwiseLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  const EltwiseParameter& param = this->layer_param_.eltwise_param();
  op_ = param.operation();
  stable_prod_grad_ = param.stable_prod_grad();
  const int given = param.coeff_size();
  Require(given == 0 || given == static_cast<int>(bottom.size()), "found ", given, " coeff for ",
          bottom.size(), " bottoms. Give none, or one for each");
  Require(given == 0 || op_ != EltwiseParameter_EltwiseOp_PROD,
          "operation PROD takes no coeff. Use SUM, or scale a bottom in front of this layer");
  coeffs_.assign(bottom.size(), Dtype(1));
  for (int i = 0; i < given; ++i) coeffs_[i] = param.coeff(i);
}

template <typename Dtype>
void EltwiseLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  for (size_t i = 1; i < bottom.size(); ++i) {
    Require(bottom[i]->shape() == bottom[0]->shape(), "bottom ", i, " is ",
            ShapeText(bottom[i]->shape()), ", but bottom 0 is ", ShapeText(bottom[0]->shape()),
            ". All have to be the same");
  }
  top[0]->ReshapeLike(*bottom[0]);
  if (op_ == EltwiseParameter_EltwiseOp_MAX) max_idx_.Reshape(bottom[0]->shape());
}

template <typename Dtype>
template <class Device>
void EltwiseLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  // The record of a maximum's origin has the plain order.
  SameFormat<Device, Dtype> format(
      bottom[0]->data().get(), top[0]->count(),
      op_ == EltwiseParameter_EltwiseOp_MAX ? Layouts::kPlain : Layouts::kAll);
  const int64_t n = format.count();
  const auto read = [&](int i) { return format.Read(bottom[i]->data().get()); };
  const Dtype* a = read(0);
  const Dtype* b = read(1);
  Dtype* y = format.Write(top[0]->data().get());
  const int bottoms = static_cast<int>(bottom.size());
  switch (op_) {
    case EltwiseParameter_EltwiseOp_SUM:
      weighted_sum<Device>(n, coeffs_[0], a, coeffs_[1], b, y);
      for (int i = 2; i < bottoms; ++i) {
        weighted_sum<Device>(n, Dtype(1), y, coeffs_[i], read(i), y);
      }
      break;
    case EltwiseParameter_EltwiseOp_PROD:
      product<Device>(n, a, b, y);
      for (int i = 2; i < bottoms; ++i) product<Device>(n, y, read(i), y);
      break;
    case EltwiseParameter_EltwiseOp_MAX: {
      int* source = MutableData<Device>(&max_idx_);
      larger<Device>(n, a, b, y, source);
      for (int i = 2; i < bottoms; ++i) {
        larger_than_before<Device>(n, i, std::is_same_v<Device, Gpu>, read(i), y, source);
      }
      break;
    }
  }
}

template <typename Dtype>
template <class Device>
void EltwiseLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                     const vector<bool>& propagate_down,
                                     const vector<Blob<Dtype>*>& bottom) {
  for (int i = 0; i < static_cast<int>(bottom.size()); ++i) {
    if (!propagate_down[i]) continue;
    switch (op_) {
      case EltwiseParameter_EltwiseOp_SUM:
        BackwardSum<Device>(top, i, bottom);
        break;
      case EltwiseParameter_EltwiseOp_PROD:
        BackwardProduct<Device>(top, i, bottom);
        break;
      case EltwiseParameter_EltwiseOp_MAX:
        larger_backward<Device>(top[0]->count(), i, Data<Device>(max_idx_), Diff<Device>(*top[0]),
                                MutableDiff<Device>(bottom[i]));
        break;
    }
  }
}

template <typename Dtype>
template <class Device>
void EltwiseLayer<Dtype>::BackwardSum(const vector<Blob<Dtype>*>& top, int i,
                                      const vector<Blob<Dtype>*>& bottom) {
  SyncedMemory* top_diff = top[0]->diff().get();
  SameFormat<Device, Dtype> format(top_diff, top[0]->count(), Layouts::kAll);
  const Dtype* dy = format.Read(top_diff);
  Dtype* dx = format.Write(bottom[i]->diff().get());
  if (coeffs_[i] == Dtype(1)) {
    if (dx != dy) Copy<Device>(format.count(), dy, dx);
  } else {
    scaled_copy<Device>(format.count(), coeffs_[i], dy, dx);
  }
}

template <typename Dtype>
template <class Device>
void EltwiseLayer<Dtype>::BackwardProduct(const vector<Blob<Dtype>*>& top, int i,
                                          const vector<Blob<Dtype>*>& bottom) {
  const int64_t n = top[0]->count();
  const Dtype* dy = Diff<Device>(*top[0]);
  Dtype* dx = MutableDiff<Device>(bottom[i]);
  if (!stable_prod_grad_) {
    quotient_product<Device>(n, dy, Data<Device>(*top[0]), Data<Device>(*bottom[i]), dx);
    return;
  }
  const Dtype* factor = dy;
  for (int j = 0; j < static_cast<int>(bottom.size()); ++j) {
    if (j == i) continue;
    product<Device>(n, factor, Data<Device>(*bottom[j]), dx);
    factor = dx;
  }
}

CAFFE_LAYER_ON_DEVICES(EltwiseLayer)
INSTANTIATE_CLASS(EltwiseLayer);
REGISTER_LAYER_CLASS(Eltwise);

}  // namespace caffe
