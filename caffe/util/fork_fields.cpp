#include "caffe/util/fork_fields.hpp"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <climits>
#include <set>
#include <utility>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::Tokenizer;
using std::string;

/// By message, fields that say how fast, where or how exactly to compute.
const std::set<std::pair<string, string>>& TuningFields() {
  static const std::set<std::pair<string, string>> fields = {
      // NVIDIA
      {"NetParameter", "default_forward_type"},
      {"NetParameter", "default_backward_type"},
      {"NetParameter", "default_forward_math"},
      {"NetParameter", "default_backward_math"},
      {"NetParameter", "default_conv_algos_override"},
      {"NetParameter", "default_cudnn_math_override"},
      {"NetParameter", "global_grad_scale"},
      {"NetParameter", "reduce_buckets"},
      {"SolverParameter", "solver_data_type"},
      {"SolverParameter", "store_blobs_in_old_format"},
      {"SolverParameter", "per_parameter_reduce"},
      {"LayerParameter", "forward_type"},
      {"LayerParameter", "backward_type"},
      {"LayerParameter", "forward_math"},
      {"LayerParameter", "backward_math"},
      {"LayerParameter", "cudnn_math_override"},
      {"LayerParameter", "debug"},
      {"TransformationParameter", "use_gpu_transform"},
      {"TransformationParameter", "random_seed"},
      {"DropoutParameter", "engine"},
      {"DropoutParameter", "random_seed"},
      {"ConvolutionParameter", "cudnn_convolution_algo_seeker"},
      {"ConvolutionParameter", "conv_algos_override"},
      {"DataParameter", "cache"},
      {"DataParameter", "threads"},
      {"DataParameter", "parser_threads"},
      // Intel
      {"NetParameter", "engine"},
      {"NetParameter", "compile_net_state"},
      {"NetParameter", "multinode"},
      {"SolverParameter", "engine"},
      {"LayerParameter", "engine"},
      {"LayerParameter", "multinode"},
      {"LayerParameter", "mn_activation_param"},
      {"LayerParameter", "mn_grad_compress_param"},
      {"LayerParameter", "quantization_param"},
      {"LayerParameter", "split_param"},
      {"ConcatParameter", "engine"},
      {"EltwiseParameter", "engine"},
      {"InnerProductParameter", "engine"},
      {"ConvolutionParameter", "conv_algorithm"},
  };
  return fields;
}

/// Engines of Intel's fork, wherever a message of ours has an `engine`.
bool IsForeignEngine(const string& value) { return value == "MKL2017" || value == "MKLDNN"; }

class IgnoreErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const string&) override {}
};

struct Token {
  string text;
  Tokenizer::TokenType type;
  /// Bytes of the content: [begin, end).
  size_t begin, end;
};

std::vector<Token> Tokens(const string& content) {
  std::vector<size_t> lines = {0};
  for (size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '\n') lines.push_back(i + 1);
  }
  google::protobuf::io::ArrayInputStream input(content.data(), static_cast<int>(content.size()));
  IgnoreErrors ignore;
  Tokenizer tokenizer(&input, &ignore);
  tokenizer.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
  tokenizer.set_allow_f_after_float(true);
  std::vector<Token> tokens;
  while (tokenizer.Next()) {
    const auto& token = tokenizer.current();
    // The tokenizer's columns count a tab as up to 8; bytes are counted here.
    const size_t from = std::max(lines[token.line], tokens.empty() ? 0 : tokens.back().end);
    const size_t begin = content.find(token.text, from);
    if (begin == string::npos) break;
    tokens.push_back({token.text, token.type, begin, begin + token.text.size()});
  }
  return tokens;
}

bool Opens(const string& text) { return text == "{" || text == "<" || text == "["; }
bool Closes(const string& text) { return text == "}" || text == ">" || text == "]"; }

/// The index past the value of the field whose name is tokens[name].
size_t ValueEnd(const std::vector<Token>& tokens, size_t name) {
  size_t i = name + 1;
  if (i < tokens.size() && tokens[i].text == ":") ++i;
  if (i >= tokens.size()) return i;
  if (Opens(tokens[i].text)) {
    int depth = 0;
    for (; i < tokens.size(); ++i) {
      depth += Opens(tokens[i].text) - Closes(tokens[i].text);
      if (depth == 0) return i + 1;
    }
    return i;
  }
  if (tokens[i].text == "-") ++i;
  // Strings that follow each other are one.
  const bool is_string = i < tokens.size() && tokens[i].type == Tokenizer::TYPE_STRING;
  ++i;
  while (is_string && i < tokens.size() && tokens[i].type == Tokenizer::TYPE_STRING) ++i;
  return i;
}

/// The field of this name beside tokens[at], in the same block; its index, or the number of tokens.
size_t FindSibling(const std::vector<Token>& tokens, size_t at, const string& name) {
  size_t begin = at;
  for (int depth = 0; begin > 0; --begin) {
    depth += Closes(tokens[begin - 1].text) - Opens(tokens[begin - 1].text);
    if (depth < 0) break;
  }
  int depth = 0;
  for (size_t i = begin; i < tokens.size() && depth >= 0; ++i) {
    depth += Opens(tokens[i].text) - Closes(tokens[i].text);
    if (depth == 0 && tokens[i].text == name) return i;
  }
  return tokens.size();
}

/// What stands for `ceil_mode: true` or `false` in Caffe's words: nothing, if they are there
/// already. Throws Error if they say the opposite.
string RoundMode(const std::vector<Token>& tokens, size_t name, const string& value) {
  const bool ceil = value == "true" || value == "True" || value == "t" || value == "1";
  const string mode = ceil ? "CEIL" : "FLOOR";
  const size_t sibling = FindSibling(tokens, name, "round_mode");
  if (sibling + 2 >= tokens.size()) return "round_mode: " + mode;
  const string& other = tokens[sibling + 2].text;
  Require(other == mode, "ceil_mode: ", value, " and round_mode: ", other,
          " of one pooling_param contradict each other. Leave ceil_mode out");
  return "";
}

bool IsBool(const string& text) {
  static const std::set<string> words = {"true", "True", "t", "1", "false", "False", "f", "0"};
  return words.count(text) > 0;
}

}  // namespace

string InOurWords(const Descriptor* root, const string& content, SkippedFields* skipped) {
  if (content.size() > size_t(INT_MAX)) return content;
  string result = content;
  const std::vector<Token> tokens = Tokens(content);
  // Blocks around the token; null where the schema does not know them.
  std::vector<const Descriptor*> messages = {root};
  std::vector<string> path;
  // Fields to replace: the name's token, and the text.
  std::vector<std::pair<size_t, string>> modes;
  for (size_t i = 0; i < tokens.size();) {
    if (Closes(tokens[i].text)) {
      if (messages.size() > 1) {
        messages.pop_back();
        path.pop_back();
      }
      ++i;
      continue;
    }
    if (tokens[i].type != Tokenizer::TYPE_IDENTIFIER) {
      ++i;
      continue;
    }
    const Descriptor* message = messages.back();
    const string& name = tokens[i].text;
    const FieldDescriptor* field = message == nullptr ? nullptr : message->FindFieldByName(name);
    const size_t end = ValueEnd(tokens, i);
    const bool is_tuning =
        message != nullptr && field == nullptr && TuningFields().count({message->name(), name}) > 0;
    const bool is_engine = field != nullptr && name == "engine" && end > i + 1 &&
                           end <= tokens.size() && IsForeignEngine(tokens[end - 1].text);
    if (message == PoolingParameter::descriptor() && name == "ceil_mode" && end == i + 3 &&
        end <= tokens.size() && IsBool(tokens[i + 2].text)) {
      modes.emplace_back(i, RoundMode(tokens, i, tokens[i + 2].text));
      i = end;
      continue;
    }
    if ((is_tuning || is_engine) && end <= tokens.size() && end > i + 1) {
      string full;
      for (const string& block : path) full += block + ".";
      full += name + (is_engine ? ": " + tokens[end - 1].text : "");
      ++(*skipped)[full];
      for (size_t k = tokens[i].begin; k < tokens[end - 1].end; ++k) {
        if (result[k] != '\n') result[k] = ' ';
      }
      i = end;
      // A separator belongs to the field before it.
      if (i < tokens.size() && (tokens[i].text == "," || tokens[i].text == ";")) {
        result[tokens[i].begin] = ' ';
        ++i;
      }
      continue;
    }
    size_t value = i + 1;
    if (value < tokens.size() && tokens[value].text == ":") ++value;
    if (value < tokens.size() && (tokens[value].text == "{" || tokens[value].text == "<")) {
      messages.push_back(field == nullptr ? nullptr : field->message_type());
      path.push_back(name);
      i = value + 1;
    } else {
      i = std::max(end, i + 1);
    }
  }
  // From the back, so that earlier places stay.
  for (auto mode = modes.rbegin(); mode != modes.rend(); ++mode) {
    const size_t begin = tokens[mode->first].begin;
    result.replace(begin, tokens[mode->first + 2].end - begin, mode->second);
  }
  return result;
}

string SkippedFieldsText(const SkippedFields& skipped) {
  string text;
  for (const auto& [name, count] : skipped) {
    text += (text.empty() ? "" : ", ") + name;
    if (count > 1) text += " (" + std::to_string(count) + " times)";
  }
  return text;
}

}  // namespace caffe
