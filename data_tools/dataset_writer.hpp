#ifndef DATA_TOOLS_DATASET_WRITER_HPP_
#define DATA_TOOLS_DATASET_WRITER_HPP_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"
#include "data_tools/atomic_output.hpp"
#include "data_tools/content_hash.hpp"
#include "data_tools/lmdb_writer.hpp"
#include "data_tools/manifest.hpp"
#include "data_tools/pixel_sums.hpp"

namespace caffe {

/// A record with what has to be known of it, all of which can be made by any thread.
struct PreparedRecord {
  PreparedRecord() = default;
  /// Of a datum whose pixels are counted already.
  PreparedRecord(const Datum& datum, PixelSums pixels);
  /// Of a datum of bytes.
  explicit PreparedRecord(const Datum& datum);

  int32_t label = 0;
  std::string value;
  std::string digest;  // of the value
  PixelSums pixels;
};

/// What is told of a database by the one who makes it; the rest of its manifest is counted.
struct DatasetDescription {
  std::string tool;
  std::vector<std::string> options;  // those that the content depends on
  std::vector<std::string> sources;
  std::string channel_order;         // of the pixels that are counted: "RGB", "BGR" or "gray"
  std::vector<std::string> classes;  // names of the labels 0, 1, ...; may be empty
};

/// Writes the LMDB `name` with its labels and its manifest.
class DatasetWriter {
 public:
  /// What it makes, in the order in which it may appear.
  static std::vector<std::string> Names(const std::string& name);

  /// A database that was begun in `output` is gone on with: either with GoOn, or by adding all
  /// records again, of which those that are there are counted and not written.
  DatasetWriter(const AtomicOutput& output, const std::string& name,
                DatasetDescription description);
  /// Called each time before all records so far are written to the disk.
  void BeforeCommit(std::function<void()> function) { lmdb_.BeforeCommit(std::move(function)); }

  /// Adds a record whose key is its number, in `digits` digits.
  void Add(const Datum& datum, int digits);
  void Add(const std::string& key, PreparedRecord record);
  uint64_t size() const { return count_; }

  /// Records that were in the database already.
  uint64_t found() const { return lmdb_.found(); }
  /// Records that are on the disk now.
  uint64_t committed() const { return lmdb_.committed(); }
  data_tools::DatabaseState state() const;
  /// Goes on behind the records that are there, of which `state` was known.
  void GoOn(const data_tools::DatabaseState& state);

  /// Writes what is left, the labels and the manifest.
  /// @param left_out, repaired  numbers of images, for the manifest
  void Finish(int left_out = 0, int repaired = 0);

 private:
  const AtomicOutput& output_;
  std::string name_;
  DatasetDescription description_;
  LmdbWriter lmdb_;
  uint64_t count_ = 0;
  ContentHash hash_;
  PixelSums pixels_;
  bool has_statistics_ = true;
  std::map<int32_t, int32_t> labels_;  // label -> records
};

/// What the converters of data sets make: two databases and the training images' mean.
inline constexpr char kTrainName[] = "train_lmdb";
inline constexpr char kTestName[] = "test_lmdb";
inline constexpr char kMeanName[] = "mean.binaryproto";
/// All files of these, in the order in which they may appear.
std::vector<std::string> TrainTestAndMeanNames();

/// "0" to the largest one of the labels, at least to `least`: names where labels are numbers.
std::vector<std::string> NumberNames(int largest, int least);

}  // namespace caffe

#endif  // DATA_TOOLS_DATASET_WRITER_HPP_
