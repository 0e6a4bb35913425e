#include "data_tools/mat_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "caffe/error.hpp"

namespace caffe {

namespace {

constexpr size_t kBufferSize = 1 << 16;
constexpr size_t kAlignment = 8;

/// Bytes behind data of this size that fill it up.
uint64_t PaddingOf(uint64_t size) { return (kAlignment - size % kAlignment) % kAlignment; }

template <class Number>
Number NumberAt(const char* bytes, bool swap) {
  char ordered[sizeof(Number)];
  std::memcpy(ordered, bytes, sizeof(Number));
  if (swap) std::reverse(ordered, ordered + sizeof(Number));
  Number number;
  std::memcpy(&number, ordered, sizeof(Number));
  return number;
}

template <class Number>
void Append(const char* bytes, size_t count, bool swap, std::vector<double>* numbers) {
  for (size_t i = 0; i < count; ++i) {
    numbers->push_back(static_cast<double>(NumberAt<Number>(bytes + i * sizeof(Number), swap)));
  }
}

}  // namespace

size_t MatTypeSize(uint32_t type) {
  switch (type) {
    case kMatInt8:
    case kMatUint8:
    case kMatUtf8:
      return 1;
    case kMatInt16:
    case kMatUint16:
    case kMatUtf16:
      return 2;
    case kMatInt32:
    case kMatUint32:
    case kMatSingle:
    case kMatUtf32:
      return 4;
    case kMatDouble:
    case kMatInt64:
    case kMatUint64:
      return 8;
    default:
      return 0;
  }
}

struct MatStream::Inflater {
  Inflater() : input(kBufferSize) { ready = inflateInit(&zlib) == Z_OK; }
  ~Inflater() {
    if (ready) inflateEnd(&zlib);
  }

  z_stream zlib{};
  std::vector<char> input;
  bool ready;
  bool ended = false;
};

MatStream::MatStream(std::shared_ptr<const ByteSource> source, uint64_t offset, uint64_t size,
                     bool compressed, bool swap)
    : source_(std::move(source)), next_(offset), end_(offset + size), swap_(swap) {
  if (compressed) {
    inflater_ = std::make_unique<Inflater>();
    Require(inflater_->ready, "zlib could not be started. Is there no memory left?");
  }
}

MatStream::~MatStream() = default;

void MatStream::Fail(const std::string& how) const {
  throw Error(name(), ": ", how, ". The file is damaged or cut off; get it again.");
}

void MatStream::ReadRaw(char* bytes, size_t count) {
  if (count > end_ - next_) Fail("an array ends before its data does");
  source_->ReadAt(next_, bytes, count);
  next_ += count;
}

void MatStream::Read(char* bytes, size_t count) {
  position_ += count;
  if (!inflater_) {
    ReadRaw(bytes, count);
    return;
  }
  while (count > 0) {
    const size_t got = Inflate(bytes, count);
    if (got == 0 && inflater_->ended) Fail("a compressed array has too few bytes");
    bytes += got;
    count -= got;
  }
}

size_t MatStream::Inflate(char* bytes, size_t most) {
  if (inflater_->ended) return 0;
  z_stream& zlib = inflater_->zlib;
  if (zlib.avail_in == 0) {
    const size_t more = std::min<uint64_t>(kBufferSize, end_ - next_);
    if (more == 0) Fail("a compressed array ends before its data does");
    ReadRaw(inflater_->input.data(), more);
    zlib.next_in = reinterpret_cast<Bytef*>(inflater_->input.data());
    zlib.avail_in = static_cast<uInt>(more);
  }
  const auto wanted = static_cast<uInt>(std::min<size_t>(most, 1 << 30));
  zlib.next_out = reinterpret_cast<Bytef*>(bytes);
  zlib.avail_out = wanted;
  const int status = inflate(&zlib, Z_NO_FLUSH);
  inflater_->ended = status == Z_STREAM_END;
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
    Fail(std::string("a compressed array cannot be unpacked (") +
         (zlib.msg != nullptr ? zlib.msg : "zlib error") + ")");
  }
  return wanted - zlib.avail_out;
}

void MatStream::Skip(uint64_t count) {
  if (!inflater_) {
    if (count > end_ - next_) Fail("an array ends before its data does");
    next_ += count;
    position_ += count;
    return;
  }
  std::vector<char> unused(std::min<uint64_t>(count, kBufferSize));
  for (uint64_t left = count; left > 0;) {
    const size_t part = std::min<uint64_t>(left, unused.size());
    Read(unused.data(), part);
    left -= part;
  }
}

MatTag MatStream::ReadTag() {
  char head[8];
  Read(head, sizeof(head));
  const auto first = NumberAt<uint32_t>(head, swap_);
  MatTag tag;
  tag.small = first > 0xFFFF;
  if (!tag.small) {
    tag.type = first;
    tag.size = NumberAt<uint32_t>(head + 4, swap_);
    return tag;
  }
  tag.type = first & 0xFFFF;
  tag.size = first >> 16;
  if (tag.size > tag.data.size()) Fail("an element has an impossible size");
  std::copy_n(head + 4, tag.data.size(), tag.data.begin());
  return tag;
}

std::string MatStream::ReadData(const MatTag& tag, size_t most) {
  if (tag.small) return std::string(tag.data.data(), tag.size);
  if (tag.size > most) Fail("an element has an impossible size");
  std::string data(tag.size, '\0');
  Read(data.data(), data.size());
  Skip(PaddingOf(tag.size));
  return data;
}

std::vector<double> MatStream::ReadNumbers(const MatTag& tag) {
  const size_t size = MatTypeSize(tag.type);
  if (size == 0 || tag.size % size != 0) Fail("an array has elements that are no numbers");
  std::vector<double> numbers;
  if (tag.small) {
    AppendNumbers(tag.type, tag.data.data(), tag.size / size, &numbers);
    return numbers;
  }
  // In parts, so that no false size asks for memory that the file does not fill.
  std::vector<char> bytes(kBufferSize);
  for (uint64_t left = tag.size; left > 0;) {
    const size_t part = std::min<uint64_t>(left, kBufferSize);
    Read(bytes.data(), part);
    AppendNumbers(tag.type, bytes.data(), part / size, &numbers);
    left -= part;
  }
  Skip(PaddingOf(tag.size));
  return numbers;
}

void MatStream::AppendNumbers(uint32_t type, const char* bytes, size_t count,
                              std::vector<double>* numbers) const {
  switch (type) {
    case kMatInt8:
      return Append<int8_t>(bytes, count, swap_, numbers);
    case kMatUint8:
    case kMatUtf8:
      return Append<uint8_t>(bytes, count, swap_, numbers);
    case kMatInt16:
      return Append<int16_t>(bytes, count, swap_, numbers);
    case kMatUint16:
    case kMatUtf16:
      return Append<uint16_t>(bytes, count, swap_, numbers);
    case kMatInt32:
      return Append<int32_t>(bytes, count, swap_, numbers);
    case kMatUint32:
    case kMatUtf32:
      return Append<uint32_t>(bytes, count, swap_, numbers);
    case kMatSingle:
      return Append<float>(bytes, count, swap_, numbers);
    case kMatDouble:
      return Append<double>(bytes, count, swap_, numbers);
    case kMatInt64:
      return Append<int64_t>(bytes, count, swap_, numbers);
    case kMatUint64:
      return Append<uint64_t>(bytes, count, swap_, numbers);
    default:
      Fail("an array has elements that are no numbers");
  }
}

void MatStream::Finish() {
  if (!inflater_) return;
  while (!inflater_->ended) {
    char unused;
    if (Inflate(&unused, 1) == 0 && !inflater_->ended) Fail("a compressed array ends too early");
  }
}

}  // namespace caffe
