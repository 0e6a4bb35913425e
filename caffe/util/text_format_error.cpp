#include "caffe/util/text_format_error.hpp"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <regex>
#include <sstream>
#include <utility>
#include <vector>

#include "caffe/util/nearest_name.hpp"

namespace caffe {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::Tokenizer;
using std::string;
using std::vector;

class IgnoreErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const string&) override {}
};

/// Where in the text something is wrong: the names of the blocks around it, and of the field.
struct Place {
  int line = -1;
  int column = 0;
  vector<string> blocks;
  string field;

  /// "layer.pooling_param.pool".
  string Path() const {
    string path;
    for (const string& block : blocks) path += block + ".";
    return path + field;
  }
  string Blocks() const {
    string path;
    for (const string& block : blocks) path += (path.empty() ? "" : ".") + block;
    return path;
  }
};

/// The last place at or before (line, column) whose token reads `word`, or, for an empty `word`,
/// the last token there. The parser looks one token ahead, so its own position may be past the
/// culprit.
Place FindPlace(const string& content, int line, int column, const string& word) {
  google::protobuf::io::ArrayInputStream input(content.data(), static_cast<int>(content.size()));
  IgnoreErrors ignore;
  Tokenizer tokenizer(&input, &ignore);
  tokenizer.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
  tokenizer.set_allow_f_after_float(true);
  Place now, found;
  bool is_value = false;
  while (tokenizer.Next()) {
    const Tokenizer::Token& token = tokenizer.current();
    if (token.line > line || (token.line == line && token.column > column)) break;
    if (token.text == "{" || token.text == "<") {
      now.blocks.push_back(now.field);
      now.field.clear();
    } else if ((token.text == "}" || token.text == ">") && !now.blocks.empty()) {
      now.blocks.pop_back();
      now.field.clear();
    } else if (token.type == Tokenizer::TYPE_IDENTIFIER && !is_value) {
      now.field = token.text;
    }
    is_value = token.text == ":" || token.text == "[" || (is_value && token.text == ",");
    now.line = token.line;
    now.column = token.column;
    if (word.empty() || token.text == word) found = now;
  }
  return found;
}

const Descriptor* MessageAt(const Descriptor* root, const vector<string>& blocks) {
  for (const string& block : blocks) {
    const FieldDescriptor* field = root->FindFieldByName(block);
    if (field == nullptr || field->message_type() == nullptr) return nullptr;
    root = field->message_type();
  }
  return root;
}

vector<string> FieldNames(const Descriptor* message) {
  vector<string> names;
  for (int i = 0; i < message->field_count(); ++i) names.push_back(message->field(i)->name());
  return names;
}

/// " (it belongs in convolution_param or pooling_param)" if parts of the message have the field.
string BelongsInside(const Descriptor* message, const string& field) {
  string parts;
  for (int i = 0; i < message->field_count(); ++i) {
    const Descriptor* part = message->field(i)->message_type();
    if (part == nullptr || part == message || part->FindFieldByName(field) == nullptr) continue;
    parts += (parts.empty() ? "" : " or ") + message->field(i)->name();
  }
  return parts.empty() ? "" : " (it belongs in " + parts + ")";
}

string DescribeUnknownField(const Descriptor* message, const Place& place, const string& name) {
  string hint;
  if (message != nullptr) {
    hint = DidYouMean(name, FieldNames(message));
    if (hint.empty()) hint = BelongsInside(message, name);
  }
  const string owner = place.blocks.empty() ? (message ? message->name() : "the message")
                                            : "'" + place.Blocks() + "'";
  return owner + " has no field '" + name + "'" + hint;
}

string DescribeUnknownValue(const Descriptor* message, const Place& place, const string& name) {
  const FieldDescriptor* field =
      message == nullptr ? nullptr : message->FindFieldByName(place.field);
  string known;
  if (field != nullptr && field->enum_type() != nullptr) {
    const EnumDescriptor* type = field->enum_type();
    vector<string> names;
    for (int i = 0; i < type->value_count(); ++i) names.push_back(type->value(i)->name());
    known = DidYouMean(name, names);
    if (known.empty() || names.size() <= 8) {
      known += "; known values:";
      for (const string& value : names) known += " " + value;
    }
  }
  return "'" + place.Path() + "' cannot be '" + name + "'" + known;
}

}  // namespace

string DescribeTextFormatError(const string& file, const string& content, const Descriptor* root,
                               const TextFormatComplaint& complaint) {
  static const std::regex unknown_field("has no field named \"([^\"]*)\"");
  static const std::regex unknown_value("[Uu]nknown enumeration value of \"([^\"]*)\"");
  if (complaint.line < 0) return file + ": " + complaint.text;

  std::smatch match;
  const bool is_field = std::regex_search(complaint.text, match, unknown_field);
  const bool is_value = !is_field && std::regex_search(complaint.text, match, unknown_value);
  const string word = is_field || is_value ? match[1].str() : "";
  Place place = FindPlace(content, complaint.line, complaint.column, word);
  if (place.line < 0 || word.empty()) {
    place.line = complaint.line;
    place.column = complaint.column;
  }
  const Descriptor* message = MessageAt(root, place.blocks);

  std::ostringstream text;
  text << file << ":" << place.line + 1 << ":" << place.column + 1 << ": ";
  if (is_field) {
    text << DescribeUnknownField(message, place, word);
  } else if (is_value) {
    text << DescribeUnknownValue(message, place, word);
  } else {
    if (!place.Path().empty()) text << "in '" << place.Path() << "': ";
    text << complaint.text;
  }
  return text.str();
}

}  // namespace caffe
