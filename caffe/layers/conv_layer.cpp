#include "caffe/layers/conv_layer.hpp"

#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void ConvolutionLayer<Dtype>::compute_output_shape() {
  this->output_shape_.clear();
  for (int i = 0; i < this->num_spatial_axes_; ++i) {
    this->output_shape_.push_back(WindowOutputs(
        this->input_shape(i + 1), this->kernel_shape_.cpu_data()[i], this->pad_.cpu_data()[i],
        this->stride_.cpu_data()[i], this->dilation_.cpu_data()[i]));
  }
}

template <typename Dtype>
template <typename Device>
void ConvolutionLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                        const vector<Blob<Dtype>*>& top) {
  const auto& blobs = this->blobs_;
  ConvEngine<Dtype>* engine = this->template engine<Device>(ConvPass::kForward);
  for (size_t i = 0; i < bottom.size(); ++i) {
    if (engine != nullptr) {
      engine->Forward(bottom[i]->data().get(), blobs[0]->data().get(),
                      this->bias_term_ ? blobs[1]->data().get() : nullptr, top[i]->data().get());
      continue;
    }
    const Dtype* weights = Data<Device>(*blobs[0]);
    const Dtype* in = Data<Device>(*bottom[i]);
    Dtype* out = MutableData<Device>(top[i]);
    for (int n = 0; n < this->num_; ++n) {
      this->template ForwardGemm<Device>(in + int64_t(n) * this->bottom_dim_, weights,
                                         out + int64_t(n) * this->top_dim_, false);
      if (this->bias_term_) {
        this->template ForwardBias<Device>(out + int64_t(n) * this->top_dim_,
                                           Data<Device>(*blobs[1]));
      }
    }
  }
}

template <typename Dtype>
template <typename Device>
void ConvolutionLayer<Dtype>::BackwardByGemm(const Blob<Dtype>& top, bool weights_wanted,
                                             bool bottom_wanted, Blob<Dtype>* bottom) {
  if (!weights_wanted && !bottom_wanted) return;
  const auto& blobs = this->blobs_;
  const bool all_wanted = weights_wanted && !this->template WeightGemmPart<Device>(
                                                Data<Device>(*bottom), Diff<Device>(top));
  for (int n = 0; n < this->num_; ++n) {
    const Dtype* out_diff = Diff<Device>(top) + int64_t(n) * this->top_dim_;
    const int64_t at = int64_t(n) * this->bottom_dim_;
    if (all_wanted) {
      this->template WeightGemm<Device>(Data<Device>(*bottom) + at, out_diff,
                                        MutableDiff<Device>(blobs[0].get()));
    }
    if (bottom_wanted) {
      this->template BackwardGemm<Device>(out_diff, Data<Device>(*blobs[0]),
                                          MutableDiff<Device>(bottom) + at);
    }
  }
}

template <typename Dtype>
template <typename Device>
void ConvolutionLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                         const vector<bool>& propagate_down,
                                         const vector<Blob<Dtype>*>& bottom) {
  const auto& blobs = this->blobs_;
  const bool weights_wanted = this->param_propagate_down_[0];
  const bool bias_wanted = this->bias_term_ && this->param_propagate_down_[1];
  ConvEngine<Dtype>* weights_engine =
      weights_wanted ? this->template engine<Device>(ConvPass::kBackwardWeights) : nullptr;
  for (size_t i = 0; i < top.size(); ++i) {
    if (weights_engine != nullptr) {
      this->AddGradients(weights_engine, bottom[i]->data().get(), top[i]->diff().get(),
                         bias_wanted ? blobs[1]->diff().get() : nullptr);
    } else if (bias_wanted) {
      for (int n = 0; n < this->num_; ++n) {
        this->template BackwardBias<Device>(MutableDiff<Device>(blobs[1].get()),
                                            Diff<Device>(*top[i]) + int64_t(n) * this->top_dim_);
      }
    }
    ConvEngine<Dtype>* data_engine =
        propagate_down[i] ? this->template engine<Device>(ConvPass::kBackwardData) : nullptr;
    if (data_engine != nullptr) {
      data_engine->BackwardData(top[i]->diff().get(), blobs[0]->data().get(),
                                bottom[i]->diff().get());
    }
    BackwardByGemm<Device>(*top[i], weights_wanted && weights_engine == nullptr,
                           propagate_down[i] && data_engine == nullptr, bottom[i]);
  }
}

CAFFE_LAYER_ON_DEVICES(ConvolutionLayer)
INSTANTIATE_CLASS(ConvolutionLayer);
REGISTER_LAYER_CLASS(Convolution);

}  // namespace caffe
