#ifndef CAFFE_HDF5_DATA_LAYER_HPP_
#define CAFFE_HDF5_DATA_LAYER_HPP_

#include <hdf5.h>

#include <limits>
#include <string>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Reads rows of the data sets that are named like its tops, from the HDF5 files that a text file
/// lists. One file is in memory at a time; a single one is read once. A file with more values than
/// a blob can hold is read by rows.
///
/// Top: batch_size x (the data set's axes after the first). Numbers of any kind are converted.
///
/// Samples are numbered on and on, over all epochs; with hdf5_data_param.shuffle the order of
/// files, and of rows within each, is a permutation that is a pure function of (seed, layer's name,
/// epoch). In phase TRAIN sample s belongs to the solver of rank s mod R, of R. Batches are always
/// full and run over the borders of files.
template <typename Dtype>
class HDF5DataLayer : public Layer<Dtype> {
 public:
  explicit HDF5DataLayer(const LayerParameter& param) : Layer<Dtype>(param) {}
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  /// Data layers have no bottoms, so their tops do not follow from them.
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override {}

  const char* type() const override { return "HDF5Data"; }
  int ExactNumBottomBlobs() const override { return 0; }
  int MinTopBlobs() const override { return 1; }

  /// progress() is the number of samples that have been delivered, on all ranks together.
  /// set_progress takes the seed anew, from Caffe::random_seed().
  uint64_t progress() const override;
  void set_progress(uint64_t position) override;
  uint64_t num_samples() const override { return total_rows_; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override {}

  /// Goes on to the next sample.
  void Next() { ++offset_; }
  /// Whether the current sample belongs to another rank.
  bool Skip();
  /// Reads the tops' data sets of a file to hdf_blobs_.
  virtual void LoadHDF5FileData(const char* filename);

  std::vector<std::string> hdf_filenames_;
  unsigned int num_files_ = 0;
  /// The current sample: a place in file_permutation_, and one in data_permutation_.
  unsigned int current_file_ = 0;
  hsize_t current_row_ = 0;
  std::vector<shared_ptr<Blob<Dtype>>> hdf_blobs_;
  std::vector<unsigned int> data_permutation_;
  std::vector<unsigned int> file_permutation_;
  /// The current sample's number.
  uint64_t offset_ = 0;
  /// Files with a data set of more values are read by rows.
  int64_t max_count_ = std::numeric_limits<int>::max();

 private:
  void ReadList();
  /// Rows of a file, after checking that it has the tops' data sets.
  uint64_t CountRows(const std::string& filename) const;
  /// Values of the largest of the tops' data sets in a file.
  int64_t LargestCount(const std::string& filename) const;
  /// Reads rows from `row` on to hdf_blobs_.
  void LoadRows(unsigned int file, int64_t row);
  void CheckRowShape(hid_t file, const std::string& name,
                     const std::vector<shared_ptr<Blob<Dtype>>>& before, int t);
  void TakeSeed();
  /// Finds the current sample's file and row, and loads the file if it is not the one at hand.
  void Place();
  uint64_t PermutationKey(uint64_t stream) const;

  uint64_t seed_ = 0;
  std::vector<uint64_t> rows_;         // of each file
  std::vector<int64_t> value_counts_;  // values of each file's largest data set
  int64_t first_row_ = 0;              // of hdf_blobs_
  uint64_t total_rows_ = 0;
  uint64_t epoch_ = 0;
  bool permuted_ = false;      // file_permutation_ is that of epoch_
  int64_t loaded_file_ = -1;   // hdf_blobs_ holds it
  uint64_t loaded_epoch_ = 0;  // data_permutation_ is of this one
};

}  // namespace caffe

#endif  // CAFFE_HDF5_DATA_LAYER_HPP_
