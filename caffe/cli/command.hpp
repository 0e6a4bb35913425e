#ifndef CAFFE_CLI_COMMAND_HPP_
#define CAFFE_CLI_COMMAND_HPP_

#include <string>
#include <vector>

namespace caffe::cli {

/// One word after `caffe`: what it does, and how.
struct Command {
  std::string name;
  /// What follows the name in the usage line: "NET [flags]".
  std::string usage;
  /// One line.
  std::string summary;
  /// More, for `caffe <name> --help`; may be several lines.
  std::string description;
  /// Names of the flags that have an effect.
  std::vector<std::string> flags;
  /// How many words may follow the name.
  int min_words;
  int max_words;
  /// Does it. Throws Error; returns the exit code.
  int (*run)(const std::vector<std::string>& words);
};

Command TrainCommand();
Command TestCommand();
Command TimeCommand();
Command DeviceQueryCommand();
Command PlanCommand();
Command SummaryCommand();

/// All of them, sorted by name.
const std::vector<Command>& Commands();
/// Throws Error for an unknown name; the message names the nearest and all known ones.
const Command& FindCommand(const std::string& name);

/// The text of `caffe --help`.
std::string GeneralHelp();
/// The text of `caffe <command> --help`.
std::string CommandHelp(const Command& command);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_COMMAND_HPP_
