#include "caffe/layers/layer_norm_layer.hpp"

#include "caffe/filler.hpp"
#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void LayerNormLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  const LayerNormParameter& param = this->layer_param_.layer_norm_param();
  Require(param.eps() > 0, "eps is ", param.eps(), ", but has to be above 0.");
  eps_ = Dtype(param.eps());
  affine_ = param.affine();
  const int axis = bottom[0]->CanonicalAxisIndex(param.axis());
  normalized_shape_.assign(bottom[0]->shape().begin() + axis, bottom[0]->shape().end());
  Require(bottom[0]->count(axis) > 0, "There is nothing to normalise in a bottom of shape ",
          ShapeText(bottom[0]->shape()), ".");
  auto& blobs = this->blobs_;
  if (!affine_) {
    Require(blobs.empty(), "The definition brings ", blobs.size(),
            " blobs of weights; with affine ", "false there are none.");
  } else if (blobs.empty()) {
    FillerParameter ones;
    ones.set_value(1);
    for (const FillerParameter& filler :
         {param.has_filler() ? param.filler() : ones, param.bias_filler()}) {
      blobs.emplace_back(new Blob<Dtype>(normalized_shape_));
      shared_ptr<Filler<Dtype>>(GetFiller<Dtype>(filler))->Fill(blobs.back().get());
    }
  } else {
    Require(blobs.size() == 2, "The definition brings ", blobs.size(),
            " blobs of weights; there are 2, scale and shift.");
    for (const auto& blob : blobs) {
      Require(blob->shape() == normalized_shape_, "The definition brings weights of shape ",
              ShapeText(blob->shape()), "; this layer has ", ShapeText(normalized_shape_), ".");
    }
  }
  this->param_propagate_down_.resize(blobs.size(), true);
}

template <typename Dtype>
void LayerNormLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  Require(top[0] != bottom[0], "this layer type cannot work in place");
  const vector<int>& shape = bottom[0]->shape();
  const size_t axes = normalized_shape_.size();
  Require(shape.size() >= axes &&
              std::equal(normalized_shape_.begin(), normalized_shape_.end(), shape.end() - axes),
          "The bottom is ", ShapeText(shape), ", but the layer was set up to normalise ",
          ShapeText(normalized_shape_), ".");
  const int rows = bottom[0]->count(0, bottom[0]->num_axes() - static_cast<int>(axes));
  shape_ = {.rows = rows, .columns = bottom[0]->count() / std::max(rows, 1)};
  top[0]->ReshapeLike(*bottom[0]);
  mean_.Reshape({rows});
  inverse_deviation_.Reshape({rows});
}

template <typename Dtype>
template <class Device>
void LayerNormLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  if (bottom[0]->count() == 0) return;
  layer_norm_forward<Device, Dtype>(
      shape_, eps_, Data<Device>(*bottom[0]), affine_ ? Data<Device>(*this->blobs_[0]) : nullptr,
      affine_ ? Data<Device>(*this->blobs_[1]) : nullptr,
      {MutableData<Device>(&mean_), MutableData<Device>(&inverse_deviation_)},
      MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void LayerNormLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                       const vector<bool>& propagate_down,
                                       const vector<Blob<Dtype>*>& bottom) {
  if (bottom[0]->count() == 0) return;
  const Dtype* x = Data<Device>(*bottom[0]);
  const Dtype* dy = Diff<Device>(*top[0]);
  const RowStatistics<const Dtype> statistics{Data<Device>(mean_),
                                              Data<Device>(inverse_deviation_)};
  if (affine_ && (this->param_propagate_down_[0] || this->param_propagate_down_[1])) {
    const int64_t blocks = (shape_.rows + kLayerNormBlock - 1) / kLayerNormBlock;
    column_sums_.Reshape({2, static_cast<int>(blocks), static_cast<int>(shape_.columns)});
    const auto gradient = [this](int i) -> Dtype* {
      if (!this->param_propagate_down_[i]) return nullptr;
      return MutableDiff<Device>(this->blobs_[i].get());
    };
    layer_norm_backward_affine<Device, Dtype>(
        shape_, statistics, x, dy, MutableData<Device>(&column_sums_), gradient(0), gradient(1));
  }
  if (propagate_down[0]) {
    row_means_.Reshape({2, static_cast<int>(shape_.rows)});
    layer_norm_backward<Device, Dtype>(
        shape_, statistics, x, affine_ ? Data<Device>(*this->blobs_[0]) : nullptr, dy,
        MutableData<Device>(&row_means_), MutableDiff<Device>(bottom[0]));
  }
}

CAFFE_LAYER_ON_DEVICES(LayerNormLayer)
INSTANTIATE_CLASS(LayerNormLayer);
REGISTER_LAYER_CLASS(LayerNorm);

}  // namespace caffe
