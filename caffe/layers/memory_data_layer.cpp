#include "caffe/layers/memory_data_layer.hpp"

#include <climits>
#include <opencv2/core/core.hpp>

namespace caffe {

template <typename Dtype>
void MemoryDataLayer<Dtype>::DataLayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                            const vector<Blob<Dtype>*>& top) {
  const MemoryDataParameter& param = this->layer_param_.memory_data_param();
  Require(param.batch_size() > 0 && param.channels() > 0 && param.height() > 0 && param.width() > 0,
          "memory_data_param: batch_size ", param.batch_size(), ", channels ", param.channels(),
          ", height ", param.height(), " and width ", param.width(), " must all be above 0.");
  batch_size_ = static_cast<int>(param.batch_size());
  channels_ = static_cast<int>(param.channels());
  height_ = static_cast<int>(param.height());
  width_ = static_cast<int>(param.width());
  size_ = Blob<Dtype>(1, channels_, height_, width_).count();
  top[0]->Reshape({batch_size_, channels_, height_, width_});
  top[1]->Reshape({batch_size_});
}

template <typename Dtype>
void MemoryDataLayer<Dtype>::MakeRoom(size_t items) {
  Require(!has_new_data_, "Rows that were added before have not been served yet: run the net ",
          "before adding more.");
  Require(items > 0 && items <= INT_MAX && items % batch_size_ == 0, items,
          " items were added; their number must be above 0 and a multiple of the batch size, ",
          batch_size_, ".");
  const int crop = static_cast<int>(this->transform_param_.crop_size());
  Require(crop == 0 || (height_ == crop && width_ == crop), "memory_data_param says ", height_,
          " x ", width_, ", but transform_param crops to ", crop, " x ", crop,
          ". Give height and width as they are after cropping.");
  added_data_.Reshape({static_cast<int>(items), channels_, height_, width_});
  added_label_.Reshape({static_cast<int>(items)});
}

template <typename Dtype>
void MemoryDataLayer<Dtype>::ServeAdded() {
  data_ = added_data_.mutable_cpu_data();
  labels_ = added_label_.mutable_cpu_data();
  n_ = added_data_.shape(0);
  pos_ = 0;
  has_new_data_ = true;
}

template <typename Dtype>
void MemoryDataLayer<Dtype>::AddDatumVector(const vector<Datum>& datum_vector) {
  MakeRoom(datum_vector.size());
  this->data_transformer_->Transform(datum_vector, &added_data_);
  Dtype* labels = added_label_.mutable_cpu_data();
  for (const Datum& datum : datum_vector) *labels++ = datum.label();
  ServeAdded();
}

template <typename Dtype>
void MemoryDataLayer<Dtype>::AddMatVector(const vector<cv::Mat>& mat_vector,
                                          const vector<int>& labels) {
  Require(labels.size() == mat_vector.size(), mat_vector.size(), " images were added with ",
          labels.size(), " labels.");
  MakeRoom(mat_vector.size());
  this->data_transformer_->Transform(mat_vector, &added_data_);
  std::copy(labels.begin(), labels.end(), added_label_.mutable_cpu_data());
  ServeAdded();
}

template <typename Dtype>
void MemoryDataLayer<Dtype>::Reset(Dtype* data, Dtype* label, int n) {
  Require(data != nullptr && label != nullptr, "Reset needs pointers to data and labels.");
  Require(n > 0 && n % batch_size_ == 0, "Reset was given ", n,
          " rows; their number must be above 0 and a multiple of the batch size, ", batch_size_,
          ".");
  if (this->layer_param_.has_transform_param()) {
    LOG(WARNING) << this->layer_param_.name() << ": transform_param is not applied to Reset()";
  }
  data_ = data;
  labels_ = label;
  n_ = n;
  pos_ = 0;
}

template <typename Dtype>
void MemoryDataLayer<Dtype>::set_batch_size(int new_size) {
  Require(!has_new_data_, "The batch size cannot change while added rows have not been served.");
  Require(new_size > 0, "The batch size is ", new_size, "; it must be above 0.");
  batch_size_ = new_size;
  added_data_.Reshape({batch_size_, channels_, height_, width_});
  added_label_.Reshape({batch_size_});
}

template <typename Dtype>
void MemoryDataLayer<Dtype>::Forward_cpu(const vector<Blob<Dtype>*>& bottom,
                                         const vector<Blob<Dtype>*>& top) {
  Require(data_ != nullptr, "There are no rows. Call Reset, AddDatumVector or AddMatVector before ",
          "the net runs.");
  Require(n_ % batch_size_ == 0, "There are ", n_, " rows, no multiple of the batch size, ",
          batch_size_, ". Hand rows over anew after set_batch_size.");
  top[0]->Reshape({batch_size_, channels_, height_, width_});
  top[1]->Reshape({batch_size_});
  top[0]->set_cpu_data(data_ + pos_ * size_);
  top[1]->set_cpu_data(labels_ + pos_);
  pos_ = (pos_ + batch_size_) % n_;
  if (pos_ == 0) has_new_data_ = false;
}

INSTANTIATE_CLASS(MemoryDataLayer);
REGISTER_LAYER_CLASS(MemoryData);

}  // namespace caffe
