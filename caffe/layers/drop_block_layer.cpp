#include "caffe/layers/drop_block_layer.hpp"

#include <algorithm>

#include "caffe/layers/map_factors.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void DropBlockLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::LayerSetUp(bottom, top);
  const DropBlockParameter& param = this->layer_param_.drop_block_param();
  final_rate_ = 1 - KeepProbability(param);
  Require(param.block_size() > 0 && param.block_size() <= uint32_t(INT_MAX), "block_size is ",
          param.block_size(), ", but has to be at least 1");
  block_size_ = static_cast<int>(param.block_size());
  ramp_ = DropRamp(param);
}

template <typename Dtype>
void DropBlockLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::Reshape(bottom, top);
  Require(bottom[0]->num_axes() == 4, "the bottom is ", ShapeText(bottom[0]->shape()),
          ", but blocks need 4 axes, (batch, channels, height, width)");
  shape_.maps = bottom[0]->count(0, 2);
  shape_.height = bottom[0]->shape(2);
  shape_.width = bottom[0]->shape(3);
  shape_.block_height = std::min(block_size_, shape_.height);
  shape_.block_width = std::min(block_size_, shape_.width);
  if (this->phase_ == TRAIN && bottom[0]->count() > 0) {
    keep_.Reshape({static_cast<int>(shape_.maps), shape_.words()});
    kept_.Reshape({static_cast<int>(shape_.maps)});
    scale_.Reshape({1});
  }
}

template <typename Dtype>
double DropBlockLayer<Dtype>::Gamma() const {
  const double block = double(shape_.block_height) * shape_.block_width;
  return (1 - keep()) * shape_.positions() / (block * shape_.places());
}

template <typename Dtype>
template <class Device>
void DropBlockLayer<Dtype>::Keep(BlobPart part, Blob<Dtype>* from, Blob<Dtype>* to) {
  BlockFormat<Device, Dtype> format(part, {from}, {from});
  const MapLayout layout{.num = from->shape(0),
                         .channels = from->shape(1),
                         .positions = shape_.positions(),
                         .block = format.block()};
  const Dtype* x = format.Read(*from);
  keep_blocks<Device>(layout, shape_.words(), Data<Device>(keep_), Data<Device>(scale_), x,
                      format.Write(to));
}

template <typename Dtype>
template <class Device>
void DropBlockLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  drew_ = this->phase_ == TRAIN && keep() < 1 && bottom[0]->count() > 0;
  if (!drew_) {
    ScaleAll<Device>(BlobPart::kData, Dtype(1), *bottom[0], top[0]);
    return;
  }
  const uint64_t first = caffe_rng()->Reserve(shape_.maps * shape_.places());
  draw_blocks<Device>(shape_, caffe_rng()->philox(), first, BernoulliBound(Gamma()),
                      MutableData<Device>(&keep_), MutableData<Device>(&kept_));
  block_scale<Device>(shape_.maps, shape_.positions(), Data<Device>(kept_),
                      MutableData<Device>(&scale_));
  Keep<Device>(BlobPart::kData, bottom[0], top[0]);
}

template <typename Dtype>
template <class Device>
void DropBlockLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                       const vector<bool>& propagate_down,
                                       const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  if (drew_) {
    Keep<Device>(BlobPart::kDiff, top[0], bottom[0]);
  } else {
    ScaleAll<Device>(BlobPart::kDiff, Dtype(1), *top[0], bottom[0]);
  }
}

CAFFE_LAYER_ON_DEVICES(DropBlockLayer)
INSTANTIATE_CLASS(DropBlockLayer);
REGISTER_LAYER_CLASS(DropBlock);

}  // namespace caffe
