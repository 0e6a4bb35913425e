#include "caffe/layers/base_data_layer.hpp"

#include <exception>

namespace caffe {

template <typename Dtype>
BaseDataLayer<Dtype>::BaseDataLayer(const LayerParameter& param)
    : Layer<Dtype>(param), transform_param_(param.transform_param()) {}

template <typename Dtype>
void BaseDataLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  output_labels_ = top.size() > 1;
  data_transformer_.reset(new DataTransformer<Dtype>(transform_param_, this->phase_));
  data_transformer_->InitRand();
  DataLayerSetUp(bottom, top);
}

template <typename Dtype>
BasePrefetchingDataLayer<Dtype>::BasePrefetchingDataLayer(const LayerParameter& param)
    : BaseDataLayer<Dtype>(param) {
  const int batches = static_cast<int>(param.data_param().prefetch());
  Require(batches > 0, "data_param: prefetch is 0; at least one batch must be read ahead.");
  for (int i = 0; i < batches; ++i) {
    prefetch_.emplace_back(new Batch<Dtype>());
    prefetch_free_.push(prefetch_.back().get());
  }
}

template <typename Dtype>
void BasePrefetchingDataLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                                 const vector<Blob<Dtype>*>& top) {
  BaseDataLayer<Dtype>::LayerSetUp(bottom, top);
  for (const auto& batch : prefetch_) {
    if (Caffe::mode() != Caffe::GPU) {
      // A batch writes all of its values, so nobody has to clear them.
      if (batch->data_.count() > 0) batch->data_.data()->Discard();
      continue;
    }
    // Memory is taken here, since taking GPU memory in the thread would stop the GPU's work.
    batch->data_.gpu_data();
    if (this->output_labels_) batch->label_.gpu_data();
    // That queued a fill with zeros on this thread's stream. The prefetch thread copies on a stream
    // of its own, and its first values must come last.
    batch->used_.Record();
  }
  // A test net is made long before its first pass, and would compete with the training till then.
  if (this->phase_ != TEST) StartInternalThread();
}

template <typename Dtype>
void BasePrefetchingDataLayer<Dtype>::InternalThreadEntry() {
  bool failed = false;
  while (!failed && !must_stop()) {
    Batch<Dtype>* batch = prefetch_free_.pop();
    try {
      batch->used_.Wait();
      load_batch(batch);
      if (Caffe::mode() == Caffe::GPU) {
        batch->data_.gpu_data();
        if (this->output_labels_) batch->label_.gpu_data();
      }
    } catch (const std::exception& e) {
      batch->error_ = e.what();
      failed = true;
    }
    prefetch_full_.push(batch);
  }
}

template <typename Dtype>
void BasePrefetchingDataLayer<Dtype>::NextBatch() {
  if (!error_.empty()) throw Error(error_);
  if (!is_started()) StartInternalThread();
  if (prefetch_current_ != nullptr) {
    if (Caffe::mode() == Caffe::GPU) prefetch_current_->used_.Record();
    prefetch_free_.push(prefetch_current_);
    prefetch_current_ = nullptr;
  }
  prefetch_current_ = prefetch_full_.pop("Waiting for data");
  error_.swap(prefetch_current_->error_);
  if (!error_.empty()) throw Error(error_);
  position_ = prefetch_current_->next_position_;
}

template <typename Dtype>
void BasePrefetchingDataLayer<Dtype>::DropBatches(uint64_t position) {
  StopInternalThread();
  Batch<Dtype>* dropped;
  while (prefetch_full_.try_pop(&dropped) || prefetch_free_.try_pop(&dropped)) {
  }
  // The tops may still show the current batch, so it is kept out until the next Forward.
  for (const auto& batch : prefetch_) {
    batch->error_.clear();
    if (batch.get() != prefetch_current_) prefetch_free_.push(batch.get());
  }
  error_.clear();
  position_ = position;
}

template <typename Dtype>
void BasePrefetchingDataLayer<Dtype>::Forward_cpu(const vector<Blob<Dtype>*>& bottom,
                                                  const vector<Blob<Dtype>*>& top) {
  NextBatch();
  top[0]->ReshapeLike(prefetch_current_->data_);
  top[0]->ShareData(prefetch_current_->data_);
  if (this->output_labels_) {
    top[1]->ReshapeLike(prefetch_current_->label_);
    top[1]->ShareData(prefetch_current_->label_);
  }
}

INSTANTIATE_CLASS(BaseDataLayer);
INSTANTIATE_CLASS(BasePrefetchingDataLayer);

}  // namespace caffe
