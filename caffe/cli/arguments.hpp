#ifndef CAFFE_CLI_ARGUMENTS_HPP_
#define CAFFE_CLI_ARGUMENTS_HPP_

#include <string>
#include <vector>

namespace caffe::cli {

/// A command line, taken apart.
struct Arguments {
  /// What is neither a flag nor a flag's value.
  std::vector<std::string> words;
  /// Names of the flags that were given.
  std::vector<std::string> flags;
  bool help = false;
  bool version = false;
};

/// Sets the flags of the command line (those of glog, too) and gives the rest. Forms: -f v, --f v,
/// -f=v, --f=v; for switches -f, --f, --nof. `--` ends the flags. Throws Error for an unknown
/// flag, naming the nearest known one, and for a value that does not fit.
Arguments ParseArguments(int argc, char** argv);

/// "a,b" -> {"a", "b"}; "" -> {""}.
std::vector<std::string> SplitList(const std::string& text, char separator = ',');

/// Throws Error unless `text` is an integer in decimal; `what` names it in the message.
int ParseInt(const std::string& text, const std::string& what);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_ARGUMENTS_HPP_
