#include <vector>

#include "caffe/filler.hpp"
#include "caffe/util/math_functions.hpp"
#include "weighted_square_layer.hpp"

namespace caffe {

template <typename Dtype>
void WeightedSquareLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
    const vector<Blob<Dtype>*>& top) {
  CHECK_GE(bottom[0]->num_axes(), 2);
  channels_ = bottom[0]->shape(1);
  if (this->blobs_.size() > 0) {
    LOG(INFO) << "Skipping parameter initialization";
  } else {
    this->blobs_.resize(1);
    this->blobs_[0].reset(new Blob<Dtype>(vector<int>(1, channels_)));
    shared_ptr<Filler<Dtype> > filler(GetFiller<Dtype>(
        this->layer_param_.scale_param().filler()));
    filler->Fill(this->blobs_[0].get());
  }
  this->param_propagate_down_.resize(this->blobs_.size(), true);
}

template <typename Dtype>
void WeightedSquareLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
    const vector<Blob<Dtype>*>& top) {
  CHECK_EQ(channels_, bottom[0]->shape(1));
  inner_ = bottom[0]->count(2);
  top[0]->ReshapeLike(*bottom[0]);
  square_.ReshapeLike(*bottom[0]);
}

template <typename Dtype>
void WeightedSquareLayer<Dtype>::Forward_cpu(const vector<Blob<Dtype>*>& bottom,
    const vector<Blob<Dtype>*>& top) {
  const Dtype* weight = this->blobs_[0]->cpu_data();
  Dtype* square = square_.mutable_cpu_data();
  Dtype* top_data = top[0]->mutable_cpu_data();
  caffe_sqr(bottom[0]->count(), bottom[0]->cpu_data(), square);
  for (int n = 0; n < bottom[0]->shape(0); ++n) {
    for (int c = 0; c < channels_; ++c) {
      const int offset = (n * channels_ + c) * inner_;
      caffe_cpu_scale(inner_, weight[c], square + offset, top_data + offset);
    }
  }
}

template <typename Dtype>
void WeightedSquareLayer<Dtype>::Backward_cpu(const vector<Blob<Dtype>*>& top,
    const vector<bool>& propagate_down, const vector<Blob<Dtype>*>& bottom) {
  const Dtype* weight = this->blobs_[0]->cpu_data();
  const Dtype* square = square_.cpu_data();
  const Dtype* top_diff = top[0]->cpu_diff();
  for (int n = 0; n < bottom[0]->shape(0); ++n) {
    for (int c = 0; c < channels_; ++c) {
      const int offset = (n * channels_ + c) * inner_;
      if (this->param_propagate_down_[0]) {
        this->blobs_[0]->mutable_cpu_diff()[c] +=
            caffe_cpu_dot(inner_, square + offset, top_diff + offset);
      }
      if (propagate_down[0]) {
        Dtype* bottom_diff = bottom[0]->mutable_cpu_diff() + offset;
        caffe_mul(inner_, bottom[0]->cpu_data() + offset, top_diff + offset,
            bottom_diff);
        caffe_scal(inner_, Dtype(2) * weight[c], bottom_diff);
      }
    }
  }
}

#ifdef CPU_ONLY
STUB_GPU(WeightedSquareLayer);
#endif

INSTANTIATE_CLASS(WeightedSquareLayer);
REGISTER_LAYER_CLASS(WeightedSquare);

}  // namespace caffe
