#ifndef CAFFE_DATA_LAYERS_HPP_
#define CAFFE_DATA_LAYERS_HPP_

#include <string>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/data_transformer.hpp"
#include "caffe/device/fence.hpp"
#include "caffe/internal_thread.hpp"
#include "caffe/layer.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/util/blocking_queue.hpp"

namespace caffe {

/// A layer that brings images, and labels if it has two tops, into a net.
template <typename Dtype>
class BaseDataLayer : public Layer<Dtype> {
 public:
  explicit BaseDataLayer(const LayerParameter& param);
  /// Makes the transformer, then calls DataLayerSetUp, where a subclass shapes its tops.
  virtual void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  virtual void DataLayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) {
  }
  /// Data layers have no bottoms, so their tops do not follow from them.
  virtual void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) {}

 protected:
  virtual void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                            const vector<Blob<Dtype>*>& bottom) {}
  virtual void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                            const vector<Blob<Dtype>*>& bottom) {}

  TransformationParameter transform_param_;
  shared_ptr<DataTransformer<Dtype>> data_transformer_;
  bool output_labels_ = false;
};

/// What one Forward of a data layer delivers.
template <typename Dtype>
class Batch {
 public:
  Blob<Dtype> data_, label_;
  /// What progress() is once this batch has been delivered; 0 if the layer does not count.
  uint64_t next_position_ = 0;
  /// Why the batch could not be made; empty if it was.
  string error_;
  /// The GPU's last use of the batch, its first fill included.
  Fence used_;
};

/// A data layer that makes batches ahead, in a thread of its own.
///
/// Forward hands a batch over without copying it: the tops share its memory, which stays as it
/// is until the next Forward. An error in the thread comes out of Forward, and again out of
/// every later one.
template <typename Dtype>
class BasePrefetchingDataLayer : public BaseDataLayer<Dtype>, public InternalThread {
 public:
  explicit BasePrefetchingDataLayer(const LayerParameter& param);
  /// Sets up as BaseDataLayer does, then starts the thread; in phase TEST the first pass does.
  virtual void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);

  virtual uint64_t progress() const { return position_; }

 protected:
  virtual void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);

  virtual void InternalThreadEntry();
  /// Fills a batch; runs in the thread.
  virtual void load_batch(Batch<Dtype>* batch) = 0;

  /// Stops the thread and drops what it has made. A subclass may then change where load_batch
  /// reads, and calls StartInternalThread.
  /// @param position  what progress() is from now on
  void DropBatches(uint64_t position);

  vector<shared_ptr<Batch<Dtype>>> prefetch_;
  BlockingQueue<Batch<Dtype>*> prefetch_free_;
  BlockingQueue<Batch<Dtype>*> prefetch_full_;
  Batch<Dtype>* prefetch_current_ = nullptr;
  Blob<Dtype> transformed_data_;

 private:
  /// Makes the next batch prefetch_current_.
  void NextBatch();

  uint64_t position_ = 0;
  string error_;
};

}  // namespace caffe

#endif  // CAFFE_DATA_LAYERS_HPP_
