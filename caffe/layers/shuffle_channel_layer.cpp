#include "caffe/layers/shuffle_channel_layer.hpp"

#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void ShuffleChannelLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                            const vector<Blob<Dtype>*>& top) {
  Require(bottom[0] != top[0], "cannot work in place. Give the top another name than the bottom");
  Require(bottom[0]->num_axes() >= 2, "the bottom has ", bottom[0]->num_axes(),
          " axes, but channels need at least 2, (batch, channels, ...)");
}

template <typename Dtype>
void ShuffleChannelLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                         const vector<Blob<Dtype>*>& top) {
  const int channels = bottom[0]->shape(1);
  const int group = static_cast<int>(this->layer_param_.shuffle_channel_param().group());
  Require(group > 0 && channels % group == 0, "group is ", group, ", which does not divide the ",
          channels, " channels");
  top[0]->ReshapeLike(*bottom[0]);
  const int num = bottom[0]->shape(0), inner = bottom[0]->count(2), width = channels / group;
  forward_ = PermuteAxes({num, group, width, inner}, {0, 2, 1, 3});
  backward_ = PermuteAxes({num, width, group, inner}, {0, 2, 1, 3});
}

template <typename Dtype>
template <class Device>
void ShuffleChannelLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                           const vector<Blob<Dtype>*>& top) {
  permute<Device>(forward_, Data<Device>(*bottom[0]), MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void ShuffleChannelLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                            const vector<bool>& propagate_down,
                                            const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  permute<Device>(backward_, Diff<Device>(*top[0]), MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(ShuffleChannelLayer)
INSTANTIATE_CLASS(ShuffleChannelLayer);
REGISTER_LAYER_CLASS(ShuffleChannel);

}  // namespace caffe
