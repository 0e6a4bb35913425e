#include "data_tools/record_stream.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <opencv2/core/utility.hpp>
#include <sstream>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/util/io.hpp"
#include "caffe/util/parallel_for.hpp"
#include "data_tools/image_type.hpp"
#include "data_tools/sha256.hpp"
#include "data_tools/tool_main.hpp"

namespace caffe {

namespace {

constexpr int kRecordsPerThread = 16;

void CheckPixels(const Datum& datum) {
  const int64_t values =
      datum.data().empty() ? datum.float_data_size() : static_cast<int64_t>(datum.data().size());
  const int64_t channels = datum.channels(), height = datum.height(), width = datum.width();
  Require(values > 0, "it has no pixels");
  // Each product is checked before the next, so that none overflows.
  const bool fits = channels > 0 && height > 0 && width > 0 && channels <= values &&
                    channels * height <= values && channels * height * width == values;
  Require(fits, "its ", values, " values are not those of its shape, ", channels, "x", height, "x",
          width);
}

void CheckNumbers(const Datum& datum) {
  for (const float value : datum.float_data()) {
    Require(std::isfinite(value), "it holds a value that is no finite number");
  }
}

void SwapOuterChannels(Datum* datum) {
  std::string* pixels = datum->mutable_data();
  const auto plane = static_cast<std::ptrdiff_t>(pixels->size() / 3);
  std::swap_ranges(pixels->begin(), pixels->begin() + plane, pixels->end() - plane);
}

void Understand(const std::string& value, const RecordReading& reading, Record* record) {
  Require(record->datum.ParseFromString(value), "it is no Datum");
  record->encoded = record->datum.encoded();
  if (!record->encoded) {
    CheckPixels(record->datum);
    if (reading.strict) CheckNumbers(record->datum);
    return;
  }
  Require(!record->datum.data().empty(), "it is marked as encoded and has no bytes");
  if (reading.strict) {
    Require(!IsTruncatedJpeg(record->datum.data()), "its JPEG image is cut off");
  }
  if (reading.decoding == Decoding::kNative) {
    DecodeDatumNative(&record->datum);
  } else if (reading.decoding != Decoding::kNone) {
    DecodeDatum(&record->datum, reading.decoding == Decoding::kColor);
  }
  if (reading.rgb && record->datum.channels() == 3) SwapOuterChannels(&record->datum);
}

Record Parse(const std::string& key, const std::string& value, const RecordReading& reading) {
  Record record;
  record.key = key;
  record.bytes = value.size();
  if (reading.digest) record.digest = Sha256(value);
  try {
    Understand(value, reading, &record);
  } catch (const std::exception& e) {
    record.problem = e.what();
  }
  return record;
}

}  // namespace

void ForEachRecord(db::DB* database, const RecordReading& reading,
                   const std::function<void(const Record&)>& visit) {
  const int threads = std::max(1, reading.threads);
  cv::setNumThreads(1);
  const std::unique_ptr<db::Cursor> cursor(database->NewCursor());
  std::vector<Record> parsed;
  while (cursor->valid() || !parsed.empty()) {
    CheckInterrupted();
    std::vector<std::string> keys, values;
    for (; cursor->valid() && keys.size() < static_cast<size_t>(kRecordsPerThread) * threads;
         cursor->Next()) {
      keys.push_back(cursor->key());
      values.push_back(cursor->value());
    }
    std::vector<Record> next(keys.size());
    // The records before these are visited while these are parsed.
    ParallelFor(static_cast<int>(keys.size()) + 1, threads, [&](int item) {
      if (item == 0) {
        for (const Record& record : parsed) visit(record);
      } else {
        next[item - 1] = Parse(keys[item - 1], values[item - 1], reading);
      }
    });
    parsed = std::move(next);
  }
}

std::string QuotedKey(const std::string& key) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "'";
  for (const unsigned char c : key) {
    if (c < 0x20 || c == 0x7f) {
      text += {'\\', 'x', kDigits[c / 16], kDigits[c % 16]};
    } else {
      text += static_cast<char>(c);
    }
  }
  return text + "'";
}

}  // namespace caffe
