#include "caffe/layers/tile_layer.hpp"

#include "caffe/layers/on_device.hpp"
#include "caffe/layers/reduction_kernels.hpp"

namespace caffe {

template <typename Dtype>
void TileLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                               const vector<Blob<Dtype>*>& top) {
  const TileParameter& param = this->layer_param_.tile_param();
  tiles_ = param.tiles();
  Require(param.has_tiles() && tiles_ > 0, "tiles is ", tiles_,
          ", but has to say how often the bottom is repeated, 1 or more");
  axis_ = bottom[0]->CanonicalAxisIndex(param.axis());
  vector<int> shape = bottom[0]->shape();
  shape[axis_] *= tiles_;
  top[0]->Reshape(shape);
  outer_dim_ = bottom[0]->count(0, axis_);
  inner_dim_ = bottom[0]->count(axis_);
}

template <typename Dtype>
template <class Device>
void TileLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  repeat_rows<Device>(outer_dim_, tiles_, inner_dim_, Data<Device>(*bottom[0]),
                      MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void TileLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                  const vector<bool>& propagate_down,
                                  const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  repeat_rows_backward<Device>(outer_dim_, tiles_, inner_dim_, Diff<Device>(*top[0]),
                               MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(TileLayer)
INSTANTIATE_CLASS(TileLayer);
REGISTER_LAYER_CLASS(Tile);

}  // namespace caffe
