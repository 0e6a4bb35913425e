#include "data_tools/mat_file.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "caffe/error.hpp"

namespace caffe {

namespace {

constexpr uint64_t kHeaderSize = 128;
constexpr size_t kVersionAt = 124, kByteOrderAt = 126;
constexpr size_t kLongestName = 4096;
constexpr size_t kMostDims = 32;
constexpr size_t kLongestText = 1 << 20;

// Classes of arrays.
constexpr uint32_t kStruct = 2, kChar = 4, kFirstNumeric = 6, kLastNumeric = 15;
constexpr uint32_t kComplexFlag = 0x800;

bool IsNumeric(uint32_t array_class) {
  return array_class >= kFirstNumeric && array_class <= kLastNumeric;
}

/// Reads the subelements that every array begins with.
void ReadArrayHead(MatStream* stream, MatVariable* variable) {
  const std::vector<double> flags = stream->ReadNumbers(stream->ReadTag());
  if (flags.empty()) stream->Fail("an array has no flags");
  const auto bits = static_cast<uint32_t>(flags[0]);
  variable->array_class = bits & 0xFF;
  variable->complex = (bits & kComplexFlag) != 0;
  const MatTag dims = stream->ReadTag();
  if (dims.size > kMostDims * sizeof(int32_t)) stream->Fail("an array has too many dimensions");
  variable->count = 1;
  for (const double length : stream->ReadNumbers(dims)) {
    if (length < 0) stream->Fail("an array has a negative dimension");
    const auto whole = static_cast<uint64_t>(length);
    if (whole > 0 && variable->count > (uint64_t{1} << 62) / whole) {
      stream->Fail("an array has impossible dimensions");
    }
    variable->dims.push_back(whole);
    variable->count *= whole;
  }
  variable->name = stream->ReadData(stream->ReadTag(), kLongestName);
}

void AppendUtf8(uint32_t character, std::string* text) {
  const auto byte = [](uint32_t value) { return static_cast<char>(value); };
  if (character < 0x80) {
    *text += byte(character);
  } else if (character < 0x800) {
    *text += {byte(0xC0 | character >> 6), byte(0x80 | (character & 0x3F))};
  } else {
    *text += {byte(0xE0 | (character >> 12 & 0xF)), byte(0x80 | (character >> 6 & 0x3F)),
              byte(0x80 | (character & 0x3F))};
  }
}

std::string ReadText(MatStream* stream) {
  const MatTag tag = stream->ReadTag();
  if (MatTypeSize(tag.type) == 1) return stream->ReadData(tag, kLongestText);
  if (tag.size > kLongestText) stream->Fail("a text has an impossible size");
  std::string text;
  for (const double unit : stream->ReadNumbers(tag)) {
    AppendUtf8(static_cast<uint32_t>(unit), &text);
  }
  return text;
}

std::string Joined(const std::vector<MatVariable>& variables) {
  std::string names;
  for (const MatVariable& variable : variables) {
    names += (names.empty() ? "'" : ", '") + variable.name + "'";
  }
  return names;
}

}  // namespace

MatFile::MatFile(std::shared_ptr<const ByteSource> source) : source_(std::move(source)) {
  Require(source_->size() >= kHeaderSize, name(), " has ", source_->size(),
          " bytes; the header of a MAT file has ", kHeaderSize,
          ". It is cut off, or no MAT file; get it again.");
  std::string header(kHeaderSize, '\0');
  source_->ReadAt(0, header.data(), header.size());
  Require(!header.starts_with("MATLAB 7.3"), name(),
          " is a MAT file of version 7.3, which is HDF5. Save it in MATLAB with -v7.");
  const std::string order = header.substr(kByteOrderAt, 2);
  const bool is_little = order == "IM" && header[kVersionAt + 1] == 1;
  const bool is_big = order == "MI" && header[kVersionAt] == 1;
  Require(is_little || is_big, name(), " is no MAT file of level 5. Get it again.");
  swap_ = is_little != (std::endian::native == std::endian::little);
  ListVariables();
}

void MatFile::ListVariables() {
  constexpr uint64_t kTagSize = 8;
  for (uint64_t at = kHeaderSize; at < source_->size();) {
    const uint64_t left = source_->size() - at;
    Require(left >= kTagSize, name(), " is cut off within an array's head. Get it again.");
    MatStream plain(source_, at, left, false, swap_);
    const MatTag tag = plain.ReadTag();
    Require(!tag.small && tag.size <= left - kTagSize, name(), " is cut off: the array at byte ",
            at, " has ", tag.size, " bytes, and ", left - kTagSize, " are left. Get it again.");
    MatVariable variable;
    variable.compressed = tag.type == kMatCompressed;
    variable.offset = variable.compressed ? at + kTagSize : at;
    variable.size = variable.compressed ? tag.size : tag.size + kTagSize;
    const uint64_t filled = (uint64_t{tag.size} + 7) / 8 * 8;
    at += kTagSize + (variable.compressed ? tag.size : filled);
    if (tag.type != kMatMatrix && !variable.compressed) continue;
    const std::unique_ptr<MatStream> stream = Open(variable);
    if (stream->ReadTag().type != kMatMatrix) continue;
    ReadArrayHead(stream.get(), &variable);
    variables_.push_back(std::move(variable));
  }
}

const MatVariable& MatFile::Get(const std::string& wanted) const {
  for (const MatVariable& variable : variables_) {
    if (variable.name == wanted) return variable;
  }
  throw Error(name(), " has no array '", wanted, "', only ", Joined(variables_),
              ". It is another file than wanted.");
}

std::unique_ptr<MatStream> MatFile::Open(const MatVariable& variable) const {
  return std::make_unique<MatStream>(source_, variable.offset, variable.size, variable.compressed,
                                     swap_);
}

std::unique_ptr<MatStream> MatFile::OpenData(const MatVariable& variable) const {
  std::unique_ptr<MatStream> stream = Open(variable);
  stream->ReadTag();
  MatVariable again;
  ReadArrayHead(stream.get(), &again);
  return stream;
}

std::vector<double> MatFile::ReadNumbers(const MatVariable& variable) const {
  Require(IsNumeric(variable.array_class) && !variable.complex, name(), ": the array '",
          variable.name, "' does not hold real numbers. It is another file than wanted.");
  const std::unique_ptr<MatStream> stream = OpenData(variable);
  const std::vector<double> numbers = stream->ReadNumbers(stream->ReadTag());
  stream->Finish();
  Require(numbers.size() == variable.count, name(), ": the array '", variable.name, "' has ",
          numbers.size(), " values, and its dimensions want ", variable.count,
          ". The file is damaged; get it again.");
  return numbers;
}

std::unique_ptr<MatStream> MatFile::OpenBytes(const MatVariable& variable) const {
  std::unique_ptr<MatStream> stream = OpenData(variable);
  const MatTag tag = stream->ReadTag();
  Require(IsNumeric(variable.array_class) && tag.type == kMatUint8 && !tag.small, name(),
          ": the array '", variable.name, "' does not hold unsigned bytes. Save it as uint8.");
  Require(tag.size == variable.count, name(), ": the array '", variable.name, "' has ", tag.size,
          " values, and its dimensions want ", variable.count,
          ". The file is damaged; get it again.");
  return stream;
}

std::vector<std::map<std::string, MatValue>> MatFile::ReadStructs(
    const MatVariable& variable) const {
  Require(variable.array_class == kStruct, name(), ": '", variable.name,
          "' is no array of structs. It is another file than wanted.");
  const std::unique_ptr<MatStream> stream = OpenData(variable);
  const std::vector<double> lengths = stream->ReadNumbers(stream->ReadTag());
  const std::string names = stream->ReadData(stream->ReadTag(), kLongestText);
  const bool has_names = lengths.size() == 1 && lengths[0] >= 1;
  const size_t length = has_names ? static_cast<size_t>(lengths[0]) : 0;
  if (!has_names || names.size() < length) stream->Fail("a struct has no names of fields");
  std::vector<std::map<std::string, MatValue>> structs;
  for (uint64_t i = 0; i < variable.count; ++i) {
    std::map<std::string, MatValue> fields;
    for (size_t at = 0; at + length <= names.size(); at += length) {
      const MatTag tag = stream->ReadTag();
      if (tag.type != kMatMatrix) stream->Fail("a field of a struct is no array");
      const uint64_t end = stream->position() + tag.size;
      MatVariable field;
      if (tag.size > 0) ReadArrayHead(stream.get(), &field);
      MatValue value;
      if (field.array_class == kChar && field.count > 0) value.text = ReadText(stream.get());
      const bool has_numbers = IsNumeric(field.array_class) && !field.complex && field.count > 0;
      if (has_numbers) value.numbers = stream->ReadNumbers(stream->ReadTag());
      if (stream->position() > end) stream->Fail("a field of a struct is longer than it says");
      stream->Skip(end - stream->position());
      if (has_numbers || field.array_class == kChar) fields[names.c_str() + at] = std::move(value);
    }
    structs.push_back(std::move(fields));
  }
  return structs;
}

}  // namespace caffe
