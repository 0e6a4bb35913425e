#ifndef CAFFE_MEMORY_DATA_LAYER_HPP_
#define CAFFE_MEMORY_DATA_LAYER_HPP_

#include <vector>

#include "caffe/layers/base_data_layer.hpp"

namespace caffe {

/// Serves rows that a program hands over: by pointer (Reset), or as datums or images that go
/// through transform_param. Rows are served in batches over and over, until others are handed over.
///
/// Tops: data, batch_size x channels x height x width, and labels, batch_size.
template <typename Dtype>
class MemoryDataLayer : public BaseDataLayer<Dtype> {
 public:
  explicit MemoryDataLayer(const LayerParameter& param) : BaseDataLayer<Dtype>(param) {}
  void DataLayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "MemoryData"; }
  int ExactNumBottomBlobs() const override { return 0; }
  int ExactNumTopBlobs() const override { return 2; }

  /// Copies and transforms items. Their number must be a multiple of the batch size, and what was
  /// added before must have been served once. Throws Error otherwise.
  virtual void AddDatumVector(const vector<Datum>& datum_vector);
  virtual void AddMatVector(const vector<cv::Mat>& mat_vector, const vector<int>& labels);

  /// Serves n rows from here on, as they are, without a copy: the arrays belong to the caller and
  /// have to stay. n must be a multiple of the batch size.
  void Reset(Dtype* data, Dtype* label, int n);
  /// Throws Error while added rows have not been served.
  void set_batch_size(int new_size);

  int batch_size() { return batch_size_; }
  int channels() { return channels_; }
  int height() { return height_; }
  int width() { return width_; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  int batch_size_ = 0, channels_ = 0, height_ = 0, width_ = 0;
  /// Values of a row.
  int size_ = 0;
  Dtype* data_ = nullptr;
  Dtype* labels_ = nullptr;
  /// Rows at hand.
  int n_ = 0;
  /// The next row.
  size_t pos_ = 0;
  Blob<Dtype> added_data_;
  Blob<Dtype> added_label_;
  /// Added rows have not all been served.
  bool has_new_data_ = false;

 private:
  /// Shapes added_data_ and added_label_ for so many items.
  void MakeRoom(size_t items);
  void ServeAdded();
};

}  // namespace caffe

#endif  // CAFFE_MEMORY_DATA_LAYER_HPP_
