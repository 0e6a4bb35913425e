#include "caffe/layers/axpy_layer.hpp"

#include "caffe/device/blas.hpp"
#include "caffe/layers/axpy_kernels.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void AxpyLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                               const vector<Blob<Dtype>*>& top) {
  const Blob<Dtype>&a = *bottom[0], &x = *bottom[1], &y = *bottom[2];
  Require(x.num_axes() >= 2, "bottom 1 has ", x.num_axes(), " axes, wanted are (N, C, ...)");
  Require(x.shape() == y.shape(), "bottom 1 is ", ShapeText(x.shape()), ", but bottom 2 is ",
          ShapeText(y.shape()), ". They are added and must have one shape");
  Require(
      a.num_axes() >= 2 && a.shape(0) == x.shape(0) && a.shape(1) == x.shape(1) && a.count(2) == 1,
      "bottom 0 is ", ShapeText(a.shape()), ", but must have one value for each of ", x.shape(0),
      "x", x.shape(1), " (samples x channels of bottom 1)");
  Require(top[0] != bottom[0] && top[0] != bottom[1],
          "works in place on bottom 2 only. Give the top another name");
  top[0]->ReshapeLike(x);
}

template <typename Dtype>
template <class Device>
void AxpyLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  axpy_forward<Device>(bottom[0]->count(), bottom[1]->count(2), Data<Device>(*bottom[0]),
                       Data<Device>(*bottom[1]), Data<Device>(*bottom[2]),
                       MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void AxpyLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                  const vector<bool>& propagate_down,
                                  const vector<Blob<Dtype>*>& bottom) {
  const int64_t planes = bottom[0]->count(), inner = bottom[1]->count(2);
  const Dtype* dz = Diff<Device>(*top[0]);
  if (propagate_down[0]) {
    axpy_backward_a<Device>(planes, inner, Data<Device>(*bottom[1]), dz,
                            MutableDiff<Device>(bottom[0]));
  }
  if (propagate_down[1]) {
    axpy_backward_x<Device>(planes, inner, Data<Device>(*bottom[0]), dz,
                            MutableDiff<Device>(bottom[1]));
  }
  if (propagate_down[2] && bottom[2] != top[0]) {
    Copy<Device>(bottom[2]->count(), dz, MutableDiff<Device>(bottom[2]));
  }
}

CAFFE_LAYER_ON_DEVICES(AxpyLayer)
INSTANTIATE_CLASS(AxpyLayer);
REGISTER_LAYER_CLASS(Axpy);

}  // namespace caffe
