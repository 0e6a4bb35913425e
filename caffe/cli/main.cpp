// The `caffe` command.

#include <glog/logging.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "caffe/cli/arguments.hpp"
#include "caffe/cli/command.hpp"
#include "caffe/cli/path_checks.hpp"
#include "caffe/cli/terminal.hpp"
#include "caffe/error.hpp"

namespace caffe::cli {

namespace {

/// Log lines go to standard error; to files only where --log_dir asks for them. Throws Error if
/// they cannot be written there.
void StartLogging(const char* program) {
  if (!FLAGS_log_dir.empty()) {
    Require(std::filesystem::is_directory(FLAGS_log_dir), "--log_dir: there is no directory '",
            FLAGS_log_dir, "'");
    CheckOutputDirectory("log_dir", FLAGS_log_dir);
  }
  FLAGS_log_year_in_prefix = false;
  FLAGS_alsologtostderr = true;
  if (FLAGS_log_dir.empty()) FLAGS_logtostderr = true;
  google::InitGoogleLogging(program);
}

/// Caffe takes all its flags with every command, so one without effect is no mistake.
void WarnOfUnusedFlags(const Command& command, const Arguments& arguments) {
  for (const std::string& other : arguments.flags) {
    const auto has = [&other](const Command& each) {
      return std::find(each.flags.begin(), each.flags.end(), other) != each.flags.end();
    };
    const bool is_ours = std::any_of(Commands().begin(), Commands().end(), has);
    LOG_IF(WARNING, is_ours && !has(command))
        << "--" << other << " has no effect on 'caffe " << command.name << "'";
  }
}

int Run(int argc, char** argv) {
  Arguments arguments = ParseArguments(argc, argv);
  if (arguments.version) {
    std::cout << "caffe version " << CAFFE_CLI_VERSION << std::endl;
    return 0;
  }
  std::vector<std::string>& words = arguments.words;
  if (!words.empty() && words.front() == "help") {
    arguments.help = true;
    words.erase(words.begin());
  }
  if (words.empty()) {
    std::cout << GeneralHelp();
    return 0;
  }
  const Command& command = FindCommand(words.front());
  if (arguments.help) {
    std::cout << CommandHelp(command);
    return 0;
  }
  words.erase(words.begin());
  const int count = static_cast<int>(words.size());
  const std::string usage = "; usage: caffe " + command.name + " " + command.usage;
  Require(count <= command.max_words, "unexpected argument '",
          count > command.max_words ? words[command.max_words] : "", "'", usage);
  Require(count >= command.min_words, "an argument is missing", usage);
  StartLogging(argv[0]);
  WarnOfUnusedFlags(command, arguments);
  return command.run(words);
}

}  // namespace

}  // namespace caffe::cli

int main(int argc, char** argv) {
  // A write past a limit on the size of files fails and is told, as on a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return caffe::cli::Run(argc, argv);
  } catch (const std::exception& error) {
    caffe::cli::ClearStatusLine();
    std::cerr << "Error: " << error.what() << std::endl;
    return 1;
  }
}
