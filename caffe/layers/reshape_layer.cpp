#include "caffe/layers/reshape_layer.hpp"

namespace caffe {

template <typename Dtype>
void ReshapeLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  const BlobShape& shape = this->layer_param_.reshape_param().shape();
  inferred_axis_ = -1;
  copy_axes_.clear();
  constant_count_ = 1;
  for (int i = 0; i < shape.dim_size(); ++i) {
    const int64_t dim = shape.dim(i);
    if (dim == 0) {
      copy_axes_.push_back(i);
    } else if (dim == -1) {
      Require(inferred_axis_ == -1, "dim ", inferred_axis_, " and dim ", i,
              " of the new shape are both -1, but only one can be inferred");
      inferred_axis_ = i;
    } else {
      Require(dim > 0 && dim <= INT_MAX / constant_count_, "dim ", i, " of the new shape is ", dim,
              ". It has to be a size, 0 to copy the bottom's, or -1 to infer it");
      constant_count_ *= static_cast<int>(dim);
    }
  }
}

template <typename Dtype>
void ReshapeLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  Require(top[0] != bottom[0], "this layer type cannot work in place");
  const ReshapeParameter& param = this->layer_param_.reshape_param();
  const vector<int>& from = bottom[0]->shape();
  const int axes = bottom[0]->num_axes();
  const int start = param.axis() >= 0 ? param.axis() : axes + param.axis() + 1;
  Require(start >= 0 && start <= axes, "axis is ", param.axis(), ", but the bottom, ",
          ShapeText(from), ", has ", axes, " axes");
  Require(param.num_axes() >= -1, "num_axes is ", param.num_axes(),
          ", but has to be -1 (all that follow) or more");
  const int end = param.num_axes() == -1 ? axes : start + param.num_axes();
  Require(end <= axes, "axis ", param.axis(), " and num_axes ", param.num_axes(), " go up to axis ",
          end, ", but the bottom, ", ShapeText(from), ", has ", axes, " axes");

  vector<int> shape(from.begin(), from.begin() + start);
  for (int i = 0; i < param.shape().dim_size(); ++i) {
    shape.push_back(static_cast<int>(param.shape().dim(i)));
  }
  shape.insert(shape.end(), from.begin() + end, from.end());
  int64_t known = int64_t(constant_count_) * bottom[0]->count(0, start) * bottom[0]->count(end);
  for (const int i : copy_axes_) {
    Require(start + i < end, "dim ", i, " of the new shape is 0, but the bottom, ", ShapeText(from),
            ", has no such axis to copy among those that are replaced");
    shape[start + i] = from[start + i];
    known *= from[start + i];
  }
  if (inferred_axis_ >= 0) {
    Require(known > 0 && bottom[0]->count() % known == 0, "the bottom, ", ShapeText(from), ", has ",
            bottom[0]->count(), " values, which the other dimensions, with a product ", "of ",
            known, ", do not divide");
    shape[start + inferred_axis_] = static_cast<int>(bottom[0]->count() / known);
  }
  int64_t count = 1;
  for (const int dim : shape) count *= dim;
  Require(count == bottom[0]->count(), "the bottom, ", ShapeText(from), ", has ",
          bottom[0]->count(), " values, but the new shape, ", ShapeText(shape), ", has ", count);
  top[0]->Reshape(shape);
  top[0]->ShareData(*bottom[0]);
  top[0]->ShareDiff(*bottom[0]);
}

INSTANTIATE_CLASS(ReshapeLayer);
REGISTER_LAYER_CLASS(Reshape);

}  // namespace caffe
