#include "caffe/layers/crop_layer.hpp"

#include "caffe/device/blas.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void CropLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  const CropParameter& param = this->layer_param_.crop_param();
  const int axis = bottom[0]->CanonicalAxisIndex(param.axis());
  const int cut = bottom[0]->num_axes() - axis;
  Require(param.offset_size() <= 1 || param.offset_size() == cut, "found ", param.offset_size(),
          " offsets for the ", cut, " axes from ", axis, " on. Give none, one, or one for each");
}

template <typename Dtype>
void CropLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                               const vector<Blob<Dtype>*>& top) {
  const CropParameter& param = this->layer_param_.crop_param();
  const Blob<Dtype>&from = *bottom[0], &like = *bottom[1];
  Require(from.num_axes() == like.num_axes(), "bottom 0 is ", ShapeText(from.shape()),
          ", but bottom 1 is ", ShapeText(like.shape()), ". They need as many axes");
  Require(from.num_axes() <= PermutedAxes::kMax, "the bottoms have ", from.num_axes(),
          " axes, at most ", PermutedAxes::kMax, " can be cut");
  const int first = from.CanonicalAxisIndex(param.axis());
  vector<int> shape = from.shape();
  window_ = PermutedAxes();
  window_.axes = from.num_axes();
  begin_ = 0;
  for (int axis = 0; axis < from.num_axes(); ++axis) {
    int64_t offset = 0;
    if (axis >= first) {
      shape[axis] = like.shape(axis);
      if (param.offset_size() > 0) {
        offset = param.offset(param.offset_size() == 1 ? 0 : axis - first);
      }
      Require(offset + shape[axis] <= from.shape(axis), "axis ", axis, " of bottom 0 has ",
              from.shape(axis), " elements, too few for offset ", offset, " and the ", shape[axis],
              " of bottom 1");
    }
    window_.size[axis] = shape[axis];
    window_.stride[axis] = from.count(axis + 1);
    begin_ += offset * window_.stride[axis];
  }
  top[0]->Reshape(shape);
}

template <typename Dtype>
template <class Device>
void CropLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  permute<Device>(window_, Data<Device>(*bottom[0]) + begin_, MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void CropLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                  const vector<bool>& propagate_down,
                                  const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  Dtype* dx = MutableDiff<Device>(bottom[0]);
  Fill<Device>(bottom[0]->count(), Dtype(0), dx);
  permute_back<Device>(window_, Diff<Device>(*top[0]), dx + begin_);
}

CAFFE_LAYER_ON_DEVICES(CropLayer)
INSTANTIATE_CLASS(CropLayer);
REGISTER_LAYER_CLASS(Crop);

}  // namespace caffe
