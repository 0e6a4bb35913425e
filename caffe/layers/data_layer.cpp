#include "caffe/layers/data_layer.hpp"

#include <algorithm>
#include <cctype>
#include <exception>
#include <iomanip>

#include "caffe/util/parallel_for.hpp"

namespace caffe {

namespace {

/// A record's key for an error message: as it is, or in hexadecimal if it is not plain text.
string KeyText(const string& key) {
  const auto is_plain = [](unsigned char c) { return std::isprint(c) != 0; };
  if (std::all_of(key.begin(), key.end(), is_plain)) return "'" + key + "'";
  std::ostringstream text;
  text << "0x" << std::hex << std::setfill('0');
  for (const unsigned char c : key) text << std::setw(2) << static_cast<int>(c);
  return text.str();
}

}  // namespace

template <typename Dtype>
DataLayer<Dtype>::DataLayer(const LayerParameter& param) : BasePrefetchingDataLayer<Dtype>(param) {
  const DataParameter& data = param.data_param();
  Require(!data.source().empty(), "data_param: there is no source. Give the database's path.");
  db_.reset(db::GetDB(db::BackendOf(data)));
  db_->Open(data.source(), db::READ);
  cursor_.reset(db_->NewCursor());
}

template <typename Dtype>
DataLayer<Dtype>::~DataLayer() {
  this->StopInternalThread();
}

template <typename Dtype>
void DataLayer<Dtype>::DataLayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  const DataParameter& data = this->layer_param_.data_param();
  const int batch_size = static_cast<int>(data.batch_size());
  Require(batch_size > 0, "data_param: batch_size is ", data.batch_size(), "; it must be above 0.");
  Require(cursor_->valid(), "The database ", data.source(), " has no records.");
  order_.Reset(db_->size(), data.shuffle(), this->layer_param_.name());

  const Record first{0, cursor_->key(), cursor_->value()};
  Datum datum;
  ParseRecord(first, &datum);
  vector<int> shape;
  try {
    shape = this->data_transformer_->InferBlobShape(datum);
  } catch (const std::exception& e) {
    throw RecordError(first, e.what());
  }
  this->transformed_data_.Reshape(shape);
  shape[0] = batch_size;
  top[0]->Reshape(shape);
  for (const auto& batch : this->prefetch_) batch->data_.Reshape(shape);
  LOG_IF(INFO, Caffe::root_solver())
      << "output data size: " << top[0]->num() << "," << top[0]->channels() << ","
      << top[0]->height() << "," << top[0]->width();
  if (this->output_labels_) {
    const vector<int> label_shape(1, batch_size);
    top[1]->Reshape(label_shape);
    for (const auto& batch : this->prefetch_) batch->label_.Reshape(label_shape);
  }
  if (data.shuffle()) {
    IndexKeys();
    cursor_placed_ = false;
  }
}

template <typename Dtype>
void DataLayer<Dtype>::IndexKeys() {
  keys_.clear();
  keys_.reserve(order_.records());
  for (cursor_->SeekToFirst(); cursor_->valid(); cursor_->Next()) keys_.push_back(cursor_->key());
  RequireAllRecords(keys_.size());
}

template <typename Dtype>
void DataLayer<Dtype>::RequireAllRecords(uint64_t found) const {
  Require(found == order_.records(), "The database ", this->layer_param_.data_param().source(),
          " has ", order_.records(), " records by its own count, and ", found,
          " can be found. It is damaged, or another program writes to it.");
}

template <typename Dtype>
void DataLayer<Dtype>::set_progress(uint64_t position) {
  this->DropBatches(position);
  order_.TakeSeed();
  offset_ = position;
  cursor_placed_ = false;
  this->StartInternalThread();
}

template <typename Dtype>
bool DataLayer<Dtype>::Skip() {
  return !IsOwnSample(this->phase_, offset_);
}

template <typename Dtype>
void DataLayer<Dtype>::Next() {
  ++offset_;
  bool wrapped;
  if (keys_.empty()) {
    cursor_->Next();
    wrapped = !cursor_->valid();
    if (wrapped) {
      const uint64_t left = offset_ % order_.records();
      RequireAllRecords(left == 0 ? order_.records() : left);
      cursor_->SeekToFirst();
    }
  } else {
    wrapped = offset_ % order_.records() == 0;
    cursor_placed_ = false;
  }
  LOG_IF(INFO, wrapped && Caffe::root_solver()) << "Restarting data prefetching from start.";
}

template <typename Dtype>
void DataLayer<Dtype>::PlaceCursor() {
  if (cursor_placed_) return;
  const uint64_t record = order_.RecordOf(offset_);
  if (keys_.empty()) {
    cursor_->SeekToFirst();
    for (uint64_t i = 0; i < record; ++i) {
      if (!cursor_->valid()) RequireAllRecords(i);
      cursor_->Next();
    }
  } else {
    cursor_->Seek(keys_[record]);
  }
  cursor_placed_ = true;
}

template <typename Dtype>
void DataLayer<Dtype>::ReadRecords(int count) {
  records_.resize(count);
  if (keys_.empty()) PlaceCursor();
  for (Record& record : records_) {
    while (Skip()) Next();
    PlaceCursor();
    record = Record{offset_, cursor_->key(), cursor_->value()};
    Next();
  }
}

template <typename Dtype>
Error DataLayer<Dtype>::RecordError(const Record& record, const string& what) const {
  return Error(this->layer_param_.data_param().source(), ", record ", KeyText(record.key), ": ",
               what);
}

template <typename Dtype>
void DataLayer<Dtype>::ParseRecord(const Record& record, Datum* datum) const {
  if (!datum->ParseFromString(record.value)) {
    throw RecordError(record, "its " + std::to_string(record.value.size()) +
                                  " bytes are no Datum. The record is damaged, or the database "
                                  "was made for another program.");
  }
}

template <typename Dtype>
void DataLayer<Dtype>::load_batch(Batch<Dtype>* batch) {
  const DataParameter& data = this->layer_param_.data_param();
  const int batch_size = static_cast<int>(data.batch_size());
  ReadRecords(batch_size);
  batch->next_position_ = EndOfRound(this->phase_, offset_);

  Datum first;
  ParseRecord(records_[0], &first);
  try {
    vector<int> shape = this->data_transformer_->InferBlobShape(first);
    shape[0] = batch_size;
    batch->data_.Reshape(shape);
  } catch (const std::exception& e) {
    throw RecordError(records_[0], e.what());
  }
  const vector<int>& shape = batch->data_.shape();
  const int64_t count = batch->data_.count(1);
  Dtype* const pixels = batch->data_.mutable_cpu_data();
  Dtype* const labels = this->output_labels_ ? batch->label_.mutable_cpu_data() : nullptr;
  ParallelFor(batch_size, static_cast<int>(data.decode_threads()), [&](int i) {
    const Record& record = records_[i];
    Datum datum;
    ParseRecord(record, &datum);
    try {
      this->data_transformer_->Transform(datum, order_.Augmentation(record.sample), shape,
                                         pixels + i * count);
    } catch (const std::exception& e) {
      throw RecordError(record, e.what());
    }
    if (labels != nullptr) labels[i] = datum.label();
  });
}

INSTANTIATE_CLASS(DataLayer);
REGISTER_LAYER_CLASS(Data);

}  // namespace caffe
