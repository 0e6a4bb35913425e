#ifndef DATA_TOOLS_RECORD_STREAM_HPP_
#define DATA_TOOLS_RECORD_STREAM_HPP_

#include <cstddef>
#include <functional>
#include <string>

#include "caffe/proto/caffe.pb.h"
#include "caffe/util/db.hpp"

namespace caffe {

/// A record of a database, as far as it can be understood.
struct Record {
  std::string key;
  size_t bytes = 0;    // of the value
  std::string digest;  // SHA-256 of the value, if that was asked for
  bool encoded = false;
  /// Decoded if that was asked for; what could be read where there is a problem.
  Datum datum;
  /// What is wrong with it, such as "it is no Datum"; empty for a good record.
  std::string problem;
};

/// What becomes of encoded datums: nothing, or pixels with the images' own number of channels,
/// three or one.
enum class Decoding { kNone, kNative, kColor, kGray };

struct RecordReading {
  Decoding decoding = Decoding::kNative;
  /// Decoded images get their three channels in the order R G B instead of B G R.
  bool rgb = false;
  /// Call a cut off JPEG and a float that is no number a problem.
  bool strict = false;
  /// Find the digests of the values.
  bool digest = false;
  int threads = 1;
};

/// Reads all records in the order of their keys; parses and decodes some in parallel.
/// @param visit  called for one record after the other; never by two threads at once
void ForEachRecord(db::DB* database, const RecordReading& reading,
                   const std::function<void(const Record&)>& visit);

/// A key in quotes for messages; bytes that cannot be printed as \xNN.
std::string QuotedKey(const std::string& key);

}  // namespace caffe

#endif  // DATA_TOOLS_RECORD_STREAM_HPP_
