#include "caffe/layers/pooling_layer.hpp"

#include <cfloat>
#include <cmath>
#include <type_traits>

#include "caffe/layers/on_device.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {
namespace {

/// A property given once for both axes, as *_h and *_w, or not at all.
struct PoolPair {
  const char* name;        // of the field for both axes
  const char* short_name;  // before _h and _w
  bool has_both, has_h, has_w;
  uint32_t both, h, w;

  bool given() const { return has_both || has_h || has_w; }

  void Read(int* out_h, int* out_w) const {
    Require(!has_both || !(has_h || has_w), name, " and ", short_name,
            "_h/_w are both given. Leave one out.");
    Require(has_h == has_w, "Only one of ", short_name, "_h and ", short_name,
            "_w is given. Give both, or ", name, ".");
    const uint32_t y = has_h ? h : both, x = has_h ? w : both;
    Require(y <= uint32_t(INT_MAX) && x <= uint32_t(INT_MAX), name, " is too large.");
    *out_h = static_cast<int>(y);
    *out_w = static_cast<int>(x);
  }
};

int PooledSize(int in, int kernel, int stride, int pad, bool padded, bool round_down) {
  const double steps = static_cast<double>(in + 2 * pad - kernel) / stride;
  int out = static_cast<int>(round_down ? std::floor(steps) : std::ceil(steps)) + 1;
  if (padded && (out - 1) * stride >= in + pad) --out;
  return out;
}

}  // namespace

template <typename Dtype>
void PoolingLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                     const vector<Blob<Dtype>*>& top) {
  const PoolingParameter& p = this->layer_param_.pooling_param();
  const PoolPair kernel{"kernel_size",    "kernel",        p.has_kernel_size(), p.has_kernel_h(),
                        p.has_kernel_w(), p.kernel_size(), p.kernel_h(),        p.kernel_w()};
  const PoolPair pad{"pad",         "pad",   p.has_pad(), p.has_pad_h(),
                     p.has_pad_w(), p.pad(), p.pad_h(),   p.pad_w()};
  const PoolPair stride{"stride",         "stride",   p.has_stride(), p.has_stride_h(),
                        p.has_stride_w(), p.stride(), p.stride_h(),   p.stride_w()};
  global_pooling_ = p.global_pooling();
  round_mode_ = p.round_mode();
  pad.Read(&pad_h_, &pad_w_);
  stride.Read(&stride_h_, &stride_w_);
  if (global_pooling_) {
    Require(!kernel.given(), "global_pooling takes the whole plane. Leave the kernel size out.");
    Require(pad_h_ == 0 && pad_w_ == 0 && stride_h_ == 1 && stride_w_ == 1,
            "global_pooling goes with pad 0 and stride 1 only.");
    return;
  }
  Require(kernel.given(), "There is no kernel size. Give kernel_size, or kernel_h and kernel_w, ",
          "or global_pooling: true.");
  kernel.Read(&kernel_h_, &kernel_w_);
  Require(kernel_h_ > 0 && kernel_w_ > 0, "The kernel is ", kernel_h_, "x", kernel_w_,
          ". Both sizes must be positive.");
  Require(stride_h_ > 0 && stride_w_ > 0, "The stride is ", stride_h_, "x", stride_w_,
          ". Both must be positive.");
  if (pad_h_ != 0 || pad_w_ != 0) {
    Require(p.pool() != PoolingParameter::STOCHASTIC,
            "Padding is for MAX and AVE pooling only, not for STOCHASTIC.");
    Require(pad_h_ < kernel_h_ && pad_w_ < kernel_w_, "pad ", pad_h_, "x", pad_w_,
            " is not smaller than the kernel ", kernel_h_, "x", kernel_w_, ".");
  }
}

template <typename Dtype>
void PoolingLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                  const vector<Blob<Dtype>*>& top) {
  Require(bottom[0]->num_axes() == 4, "The bottom has shape ", ShapeText(bottom[0]->shape()),
          ". Pooling needs 4 axes: number x channels x height x width.");
  channels_ = bottom[0]->channels();
  height_ = bottom[0]->height();
  width_ = bottom[0]->width();
  if (global_pooling_) {
    kernel_h_ = height_;
    kernel_w_ = width_;
  }
  const bool padded = pad_h_ != 0 || pad_w_ != 0;
  const bool round_down = round_mode_ == PoolingParameter_RoundMode_FLOOR;
  pooled_height_ = PooledSize(height_, kernel_h_, stride_h_, pad_h_, padded, round_down);
  pooled_width_ = PooledSize(width_, kernel_w_, stride_w_, pad_w_, padded, round_down);
  Require(pooled_height_ > 0 && pooled_width_ > 0, "The kernel ", kernel_h_, "x", kernel_w_,
          " with pad ", pad_h_, "x", pad_w_, " does not fit the bottom's ", height_, "x", width_,
          ".");
  WarnOfEmptyWindows();
  top[0]->Reshape(bottom[0]->num(), channels_, pooled_height_, pooled_width_);
  if (top.size() > 1) top[1]->ReshapeLike(*top[0]);
  const auto method = this->layer_param_.pooling_param().pool();
  if (method == PoolingParameter::MAX && top.size() == 1) max_idx_.Reshape(top[0]->shape());
  if (method == PoolingParameter::STOCHASTIC) rand_idx_.ReshapeLike(*top[0]);
}

/// A stride above the kernel lets the last window begin beyond the image.
template <typename Dtype>
void PoolingLayer<Dtype>::WarnOfEmptyWindows() {
  const bool beyond = (pooled_height_ - 1) * stride_h_ - pad_h_ >= height_ ||
                      (pooled_width_ - 1) * stride_w_ - pad_w_ >= width_;
  LOG_IF(WARNING, beyond && !warned_)
      << this->layer_param_.name() << " (Pooling): the last windows lie outside the image ("
      << height_ << "x" << width_ << ", kernel " << kernel_h_ << "x" << kernel_w_ << ", stride "
      << stride_h_ << "x" << stride_w_ << "), so their output is not a pooled value (for MAX, "
      << -FLT_MAX << "). Set round_mode: FLOOR in pooling_param to leave them out.";
  warned_ |= beyond;
}

template <typename Dtype>
PoolShape PoolingLayer<Dtype>::Shape(const Blob<Dtype>& bottom) const {
  return {.planes = bottom.num() * channels_,
          .height = height_,
          .width = width_,
          .pooled_h = pooled_height_,
          .pooled_w = pooled_width_,
          .kernel_h = kernel_h_,
          .kernel_w = kernel_w_,
          .stride_h = stride_h_,
          .stride_w = stride_w_,
          .pad_h = pad_h_,
          .pad_w = pad_w_};
}

template <typename Dtype>
typename BlockedPooling<Dtype>::Method PoolingLayer<Dtype>::BlockedMethod() const {
  using Method = typename BlockedPooling<Dtype>::Method;
  const auto method = this->layer_param_.pooling_param().pool();
  return method == PoolingParameter::MAX ? Method::kMax : Method::kAverage;
}

template <typename Dtype>
bool PoolingLayer<Dtype>::TakesBlocks(const vector<Blob<Dtype>*>& top) const {
  return this->layer_param_.pooling_param().pool() != PoolingParameter::STOCHASTIC &&
         top.size() == 1;
}

template <typename Dtype>
template <class Device>
void PoolingLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                    const vector<Blob<Dtype>*>& top) {
  const PoolShape shape = Shape(*bottom[0]);
  blocked_.set_ran(false);
  if constexpr (std::is_same_v<Device, Cpu>) {
    if (TakesBlocks(top) && blocked_.Forward(BlockedMethod(), shape, channels_,
                                             bottom[0]->data().get(), top[0]->data().get())) {
      return;
    }
  }
  const Dtype* in = Data<Device>(*bottom[0]);
  Dtype* out = MutableData<Device>(top[0]);
  const auto method = this->layer_param_.pooling_param().pool();
  if (method == PoolingParameter::AVE) {
    ave_pool_forward<Device>(shape, in, out);
  } else if (method == PoolingParameter::STOCHASTIC && this->phase_ == TRAIN) {
    const uint64_t first = caffe_rng()->Reserve(rand_idx_.count());
    stochastic_pool_train<Device>(shape, caffe_rng()->philox(), first, in, out,
                                  MutableData<Device>(&rand_idx_));
  } else if (method == PoolingParameter::STOCHASTIC) {
    stochastic_pool_test<Device>(shape, in, out);
  } else if (top.size() > 1) {
    max_pool_forward<Device>(shape, in, out, MutableData<Device>(top[1]));
  } else {
    max_pool_forward<Device>(shape, in, out, MutableData<Device>(&max_idx_));
  }
}

template <typename Dtype>
template <class Device>
void PoolingLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                     const vector<bool>& propagate_down,
                                     const vector<Blob<Dtype>*>& bottom) {
  if (!propagate_down[0]) return;
  const PoolShape shape = Shape(*bottom[0]);
  if (blocked_.ran()) {
    blocked_.Backward(BlockedMethod(), shape, top[0]->diff().get(), bottom[0]->diff().get());
    return;
  }
  const Dtype* out_diff = Diff<Device>(*top[0]);
  Dtype* in_diff = MutableDiff<Device>(bottom[0]);
  const auto method = this->layer_param_.pooling_param().pool();
  if (method == PoolingParameter::AVE) {
    ave_pool_backward<Device>(shape, out_diff, in_diff);
  } else if (method == PoolingParameter::STOCHASTIC) {
    Require(this->phase_ == TRAIN, "STOCHASTIC pooling has a gradient in phase TRAIN only.");
    indexed_pool_backward<Device>(shape, out_diff, Data<Device>(rand_idx_), in_diff);
  } else if (top.size() > 1) {
    indexed_pool_backward<Device>(shape, out_diff, Data<Device>(*top[1]), in_diff);
  } else {
    indexed_pool_backward<Device>(shape, out_diff, Data<Device>(max_idx_), in_diff);
  }
}

CAFFE_LAYER_ON_DEVICES(PoolingLayer)
INSTANTIATE_CLASS(PoolingLayer);
REGISTER_LAYER_CLASS(Pooling);

}  // namespace caffe
