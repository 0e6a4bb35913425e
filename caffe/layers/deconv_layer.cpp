#include "caffe/layers/deconv_layer.hpp"

#include "caffe/layers/on_device.hpp"

namespace caffe {

template <typename Dtype>
void DeconvolutionLayer<Dtype>::compute_output_shape() {
  this->output_shape_.clear();
  for (int i = 0; i < this->num_spatial_axes_; ++i) {
    const int window = this->dilation_.cpu_data()[i] * (this->kernel_shape_.cpu_data()[i] - 1) + 1;
    this->output_shape_.push_back(this->stride_.cpu_data()[i] * (this->input_shape(i + 1) - 1) +
                                  window - 2 * this->pad_.cpu_data()[i]);
  }
}

template <typename Dtype>
template <typename Device>
void DeconvolutionLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                          const vector<Blob<Dtype>*>& top) {
  const auto& blobs = this->blobs_;
  ConvEngine<Dtype>* engine = this->template engine<Device>(ConvPass::kBackwardData);
  for (size_t i = 0; i < bottom.size(); ++i) {
    if (engine != nullptr) {
      engine->BackwardData(bottom[i]->data().get(), blobs[0]->data().get(), top[i]->data().get());
    }
    for (int n = 0; n < this->num_; ++n) {
      if (engine == nullptr) {
        this->template BackwardGemm<Device>(
            Data<Device>(*bottom[i]) + int64_t(n) * this->bottom_dim_, Data<Device>(*blobs[0]),
            MutableData<Device>(top[i]) + int64_t(n) * this->top_dim_);
      }
      if (this->bias_term_) {
        this->template ForwardBias<Device>(
            MutableData<Device>(top[i]) + int64_t(n) * this->top_dim_, Data<Device>(*blobs[1]));
      }
    }
  }
}

template <typename Dtype>
template <typename Device>
void DeconvolutionLayer<Dtype>::BackwardByGemm(Blob<Dtype>* top, bool weights_wanted,
                                               bool bottom_wanted, Blob<Dtype>* bottom) {
  if (!weights_wanted && !bottom_wanted) return;
  weights_wanted = weights_wanted && !this->template WeightGemmPart<Device>(Diff<Device>(*top),
                                                                            Data<Device>(*bottom));
  Blob<Dtype>* weights = this->blobs_[0].get();
  for (int n = 0; n < this->num_; ++n) {
    const Dtype* top_diff = Diff<Device>(*top) + int64_t(n) * this->top_dim_;
    const int64_t at = int64_t(n) * this->bottom_dim_;
    if (weights_wanted) {
      this->template WeightGemm<Device>(top_diff, Data<Device>(*bottom) + at,
                                        MutableDiff<Device>(weights));
    }
    if (bottom_wanted) {
      this->template ForwardGemm<Device>(top_diff, Data<Device>(*weights),
                                         MutableDiff<Device>(bottom) + at, weights_wanted);
    }
  }
}

template <typename Dtype>
template <typename Device>
void DeconvolutionLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                           const vector<bool>& propagate_down,
                                           const vector<Blob<Dtype>*>& bottom) {
  const auto& blobs = this->blobs_;
  const bool weights_wanted = this->param_propagate_down_[0];
  ConvEngine<Dtype>* weights_engine =
      weights_wanted ? this->template engine<Device>(ConvPass::kBackwardWeights) : nullptr;
  for (size_t i = 0; i < top.size(); ++i) {
    if (this->bias_term_ && this->param_propagate_down_[1]) {
      for (int n = 0; n < this->num_; ++n) {
        this->template BackwardBias<Device>(MutableDiff<Device>(blobs[1].get()),
                                            Diff<Device>(*top[i]) + int64_t(n) * this->top_dim_);
      }
    }
    if (weights_engine != nullptr) {
      this->AddGradients(weights_engine, top[i]->diff().get(), bottom[i]->data().get(), nullptr);
    }
    ConvEngine<Dtype>* data_engine =
        propagate_down[i] ? this->template engine<Device>(ConvPass::kForward) : nullptr;
    if (data_engine != nullptr) {
      data_engine->Forward(top[i]->diff().get(), blobs[0]->data().get(), nullptr,
                           bottom[i]->diff().get());
    }
    BackwardByGemm<Device>(top[i], weights_wanted && weights_engine == nullptr,
                           propagate_down[i] && data_engine == nullptr, bottom[i]);
  }
}

CAFFE_LAYER_ON_DEVICES(DeconvolutionLayer)
INSTANTIATE_CLASS(DeconvolutionLayer);
REGISTER_LAYER_CLASS(Deconvolution);

}  // namespace caffe
