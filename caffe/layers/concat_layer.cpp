#include "caffe/layers/concat_layer.hpp"

#include "caffe/layers/column_kernels.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/native/block_format.hpp"

namespace caffe {

template <typename Dtype>
void ConcatLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  const ConcatParameter& param = this->layer_param_.concat_param();
  Require(!(param.has_axis() && param.has_concat_dim()),
          "both axis and concat_dim are given. Give axis only");
}

template <typename Dtype>
void ConcatLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                 const vector<Blob<Dtype>*>& top) {
  const ConcatParameter& param = this->layer_param_.concat_param();
  if (param.has_concat_dim()) {
    Require(param.concat_dim() < static_cast<unsigned>(bottom[0]->num_axes()), "concat_dim is ",
            param.concat_dim(), ", but the bottoms have ", bottom[0]->num_axes(), " axes");
    concat_axis_ = static_cast<int>(param.concat_dim());
  } else {
    concat_axis_ = bottom[0]->CanonicalAxisIndex(param.axis());
  }
  vector<int> shape = bottom[0]->shape();
  for (size_t i = 1; i < bottom.size(); ++i) {
    vector<int> expected = bottom[i]->shape();
    bool fits = expected.size() == shape.size();
    if (fits) expected[concat_axis_] = shape[concat_axis_];
    fits = fits && expected == shape;
    Require(fits, "bottom ", i, " is ", ShapeText(bottom[i]->shape()), ", but bottom 0 is ",
            ShapeText(bottom[0]->shape()), ". All axes but axis ", concat_axis_,
            " have to be the same");
    shape[concat_axis_] += bottom[i]->shape(concat_axis_);
  }
  num_concats_ = bottom[0]->count(0, concat_axis_);
  concat_input_size_ = bottom[0]->count(concat_axis_ + 1);
  top[0]->Reshape(shape);
  count_ = top[0]->count();
  if (bottom.size() == 1) {
    top[0]->ShareData(*bottom[0]);
    top[0]->ShareDiff(*bottom[0]);
  }
}

template <typename Dtype>
template <class Device>
void ConcatLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                   const vector<Blob<Dtype>*>& top) {
  if (bottom.size() == 1) return;
  const int64_t top_width = top[0]->count(concat_axis_);
  using Format = BlockFormat<Device, Dtype>;
  Format format(Format::Part::kData, concat_axis_ == 1 ? bottom : vector<Blob<Dtype>*>(), bottom);
  Dtype* y = format.Write(top[0]);
  for (const Blob<Dtype>* blob : bottom) {
    const int64_t width = blob->count(concat_axis_);
    copy_columns<Device>(num_concats_, width, format.Read(*blob), width, y, top_width);
    y += width;
  }
}

template <typename Dtype>
template <class Device>
void ConcatLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                    const vector<bool>& propagate_down,
                                    const vector<Blob<Dtype>*>& bottom) {
  if (bottom.size() == 1) return;
  const int64_t top_width = top[0]->count(concat_axis_);
  using Format = BlockFormat<Device, Dtype>;
  Format format(Format::Part::kDiff, concat_axis_ == 1 ? top : vector<Blob<Dtype>*>(), bottom);
  const Dtype* dy = format.Read(*top[0]);
  for (size_t i = 0; i < bottom.size(); ++i) {
    const int64_t width = bottom[i]->count(concat_axis_);
    if (propagate_down[i]) {
      copy_columns<Device>(num_concats_, width, dy, top_width, format.Write(bottom[i]), width);
    }
    dy += width;
  }
}

CAFFE_LAYER_ON_DEVICES(ConcatLayer)
INSTANTIATE_CLASS(ConcatLayer);
REGISTER_LAYER_CLASS(Concat);

}  // namespace caffe
