#include "caffe/layers/spatial_dropout_layer.hpp"

#include "caffe/layers/keep_probability.hpp"
#include "caffe/layers/map_factor_kernels.hpp"
#include "caffe/layers/map_factors.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

template <typename Dtype>
void SpatialDropoutLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                            const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::LayerSetUp(bottom, top);
  keep_ = KeepProbability(this->layer_param_.spatial_dropout_param());
}

template <typename Dtype>
void SpatialDropoutLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                         const vector<Blob<Dtype>*>& top) {
  NeuronLayer<Dtype>::Reshape(bottom, top);
  Require(bottom[0]->num_axes() >= 2, "the bottom is ", ShapeText(bottom[0]->shape()),
          ", but maps need at least 2 axes, (batch, channels, ...)");
  if (Drops()) factor_.Reshape({bottom[0]->shape(0), bottom[0]->shape(1)});
}

template <typename Dtype>
template <class Device>
void SpatialDropoutLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                           const vector<Blob<Dtype>*>& top) {
  if (!Drops()) {
    ScaleAll<Device>(BlobPart::kData, Dtype(1), *bottom[0], top[0]);
    return;
  }
  const int64_t maps = factor_.count();
  const uint64_t first = caffe_rng()->Reserve(maps);
  draw_factors<Device>(maps, false, caffe_rng()->philox(), first, BernoulliBound(1 - keep_),
                       Dtype(1 / keep_), MutableData<Device>(&factor_));
  ScaleMaps<Device>(BlobPart::kData, factor_, *bottom[0], top[0]);
}

template <typename Dtype>
template <class Device>
void SpatialDropoutLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                            const vector<bool>& propagate_down,
                                            const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  if (Drops()) {
    ScaleMaps<Device>(BlobPart::kDiff, factor_, *top[0], bottom[0]);
  } else {
    ScaleAll<Device>(BlobPart::kDiff, Dtype(1), *top[0], bottom[0]);
  }
}

CAFFE_LAYER_ON_DEVICES(SpatialDropoutLayer)
INSTANTIATE_CLASS(SpatialDropoutLayer);
REGISTER_LAYER_CLASS(SpatialDropout);

}  // namespace caffe
