#include <vector>

#include "caffe/util/math_functions.hpp"
#include "weighted_square_layer.hpp"

namespace caffe {

template <typename Dtype>
__global__ void WeightedSquareForward(const int n, const int channels,
    const int inner, const Dtype* weight, const Dtype* in, Dtype* square,
    Dtype* out) {
  CUDA_KERNEL_LOOP(index, n) {
    square[index] = in[index] * in[index];
    out[index] = weight[(index / inner) % channels] * square[index];
  }
}

template <typename Dtype>
__global__ void WeightedSquareBackward(const int n, const int channels,
    const int inner, const Dtype* weight, const Dtype* in,
    const Dtype* out_diff, Dtype* in_diff) {
  CUDA_KERNEL_LOOP(index, n) {
    in_diff[index] = Dtype(2) * weight[(index / inner) % channels] * in[index]
        * out_diff[index];
  }
}

template <typename Dtype>
void WeightedSquareLayer<Dtype>::Forward_gpu(const vector<Blob<Dtype>*>& bottom,
    const vector<Blob<Dtype>*>& top) {
  const int count = bottom[0]->count();
  // NOLINT_NEXT_LINE(whitespace/operators)
  WeightedSquareForward<Dtype><<<CAFFE_GET_BLOCKS(count), CAFFE_CUDA_NUM_THREADS>>>(
      count, channels_, inner_, this->blobs_[0]->gpu_data(),
      bottom[0]->gpu_data(), square_.mutable_gpu_data(),
      top[0]->mutable_gpu_data());
  CUDA_POST_KERNEL_CHECK;
}

template <typename Dtype>
void WeightedSquareLayer<Dtype>::Backward_gpu(const vector<Blob<Dtype>*>& top,
    const vector<bool>& propagate_down, const vector<Blob<Dtype>*>& bottom) {
  const int count = bottom[0]->count();
  const Dtype* top_diff = top[0]->gpu_diff();
  if (this->param_propagate_down_[0]) {
    const Dtype* square = square_.gpu_data();
    Dtype* weight_diff = this->blobs_[0]->mutable_cpu_diff();
    for (int i = 0; i < bottom[0]->shape(0) * channels_; ++i) {
      Dtype dot;
      caffe_gpu_dot(inner_, square + i * inner_, top_diff + i * inner_, &dot);
      weight_diff[i % channels_] += dot;
    }
  }
  if (propagate_down[0]) {
    // NOLINT_NEXT_LINE(whitespace/operators)
    WeightedSquareBackward<Dtype><<<CAFFE_GET_BLOCKS(count), CAFFE_CUDA_NUM_THREADS>>>(
        count, channels_, inner_, this->blobs_[0]->gpu_data(),
        bottom[0]->gpu_data(), top_diff, bottom[0]->mutable_gpu_diff());
    CUDA_POST_KERNEL_CHECK;
  }
}

INSTANTIATE_LAYER_GPU_FUNCS(WeightedSquareLayer);

}  // namespace caffe
