#ifndef DATA_TOOLS_CONVERSION_NOTES_HPP_
#define DATA_TOOLS_CONVERSION_NOTES_HPP_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data_tools/atomic_output.hpp"
#include "data_tools/manifest.pb.h"

namespace caffe {

struct ImageRemark {
  std::string path;
  std::string text;
};

/// What is to be said about images of a set, in their order.
struct ImageRemarks {
  std::vector<ImageRemark> problems;  // why they could not be read
  std::vector<ImageRemark> repairs;   // what was done to them
};

/// Notes how far a conversion has come, so that it can be gone on with after a kill. LMDB writes
/// its records to the disk many at a time; the notes are written just before, for this time and
/// for the one before it, so one of them fits to what the database has.
class ConversionNotes {
 public:
  /// Finds what an earlier run of the same output has left. A database without fitting notes is
  /// removed.
  ConversionNotes(AtomicOutput* output, const std::string& database);

  /// Number of the image to go on with; 0 if there is nothing to go on with.
  uint64_t next() const { return next_; }
  /// What was known then.
  const data_tools::DatabaseState& state() const { return state_; }
  const ImageRemarks& remarks() const { return remarks_; }

  /// Notes that all images before `next` are in `state`.
  /// @param worth_keeping  whether a failure from now on must leave what is there
  void Save(uint64_t next, const data_tools::DatabaseState& state, const ImageRemarks& remarks,
            bool worth_keeping);

 private:
  bool Load(uint64_t records);

  AtomicOutput* output_;
  std::filesystem::path path_;
  uint64_t next_ = 0;
  data_tools::DatabaseState state_;
  ImageRemarks remarks_;
  data_tools::ConversionProgress::Point last_;
};

}  // namespace caffe

#endif  // DATA_TOOLS_CONVERSION_NOTES_HPP_
