#ifndef CAFFE_DATA_LAYER_HPP_
#define CAFFE_DATA_LAYER_HPP_

#include <string>
#include <vector>

#include "caffe/layers/base_data_layer.hpp"
#include "caffe/util/db.hpp"
#include "caffe/util/sample_order.hpp"

namespace caffe {

/// Reads images and labels from a database of Datum records.
///
/// Tops: data, batch_size x channels x height x width, and (optionally) labels, batch_size.
///
/// Samples are numbered on and on, over all epochs. Sample s is record s mod N of the database,
/// in the order of its keys; with data_param.shuffle, in the order of a permutation that is a
/// pure function of (seed, layer's name, epoch s / N). Its augmentation is a pure function of
/// (seed, layer's name, s). In phase TRAIN sample s belongs to the solver of rank s mod R, of
/// R. Batches are always full; they wrap around in the middle if need be.
///
/// An unreadable record throws Error from Forward, with the database's path and the record's key.
template <typename Dtype>
class DataLayer : public BasePrefetchingDataLayer<Dtype> {
 public:
  explicit DataLayer(const LayerParameter& param);
  virtual ~DataLayer();
  virtual void DataLayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  virtual const char* type() const { return "Data"; }
  virtual int ExactNumBottomBlobs() const { return 0; }
  virtual int MinTopBlobs() const { return 1; }
  virtual int MaxTopBlobs() const { return 2; }

  /// progress() is the number of samples that have been delivered, on all ranks together: the
  /// same on each of them. set_progress takes the seed anew, from Caffe::random_seed().
  virtual void set_progress(uint64_t position);
  virtual uint64_t num_samples() const { return order_.records(); }

 protected:
  /// Goes on to the next sample.
  void Next();
  /// Whether the current sample belongs to another rank.
  bool Skip();
  virtual void load_batch(Batch<Dtype>* batch);

  shared_ptr<db::DB> db_;
  shared_ptr<db::Cursor> cursor_;
  /// The current sample's number.
  uint64_t offset_ = 0;

 private:
  struct Record {
    uint64_t sample;
    string key;
    string value;
  };

  void IndexKeys();
  /// Throws Error unless as many records were found as the database says it has.
  void RequireAllRecords(uint64_t found) const;
  /// Moves the cursor to the record of the current sample.
  void PlaceCursor();
  void ReadRecords(int count);
  void ParseRecord(const Record& record, Datum* datum) const;
  /// Puts the database's path and the record's key in front of what went wrong.
  Error RecordError(const Record& record, const string& what) const;

  SampleOrder order_;
  bool cursor_placed_ = true;
  vector<Record> records_;
  vector<string> keys_;
};

}  // namespace caffe

#endif  // CAFFE_DATA_LAYER_HPP_
