#include "caffe/layers/slice_layer.hpp"

#include "caffe/layers/column_kernels.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/native/block_format.hpp"

namespace caffe {

template <typename Dtype>
void SliceLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                   const vector<Blob<Dtype>*>& top) {
  const SliceParameter& param = this->layer_param_.slice_param();
  Require(!(param.has_axis() && param.has_slice_dim()),
          "both axis and slice_dim are given. Give axis only");
  slice_point_.assign(param.slice_point().begin(), param.slice_point().end());
}

template <typename Dtype>
void SliceLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                const vector<Blob<Dtype>*>& top) {
  const SliceParameter& param = this->layer_param_.slice_param();
  if (param.has_slice_dim()) {
    Require(param.slice_dim() < static_cast<unsigned>(bottom[0]->num_axes()), "slice_dim is ",
            param.slice_dim(), ", but the bottom has ", bottom[0]->num_axes(), " axes");
    slice_axis_ = static_cast<int>(param.slice_dim());
  } else {
    slice_axis_ = bottom[0]->CanonicalAxisIndex(param.axis());
  }
  const int tops = static_cast<int>(top.size());
  const int whole = bottom[0]->shape(slice_axis_);
  vector<int> cuts = slice_point_;
  if (cuts.empty()) {
    Require(whole % tops == 0, "axis ", slice_axis_, " has ", whole, " entries, which ", tops,
            " tops cannot share equally. Give slice_point");
    for (int i = 1; i < tops; ++i) cuts.push_back(i * (whole / tops));
  }
  Require(static_cast<int>(cuts.size()) == tops - 1, "found ", cuts.size(), " slice_point for ",
          tops, " tops, wanted are ", tops - 1);
  cuts.push_back(whole);
  vector<int> shape = bottom[0]->shape();
  int start = 0;
  for (int i = 0; i < tops; ++i) {
    // Equal parts of an empty axis are empty.
    Require(cuts[i] > start || slice_point_.empty(), "part ", i, " of axis ", slice_axis_,
            " would go from ", start, " to ", cuts[i], ". slice_point has to increase, and to ",
            "stay below ", whole);
    shape[slice_axis_] = cuts[i] - start;
    top[i]->Reshape(shape);
    start = cuts[i];
  }
  count_ = bottom[0]->count();
  num_slices_ = bottom[0]->count(0, slice_axis_);
  slice_size_ = bottom[0]->count(slice_axis_ + 1);
  if (tops == 1) {
    top[0]->ShareData(*bottom[0]);
    top[0]->ShareDiff(*bottom[0]);
  }
}

template <typename Dtype>
template <class Device>
void SliceLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  if (top.size() == 1) return;
  const int64_t bottom_width = bottom[0]->count(slice_axis_);
  using Format = BlockFormat<Device, Dtype>;
  Format format(Format::Part::kData, slice_axis_ == 1 ? bottom : vector<Blob<Dtype>*>(), top);
  const Dtype* x = format.Read(*bottom[0]);
  for (Blob<Dtype>* blob : top) {
    const int64_t width = blob->count(slice_axis_);
    copy_columns<Device>(num_slices_, width, x, bottom_width, format.Write(blob), width);
    x += width;
  }
}

template <typename Dtype>
template <class Device>
void SliceLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                   const vector<bool>& propagate_down,
                                   const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0] || top.size() == 1) return;
  const int64_t bottom_width = bottom[0]->count(slice_axis_);
  using Format = BlockFormat<Device, Dtype>;
  Format format(Format::Part::kDiff, slice_axis_ == 1 ? top : vector<Blob<Dtype>*>(), top);
  Dtype* dx = format.Write(bottom[0]);
  for (const Blob<Dtype>* blob : top) {
    const int64_t width = blob->count(slice_axis_);
    copy_columns<Device>(num_slices_, width, format.Read(*blob), width, dx, bottom_width);
    dx += width;
  }
}

CAFFE_LAYER_ON_DEVICES(SliceLayer)
INSTANTIATE_CLASS(SliceLayer);
REGISTER_LAYER_CLASS(Slice);

}  // namespace caffe
