#include "caffe/layers/hdf5_data_layer.hpp"

#include <climits>
#include <fstream>
#include <numeric>

#include "caffe/util/atomic_file.hpp"
#include "caffe/util/hdf5.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "caffe/util/sample_order.hpp"

namespace caffe {

template <typename Dtype>
void HDF5DataLayer<Dtype>::LayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                      const vector<Blob<Dtype>*>& top) {
  Require(!this->layer_param_.has_transform_param(),
          "HDF5Data does not take transform_param. Transform the data before writing the files.");
  const HDF5DataParameter& param = this->layer_param_.hdf5_data_param();
  Require(param.batch_size() > 0, "hdf5_data_param: batch_size is 0; it must be above 0.");
  // A program that makes the layer by itself may bring more tops: as in Caffe the first are filled.
  Require(this->layer_param_.top_size() > 0 &&
              this->layer_param_.top_size() <= static_cast<int>(top.size()),
          "HDF5Data reads the data sets that its tops name; the definition names ",
          this->layer_param_.top_size(), ", the layer is given ", top.size(), " tops.");
  ReadList();
  TakeSeed();
  Place();
  for (size_t t = 0; t < hdf_blobs_.size(); ++t) {
    vector<int> shape = hdf_blobs_[t]->shape();
    shape[0] = static_cast<int>(param.batch_size());
    top[t]->Reshape(shape);
  }
}

template <typename Dtype>
void HDF5DataLayer<Dtype>::ReadList() {
  const string& source = this->layer_param_.hdf5_data_param().source();
  Require(!source.empty(),
          "hdf5_data_param: there is no source. Give the path of a list of HDF5 files.");
  Require(std::ifstream(source).is_open(), "cannot open the list of HDF5 files '", source, "'");
  const std::string text = ReadTextFile(source);
  Require(
      !text.starts_with("\x89HDF"), "'", source,
      "' is an HDF5 file itself. source names a text file that lists HDF5 files, one per line.");
  std::istringstream list(text);
  std::string line;
  for (int number = 1; std::getline(list, line); ++number) {
    std::istringstream words(line);
    for (std::string name; words >> name;) {
      try {
        rows_.push_back(CountRows(name));
        value_counts_.push_back(LargestCount(name));
      } catch (Error& error) {
        error.add_context(source + ":" + std::to_string(number));
        throw;
      }
      hdf_filenames_.push_back(name);
      total_rows_ += rows_.back();
    }
  }
  num_files_ = static_cast<unsigned int>(hdf_filenames_.size());
  Require(num_files_ > 0, "The list ", source, " names no HDF5 files.");
  Require(total_rows_ > 0, "The HDF5 files of ", source, " have no rows.");
  LOG_IF(INFO, Caffe::root_solver()) << "Number of HDF5 files: " << num_files_;
}

template <typename Dtype>
uint64_t HDF5DataLayer<Dtype>::CountRows(const std::string& filename) const {
  const Hdf5Object file = OpenHdf5(filename);
  int rows = 0;
  for (int t = 0; t < this->layer_param_.top_size(); ++t) {
    const string& name = this->layer_param_.top(t);
    const vector<int> shape = Hdf5Shape(file, name);
    Require(!shape.empty(), Hdf5Text(file, name), " is a single number; expected at least 1 axis");
    if (t == 0) rows = shape[0];
    Require(shape[0] == rows, Hdf5Text(file, name), " has ", shape[0], " rows, '",
            this->layer_param_.top(0), "' has ", rows);
  }
  return rows;
}

template <typename Dtype>
int64_t HDF5DataLayer<Dtype>::LargestCount(const std::string& filename) const {
  const Hdf5Object file = OpenHdf5(filename);
  int64_t largest = 0;
  for (int t = 0; t < this->layer_param_.top_size(); ++t) {
    int64_t row = 1;
    const vector<int> shape = Hdf5Shape(file, this->layer_param_.top(t));
    for (size_t i = 1; i < shape.size(); ++i) {
      Require(shape[i] == 0 || row <= INT_MAX / shape[i], Hdf5Text(file, this->layer_param_.top(t)),
              " has rows of ", ShapeText(shape), ", more values than a blob can hold");
      row *= shape[i];
    }
    largest = std::max(largest, row * shape[0]);
  }
  return largest;
}

/// Reads what lies ahead in a file that is too large to be held; without an order, what is needed.
template <typename Dtype>
void HDF5DataLayer<Dtype>::LoadRows(unsigned int file_index, int64_t row) {
  const Hdf5Object file = OpenHdf5(hdf_filenames_[file_index]);
  const vector<shared_ptr<Blob<Dtype>>> before = hdf_blobs_;
  const int64_t left = static_cast<int64_t>(rows_[file_index]) - row;
  const int64_t ahead =
      max_count_ / 32 * static_cast<int64_t>(rows_[file_index]) / value_counts_[file_index];
  const bool in_order = !this->layer_param_.hdf5_data_param().shuffle();
  const int rows = static_cast<int>(in_order ? std::clamp<int64_t>(ahead, 1, left) : 1);
  hdf_blobs_.clear();
  for (int t = 0; t < this->layer_param_.top_size(); ++t) {
    const string& name = this->layer_param_.top(t);
    hdf_blobs_.emplace_back(new Blob<Dtype>());
    hdf5_load_rows(file, name, row, rows, hdf_blobs_[t].get());
    CheckRowShape(file, name, before, t);
  }
  first_row_ = row;
  loaded_file_ = file_index;
}

template <typename Dtype>
void HDF5DataLayer<Dtype>::CheckRowShape(hid_t file, const string& name,
                                         const vector<shared_ptr<Blob<Dtype>>>& before, int t) {
  if (before.empty()) return;
  vector<int> wanted = before[t]->shape();
  wanted[0] = hdf_blobs_[t]->shape(0);
  Require(hdf_blobs_[t]->shape() == wanted, Hdf5Text(file, name), " has rows of another shape (",
          ShapeText(hdf_blobs_[t]->shape()), ") than in the file before (", ShapeText(wanted), ")");
}

template <typename Dtype>
void HDF5DataLayer<Dtype>::TakeSeed() {
  // A solver's seed is the run's seed plus its rank; all ranks share one order of rows.
  seed_ = Caffe::random_seed() - static_cast<uint64_t>(Caffe::solver_rank());
  permuted_ = false;
  data_permutation_.clear();
}

template <typename Dtype>
uint64_t HDF5DataLayer<Dtype>::PermutationKey(uint64_t stream) const {
  return RandomKey(seed_, RandomPurpose::kShuffle, NameHash(this->layer_param_.name()) + stream);
}

template <typename Dtype>
void HDF5DataLayer<Dtype>::LoadHDF5FileData(const char* filename) {
  const Hdf5Object file = OpenHdf5(filename);
  const vector<shared_ptr<Blob<Dtype>>> before = hdf_blobs_;
  hdf_blobs_.clear();
  for (int t = 0; t < this->layer_param_.top_size(); ++t) {
    const string& name = this->layer_param_.top(t);
    hdf_blobs_.emplace_back(new Blob<Dtype>());
    hdf5_load_nd_dataset(file, name.c_str(), 1, INT_MAX, hdf_blobs_[t].get(), true);
    CheckRowShape(file, name, before, t);
  }
}

template <typename Dtype>
void HDF5DataLayer<Dtype>::Place() {
  const bool shuffle = this->layer_param_.hdf5_data_param().shuffle();
  const uint64_t epoch = offset_ / total_rows_;
  if (!permuted_ || (shuffle && epoch != epoch_)) {
    file_permutation_.resize(num_files_);
    std::iota(file_permutation_.begin(), file_permutation_.end(), 0);
    if (shuffle) file_permutation_ = EpochPermutation(num_files_, PermutationKey(0), epoch);
    permuted_ = true;
  }
  epoch_ = epoch;
  uint64_t row = offset_ % total_rows_;
  for (current_file_ = 0; row >= rows_[file_permutation_[current_file_]]; ++current_file_) {
    row -= rows_[file_permutation_[current_file_]];
  }
  current_row_ = row;
  const unsigned int file = file_permutation_[current_file_];
  if (loaded_file_ != int64_t(file) && value_counts_[file] > max_count_) {
    LoadRows(file, 0);
    data_permutation_.clear();
  } else if (loaded_file_ != int64_t(file)) {
    first_row_ = 0;
    LoadHDF5FileData(hdf_filenames_[file].c_str());
    loaded_file_ = file;
    data_permutation_.clear();
    Require(hdf_blobs_[0]->shape(0) == static_cast<int>(rows_[file]), hdf_filenames_[file],
            " has changed: it has ", hdf_blobs_[0]->shape(0), " rows and had ", rows_[file]);
  }
  if (data_permutation_.empty() || (shuffle && loaded_epoch_ != epoch)) {
    data_permutation_.resize(rows_[file]);
    std::iota(data_permutation_.begin(), data_permutation_.end(), 0);
    if (shuffle) data_permutation_ = EpochPermutation(rows_[file], PermutationKey(1 + file), epoch);
    loaded_epoch_ = epoch;
  }
}

template <typename Dtype>
bool HDF5DataLayer<Dtype>::Skip() {
  return !IsOwnSample(this->phase_, offset_);
}

template <typename Dtype>
uint64_t HDF5DataLayer<Dtype>::progress() const {
  return EndOfRound(this->phase_, offset_);
}

template <typename Dtype>
void HDF5DataLayer<Dtype>::set_progress(uint64_t position) {
  TakeSeed();
  offset_ = position;
}

template <typename Dtype>
void HDF5DataLayer<Dtype>::Forward_cpu(const vector<Blob<Dtype>*>& bottom,
                                       const vector<Blob<Dtype>*>& top) {
  const int batch_size = static_cast<int>(this->layer_param_.hdf5_data_param().batch_size());
  for (int i = 0; i < batch_size; ++i) {
    while (Skip()) Next();
    Place();
    int64_t row = data_permutation_[current_row_];
    if (row < first_row_ || row >= first_row_ + hdf_blobs_[0]->shape(0)) {
      LoadRows(file_permutation_[current_file_], row);
    }
    row -= first_row_;
    for (size_t t = 0; t < hdf_blobs_.size(); ++t) {
      const int64_t count = top[t]->count(1);
      std::copy_n(hdf_blobs_[t]->cpu_data() + row * count, count,
                  top[t]->mutable_cpu_data() + i * count);
    }
    Next();
  }
}

INSTANTIATE_CLASS(HDF5DataLayer);
REGISTER_LAYER_CLASS(HDF5Data);

}  // namespace caffe
