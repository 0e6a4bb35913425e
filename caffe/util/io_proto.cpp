#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/text_format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "caffe/util/atomic_file.hpp"
#include "caffe/util/fork_fields.hpp"
#include "caffe/util/io.hpp"
#include "caffe/util/text_format_error.hpp"

namespace caffe {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

class FirstComplaint : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const string& message) override {
    if (complaints_.empty()) complaints_.push_back({line, static_cast<int>(column), message});
  }
  const TextFormatComplaint& get() const {
    static const TextFormatComplaint unknown = {-1, 0, "does not parse"};
    return complaints_.empty() ? unknown : complaints_.front();
  }

 private:
  vector<TextFormatComplaint> complaints_;
};

/// An open file, closed at the end of the scope.
class OpenFile {
 public:
  OpenFile(const char* filename, int flags) : descriptor_(open(filename, flags | O_CLOEXEC, 0666)) {
    const char* purpose = (flags & O_WRONLY) != 0 ? "write" : "read";
    Require(descriptor_ >= 0, "cannot ", purpose, " '", filename, "': ", std::strerror(errno));
  }
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int descriptor() const { return descriptor_; }

  /// Size in bytes. Throws Error for a directory.
  int64_t Size(const char* filename) const {
    struct stat info;
    Require(fstat(descriptor_, &info) == 0, "cannot read '", filename, "': ", std::strerror(errno));
    Require(!S_ISDIR(info.st_mode), "cannot read '", filename, "': it is a directory");
    return info.st_size;
  }

  /// Closes it now; false if what was written did not reach the file.
  bool Close() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return close(descriptor) == 0;
  }

 private:
  int descriptor_;
};

string ReadWholeFile(const char* filename) {
  const OpenFile file(filename, O_RDONLY);
  string content;
  content.reserve(file.Size(filename));
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = read(file.descriptor(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    Require(count >= 0, "cannot read '", filename, "': ", std::strerror(errno));
    if (count == 0) return content;
    content.append(buffer, count);
  }
}

/// Notes on each layer of the net where it stands in the file.
void FillSourceLocations(const string& file, const TextFormat::ParseInfoTree& tree,
                         NetParameter* net) {
  const FieldDescriptor* layers =
      NetParameter::descriptor()->FindFieldByNumber(NetParameter::kLayerFieldNumber);
  for (int i = 0; i < net->layer_size(); ++i) {
    const int line = tree.GetLocation(layers, i).line;
    if (line >= 0)
      net->mutable_layer(i)->set_source_location(file + ":" + std::to_string(line + 1));
  }
}

void FillSourceLocations(const string& file, const TextFormat::ParseInfoTree& tree,
                         SolverParameter* solver) {
  const auto nested = [&](int field_number, int index) {
    return tree.GetTreeForNested(SolverParameter::descriptor()->FindFieldByNumber(field_number),
                                 index);
  };
  const auto fill = [&](int field_number, int index, NetParameter* net) {
    const TextFormat::ParseInfoTree* part = nested(field_number, index);
    if (part != nullptr) FillSourceLocations(file, *part, net);
  };
  if (solver->has_net_param()) {
    fill(SolverParameter::kNetParamFieldNumber, -1, solver->mutable_net_param());
  }
  if (solver->has_train_net_param()) {
    fill(SolverParameter::kTrainNetParamFieldNumber, -1, solver->mutable_train_net_param());
  }
  for (int i = 0; i < solver->test_net_param_size(); ++i) {
    fill(SolverParameter::kTestNetParamFieldNumber, i, solver->mutable_test_net_param(i));
  }
}

string BaseName(const string& path) { return path.substr(path.find_last_of('/') + 1); }

/// Whether there are no bytes that no text has.
bool IsText(std::string_view content) {
  return std::none_of(content.begin(), content.end(), [](char character) {
    const unsigned char c = character;
    return c == 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v');
  });
}

/// What a file that is no such message might be instead.
string GuessKind(const OpenFile& file) {
  char start[64];
  const ssize_t count = pread(file.descriptor(), start, sizeof(start), 0);
  const bool is_text = count > 0 && IsText(std::string_view(start, count));
  return is_text ? "; it looks like a text file" : "";
}

/// The first bytes of an HDF5 file, which might even parse as unknown fields of a message.
bool IsHdf5(const OpenFile& file) {
  const char signature[] = "\211HDF\r\n\032\n";
  char start[sizeof(signature) - 1];
  return pread(file.descriptor(), start, sizeof(start), 0) == sizeof(start) &&
         std::memcmp(start, signature, sizeof(start)) == 0;
}

bool LogInsteadOfThrowing(void (*read)(const char*, Message*), const char* filename,
                          Message* proto) {
  try {
    read(filename, proto);
    return true;
  } catch (const Error& error) {
    LOG(ERROR) << error.what();
    return false;
  }
}

void WriteAll(const string& bytes, const char* filename) {
  OpenFile file(filename, O_WRONLY | O_CREAT | O_TRUNC);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = write(file.descriptor(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    Require(count > 0, "cannot write '", filename, "': ", std::strerror(errno));
    done += count;
  }
  Require(file.Close(), "cannot write '", filename, "': ", std::strerror(errno));
}

}  // namespace

void ReadProtoFromTextFileOrDie(const char* filename, Message* proto) {
  const string content = WithoutByteOrderMark(ReadWholeFile(filename));
  Require(IsText(content), "'", filename, "' is no text file; a ", proto->GetTypeName(),
          " in text format is wanted");
  std::unique_ptr<FirstComplaint> complaint;
  std::unique_ptr<TextFormat::ParseInfoTree> locations;
  const auto parse = [&](const string& text) {
    complaint = std::make_unique<FirstComplaint>();
    locations = std::make_unique<TextFormat::ParseInfoTree>();
    TextFormat::Parser parser;
    parser.RecordErrorsTo(complaint.get());
    parser.WriteLocationsTo(locations.get());
    return parser.ParseFromString(text, proto);
  };
  if (!parse(content)) {
    SkippedFields skipped;
    string rest;
    try {
      rest = InOurWords(proto->GetDescriptor(), content, &skipped);
    } catch (Error& error) {
      error.add_context(filename);
      throw;
    }
    if (rest == content || !parse(rest)) {
      throw Error(
          DescribeTextFormatError(filename, rest, proto->GetDescriptor(), complaint->get()));
    }
    LOG(WARNING) << filename
                 << ": skipped settings by which other forks are tuned, and which change "
                 << "nothing here: " << SkippedFieldsText(skipped);
  }
  if (auto* net = dynamic_cast<NetParameter*>(proto)) {
    FillSourceLocations(BaseName(filename), *locations, net);
  } else if (auto* solver = dynamic_cast<SolverParameter*>(proto)) {
    FillSourceLocations(BaseName(filename), *locations, solver);
  }
}

bool ReadProtoFromTextFile(const char* filename, Message* proto) {
  return LogInsteadOfThrowing(ReadProtoFromTextFileOrDie, filename, proto);
}

void WriteProtoToTextFile(const Message& proto, const char* filename) {
  string text;
  Require(TextFormat::PrintToString(proto, &text), "cannot print a ", proto.GetTypeName(),
          " as text for '", filename, "'");
  WriteAll(text, filename);
}

void ReadProtoFromBinaryFileOrDie(const char* filename, Message* proto) {
  const OpenFile file(filename, O_RDONLY);
  const int64_t size = file.Size(filename);
  Require(size <= INT_MAX, "cannot read '", filename, "': it has ", size,
          " bytes, and a binary message can have at most ", INT_MAX);
  Require(!IsHdf5(file), "'", filename, "' is an HDF5 file, not a binary ", proto->GetTypeName(),
          " message");
  google::protobuf::io::FileInputStream raw(file.descriptor());
  google::protobuf::io::CodedInputStream input(&raw);
  input.SetTotalBytesLimit(INT_MAX);
  const google::protobuf::LogSilencer silence;
  const bool parsed = proto->ParsePartialFromCodedStream(&input) && input.ConsumedEntireMessage();
  Require(raw.GetErrno() == 0, "cannot read '", filename, "': ", std::strerror(raw.GetErrno()));
  if (!parsed) {
    throw Error("'", filename, "' (", size, " bytes) is no complete binary ", proto->GetTypeName(),
                " message: the file is cut short, damaged or of another kind", GuessKind(file));
  }
  if (!proto->IsInitialized()) {
    throw Error("'", filename, "' lacks required fields of ", proto->GetTypeName(), ": ",
                proto->InitializationErrorString());
  }
}

bool ReadProtoFromBinaryFile(const char* filename, Message* proto) {
  return LogInsteadOfThrowing(ReadProtoFromBinaryFileOrDie, filename, proto);
}

void WriteProtoToBinaryFile(const Message& proto, const char* filename) {
  const size_t size = proto.ByteSizeLong();
  Require(size <= INT_MAX, "cannot write '", filename, "': the message has ", size,
          " bytes, and a binary message can have at most ", INT_MAX);
  string bytes;
  if (!proto.SerializeToString(&bytes)) {
    throw Error("cannot write '", filename, "': the message lacks ",
                proto.InitializationErrorString());
  }
  WriteAll(bytes, filename);
}

}  // namespace caffe
