#include "caffe/cli/command.hpp"

#include <gflags/gflags.h>

#include <iomanip>
#include <sstream>

#include "caffe/cli/text_table.hpp"
#include "caffe/error.hpp"
#include "caffe/util/nearest_name.hpp"

namespace caffe::cli {

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {DeviceQueryCommand(), PlanCommand(),
                                                SummaryCommand(),     TestCommand(),
                                                TimeCommand(),        TrainCommand()};
  return commands;
}

const Command& FindCommand(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : Commands()) {
    if (command.name == name) return command;
    names.push_back(command.name);
  }
  std::string known;
  for (const std::string& each : names) known += " " + each;
  throw Error("unknown command '", name, "'", DidYouMean(name, names), "; known commands:", known);
}

std::string GeneralHelp() {
  std::ostringstream text;
  text << "usage: caffe <command> [flags]\n\ncommands:\n";
  for (const Command& command : Commands()) {
    text << "  " << std::left << std::setw(14) << command.name << command.summary << "\n";
  }
  text << "\n'caffe <command> --help' tells more of a command. Flags may be written --flag=value,\n"
          "--flag value, -flag=value or -flag value, before or after the command.\n"
          "'caffe --version' prints the version. Log lines go to standard error, and with\n"
          "--log_dir=DIR to files there too; --minloglevel=1 leaves out all but warnings.\n";
  return text.str();
}

std::string CommandHelp(const Command& command) {
  std::ostringstream text;
  text << "usage: caffe " << command.name << " " << command.usage << "\n\n"
       << command.description << "\n\nflags:\n";
  TextTable table("ll", 2);
  for (const std::string& name : command.flags) {
    const auto flag = gflags::GetCommandLineFlagInfoOrDie(name.c_str());
    const std::string value =
        flag.default_value.empty() ? "" : " (default: " + flag.default_value + ")";
    table.Add({"--" + name, flag.description + value});
  }
  text << table.ToText();
  return text.str();
}

}  // namespace caffe::cli
