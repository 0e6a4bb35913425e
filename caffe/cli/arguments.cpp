#include "caffe/cli/arguments.hpp"

#include <gflags/gflags.h>

#include <charconv>

#include "caffe/error.hpp"
#include "caffe/util/image_size.hpp"
#include "caffe/util/nearest_name.hpp"

DEFINE_int64(max_pixels, 200'000'000,
             "images with more pixels are not decoded, as they might take all memory");

namespace caffe::cli {

namespace {

bool FindFlag(const std::string& name, gflags::CommandLineFlagInfo* flag) {
  return gflags::GetCommandLineFlagInfo(name.c_str(), flag);
}

[[noreturn]] void ThrowUnknownFlag(const std::string& name) {
  std::vector<gflags::CommandLineFlagInfo> flags;
  gflags::GetAllFlags(&flags);
  std::vector<std::string> names;
  for (const auto& flag : flags) names.push_back(flag.name);
  const std::string nearest = NearestName(name, names);
  throw Error("unknown flag --", name, nearest.empty() ? "" : " (did you mean --" + nearest + "?)",
              "; --help lists the flags");
}

/// The name of a flag behind its one or two dashes, and what follows '='.
struct FlagText {
  std::string name;
  std::string value;
  bool has_value;
};

FlagText SplitFlag(const std::string& argument) {
  const std::string body = argument.substr(argument[1] == '-' ? 2 : 1);
  const size_t equals = body.find('=');
  if (equals == std::string::npos) return {body, "", false};
  return {body.substr(0, equals), body.substr(equals + 1), true};
}

}  // namespace

Arguments ParseArguments(int argc, char** argv) {
  Arguments result;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--") {
      result.words.insert(result.words.end(), argv + i + 1, argv + argc);
      break;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      result.words.push_back(argument);
      continue;
    }
    FlagText text = SplitFlag(argument);
    if (text.name == "help" || text.name == "h") {
      result.help = true;
      continue;
    }
    if (text.name == "version") {
      result.version = true;
      continue;
    }
    gflags::CommandLineFlagInfo flag;
    if (!FindFlag(text.name, &flag)) {
      const bool negated = text.name.rfind("no", 0) == 0 && FindFlag(text.name.substr(2), &flag) &&
                           flag.type == "bool" && !text.has_value;
      if (!negated) ThrowUnknownFlag(text.name);
      text = {flag.name, "false", true};
    }
    if (!text.has_value && flag.type == "bool") {
      text.value = "true";
    } else if (!text.has_value) {
      Require(i + 1 < argc, "flag --", text.name, " wants a value: --", text.name, "=...");
      text.value = argv[++i];
    }
    const std::string outcome = gflags::SetCommandLineOption(flag.name.c_str(), text.value.c_str());
    Require(!outcome.empty(), "flag --", flag.name, " cannot be '", text.value, "': it wants ",
            flag.type == "bool" ? "true or false" : "a value of type " + flag.type);
    result.flags.push_back(flag.name);
  }
  Require(FLAGS_max_pixels > 0, "--max_pixels is ", FLAGS_max_pixels, ", but must be at least 1");
  MaxImagePixels() = FLAGS_max_pixels;
  return result;
}

std::vector<std::string> SplitList(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

int ParseInt(const std::string& text, const std::string& what) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  Require(result.ec == std::errc() && result.ptr == end, what, " '", text, "' is no integer");
  return value;
}

}  // namespace caffe::cli
