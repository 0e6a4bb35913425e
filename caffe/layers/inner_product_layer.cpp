#include "caffe/layers/inner_product_layer.hpp"

#include <optional>
#include <type_traits>
#include <vector>

#include "caffe/device/blas.hpp"
#include "caffe/filler.hpp"
#include "caffe/layers/column_kernels.hpp"
#include "caffe/layers/on_device.hpp"
#include "caffe/util/weights_part.hpp"

namespace caffe {

template <typename Dtype>
void InnerProductLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                          const vector<Blob<Dtype>*>& top) {
  const InnerProductParameter& param = this->layer_param_.inner_product_param();
  Require(param.num_output() > 0 && param.num_output() <= uint32_t(INT_MAX), "num_output is ",
          param.num_output(), ". It must be positive.");
  N_ = static_cast<int>(param.num_output());
  bias_term_ = param.bias_term();
  transpose_ = param.transpose();
  K_ = bottom[0]->count(bottom[0]->CanonicalAxisIndex(param.axis()));
  SetUpWeights();
  this->param_propagate_down_.resize(this->blobs_.size(), true);
}

template <typename Dtype>
void InnerProductLayer<Dtype>::SetUpWeights() {
  const InnerProductParameter& param = this->layer_param_.inner_product_param();
  auto& blobs = this->blobs_;
  if (!blobs.empty()) {
    Require(blobs.size() == size_t(1 + bias_term_), "The definition brings ", blobs.size(),
            " blobs of weights; with bias_term ", bias_term_ ? "true" : "false", " there are ",
            1 + bias_term_, ".");
    Require(int64_t(blobs[0]->count()) == int64_t(N_) * K_,
            "The definition brings weights of shape ", ShapeText(blobs[0]->shape()),
            "; this layer has ", transpose_ ? K_ : N_, "x", transpose_ ? N_ : K_, ".");
    Require(!bias_term_ || blobs[1]->count() == N_, "The definition brings a bias of shape ",
            ShapeText(blobs[bias_term_]->shape()), "; this layer has ", N_, ".");
    return;
  }
  blobs.resize(1 + bias_term_);
  blobs[0].reset(new Blob<Dtype>(transpose_ ? vector<int>{K_, N_} : vector<int>{N_, K_}));
  shared_ptr<Filler<Dtype>>(GetFiller<Dtype>(param.weight_filler()))->Fill(blobs[0].get());
  if (bias_term_) {
    blobs[1].reset(new Blob<Dtype>(vector<int>{N_}));
    shared_ptr<Filler<Dtype>>(GetFiller<Dtype>(param.bias_filler()))->Fill(blobs[1].get());
  }
}

template <typename Dtype>
void InnerProductLayer<Dtype>::Reshape(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  const int axis = bottom[0]->CanonicalAxisIndex(this->layer_param_.inner_product_param().axis());
  Require(bottom[0]->count(axis) == K_, "The weights are for ", K_,
          " inputs an item, the bottom has ", bottom[0]->count(axis), " (shape ",
          ShapeText(bottom[0]->shape()), ", axis ", axis, ").");
  M_ = bottom[0]->count(0, axis);
  vector<int> top_shape(bottom[0]->shape().begin(), bottom[0]->shape().begin() + axis);
  top_shape.push_back(N_);
  top[0]->Reshape(top_shape);
  if (bias_term_ && bias_multiplier_.count() != M_) {
    bias_multiplier_.Reshape({M_});
    caffe_set(M_, Dtype(1), bias_multiplier_.mutable_cpu_data());
  }
}

template <typename Dtype>
template <class Device>
void InnerProductLayer<Dtype>::ForwardOn(const vector<Blob<Dtype>*>& bottom,
                                         const vector<Blob<Dtype>*>& top) {
  Dtype* y = MutableData<Device>(top[0]);
  if (bias_term_) repeat_row<Device>(M_, N_, Data<Device>(*this->blobs_[1]), y);
  Gemm<Device>(CblasNoTrans, transpose_ ? CblasNoTrans : CblasTrans, M_, N_, K_, Dtype(1),
               Data<Device>(*bottom[0]), Data<Device>(*this->blobs_[0]), Dtype(bias_term_), y);
}

template <typename Dtype>
template <class Device>
void InnerProductLayer<Dtype>::AddWeightGradient(const Dtype* x, const Dtype* dy) {
  if constexpr (std::is_same_v<Device, Cpu>) {
    if (AddWantedGradient(x, dy)) return;
  }
  Dtype* dw = MutableDiff<Device>(this->blobs_[0].get());
  if (transpose_) {
    Gemm<Device>(CblasTrans, CblasNoTrans, K_, N_, M_, Dtype(1), x, dy, Dtype(1), dw);
  } else {
    Gemm<Device>(CblasTrans, CblasNoTrans, N_, K_, M_, Dtype(1), dy, x, Dtype(1), dw);
  }
}

template <typename Dtype>
bool InnerProductLayer<Dtype>::AddWantedGradient(const Dtype* x, const Dtype* dy) {
  const WantedGradient* wanted = wanted_gradient(0);
  if (wanted == nullptr) return false;
  // dw is a^T b, rows x columns.
  int rows = transpose_ ? K_ : N_, columns = transpose_ ? N_ : K_;
  const Dtype *a = transpose_ ? x : dy, *b = transpose_ ? dy : x;
  const std::optional<WeightsPart> part = FindPart(*wanted, rows, columns, 1);
  if (!part) return false;
  const int kept = static_cast<int>(part->kept.size());
  if (kept == 0) return true;
  const double all = part->axis == 0 ? rows : columns, others = part->axis == 0 ? columns : rows;
  if (!GatheringPays((all - kept) * others * M_, kept * (M_ + others))) return false;

  std::vector<Dtype> packed(int64_t(M_) * kept);
  int part_rows = rows, part_columns = columns;
  if (part->axis == 0) {
    GatherColumns(M_, rows, part->kept, a, packed.data());
    a = packed.data();
    part_rows = kept;
  } else {
    GatherColumns(M_, columns, part->kept, b, packed.data());
    b = packed.data();
    part_columns = kept;
  }
  std::vector<Dtype> sums(int64_t(part_rows) * part_columns);
  Gemm<Cpu>(CblasTrans, CblasNoTrans, part_rows, part_columns, M_, Dtype(1), a, b, Dtype(0),
            sums.data());
  AddPart(*part, rows, columns, 1, kept, sums.data(), this->blobs_[0]->mutable_cpu_diff());
  return true;
}

template <typename Dtype>
template <class Device>
void InnerProductLayer<Dtype>::BackwardOn(const vector<Blob<Dtype>*>& top,
                                          const vector<bool>& propagate_down,
                                          const vector<Blob<Dtype>*>& bottom) {
  const Dtype* dy = Diff<Device>(*top[0]);
  const Dtype* x = Data<Device>(*bottom[0]);
  if (this->param_propagate_down_[0]) AddWeightGradient<Device>(x, dy);
  if (bias_term_ && this->param_propagate_down_[1]) {
    Gemv<Device>(CblasTrans, M_, N_, Dtype(1), dy, Data<Device>(bias_multiplier_), Dtype(1),
                 MutableDiff<Device>(this->blobs_[1].get()));
  }
  if (propagate_down[0]) {
    Gemm<Device>(CblasNoTrans, transpose_ ? CblasTrans : CblasNoTrans, M_, K_, N_, Dtype(1), dy,
                 Data<Device>(*this->blobs_[0]), Dtype(0), MutableDiff<Device>(bottom[0]));
  }
}

CAFFE_LAYER_ON_DEVICES(InnerProductLayer)
INSTANTIATE_CLASS(InnerProductLayer);
REGISTER_LAYER_CLASS(InnerProduct);

}  // namespace caffe
