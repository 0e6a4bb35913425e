#include "caffe/layers/reduction_layer.hpp"

#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void ReductionLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  op_ = this->layer_param_.reduction_param().operation();
}

template <typename Dtype>
void ReductionLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  const ReductionParameter& param = this->layer_param_.reduction_param();
  axis_ = bottom[0]->CanonicalAxisIndex(param.axis());
  num_ = bottom[0]->count(0, axis_);
  dim_ = bottom[0]->count(axis_);
  Require(dim_ > 0 || op_ != ReductionParameter_ReductionOp_MEAN, "the bottom is ",
          ShapeText(bottom[0]->shape()), ", and nothing has no mean");
  coeff_ = param.coeff();
  if (op_ == ReductionParameter_ReductionOp_MEAN) coeff_ /= Dtype(dim_);
  top[0]->Reshape(vector<int>(bottom[0]->shape().begin(), bottom[0]->shape().begin() + axis_));
}

template <typename Dtype>
ReductionTerm ReductionLayer<Dtype>::Term() const {
  switch (op_) {
    case ReductionParameter_ReductionOp_ASUM:
      return ReductionTerm::kMagnitude;
    case ReductionParameter_ReductionOp_SUMSQ:
      return ReductionTerm::kSquare;
    default:
      return ReductionTerm::kValue;
  }
}

template <typename Dtype>
template <class Device>
void ReductionLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  reduce_rows<Device>(Term(), num_, dim_, coeff_, Data<Device>(*bottom[0]),
                      MutableData<Device>(top[0]));
}

template <typename Dtype>
template <class Device>
void ReductionLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                       const vector<bool>& propagate_down,
                                       const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  reduce_rows_backward<Device>(Term(), num_, dim_, coeff_, Data<Device>(*bottom[0]),
                               Diff<Device>(*top[0]), MutableDiff<Device>(bottom[0]));
}

CAFFE_LAYER_ON_DEVICES(ReductionLayer)
INSTANTIATE_CLASS(ReductionLayer);
REGISTER_LAYER_CLASS(Reduction);

}  // namespace caffe
