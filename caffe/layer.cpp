#include "caffe/layer.hpp"

#include "caffe/device/blas.hpp"

namespace caffe {

template <typename Dtype>
Layer<Dtype>::Layer(const LayerParameter& param) : layer_param_(param), phase_(param.phase()) {
  for (const BlobProto& stored : layer_param_.blobs()) {
    blobs_.push_back(std::make_shared<Blob<Dtype>>());
    blobs_.back()->FromProto(stored);
  }
}

template <typename Dtype>
void Layer<Dtype>::SetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) {
  CheckBlobCounts(bottom, top);
  LayerSetUp(bottom, top);
  Reshape(bottom, top);
  SetLossWeights(top);
}

namespace {

/// Refuses `found` blobs where a layer type wants another number; -1 stands for "any".
void CheckCount(const char* type, const char* what, int found, int exact, int least, int most) {
  Require(exact < 0 || found == exact, "a ", type, " layer takes exactly ", exact, " ", what,
          "(s), this one has ", found);
  Require(least < 0 || found >= least, "a ", type, " layer takes at least ", least, " ", what,
          "(s), this one has ", found);
  Require(most < 0 || found <= most, "a ", type, " layer takes at most ", most, " ", what,
          "(s), this one has ", found);
}

}  // namespace

template <typename Dtype>
void Layer<Dtype>::CheckBlobCounts(const vector<Blob<Dtype>*>& bottom,
                                   const vector<Blob<Dtype>*>& top) {
  const int bottoms = static_cast<int>(bottom.size());
  const int tops = static_cast<int>(top.size());
  CheckCount(type(), "bottom", bottoms, ExactNumBottomBlobs(), MinBottomBlobs(), MaxBottomBlobs());
  CheckCount(type(), "top", tops, ExactNumTopBlobs(), MinTopBlobs(), MaxTopBlobs());
  Require(!EqualNumBottomTopBlobs() || bottoms == tops, "a ", type(),
          " layer makes one top of each bottom; this one has ", bottoms, " bottom(s) and ", tops,
          " top(s)");
}

template <typename Dtype>
void Layer<Dtype>::SetLossWeights(const vector<Blob<Dtype>*>& top) {
  const int weights = layer_param_.loss_weight_size();
  if (weights == 0) return;
  Require(weights == static_cast<int>(top.size()), "loss_weight is given ", weights,
          " time(s) for ", top.size(), " top(s); give one for each top, or none");
  for (int i = 0; i < weights; ++i) {
    const Dtype weight = layer_param_.loss_weight(i);
    if (weight == Dtype(0)) continue;
    set_loss(i, weight);
    // Backward multiplies by this diff, so it stays for the life of the net.
    caffe_set(top[i]->count(), weight, top[i]->mutable_cpu_diff());
  }
}

template <typename Dtype>
Dtype Layer<Dtype>::Forward(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) {
  Reshape(bottom, top);
  const bool on_gpu = Caffe::mode() == Caffe::GPU;
  if (on_gpu) {
    Forward_gpu(bottom, top);
  } else {
    Forward_cpu(bottom, top);
  }
  Dtype total = 0;
  for (size_t i = 0; i < top.size(); ++i) {
    if (loss(static_cast<int>(i)) == Dtype(0)) continue;
    total += on_gpu ? Dot<Gpu>(top[i]->count(), top[i]->gpu_data(), top[i]->gpu_diff())
                    : Dot<Cpu>(top[i]->count(), top[i]->cpu_data(), top[i]->cpu_diff());
  }
  return total;
}

template <typename Dtype>
void Layer<Dtype>::Backward(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                            const vector<Blob<Dtype>*>& bottom) {
  if (Caffe::mode() == Caffe::GPU) {
    Backward_gpu(top, propagate_down, bottom);
  } else {
    Backward_cpu(top, propagate_down, bottom);
  }
}

template <typename Dtype>
void Layer<Dtype>::ToProto(LayerParameter* param, bool write_diff) {
  param->Clear();
  param->CopyFrom(layer_param_);
  param->clear_blobs();
  param->clear_source_location();
  for (const auto& blob : blobs_) blob->ToProto(param->add_blobs(), write_diff);
}

INSTANTIATE_CLASS(Layer);

}  // namespace caffe
