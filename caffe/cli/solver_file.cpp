#include "caffe/cli/solver_file.hpp"

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <vector>

#include "caffe/cli/path_checks.hpp"
#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"
#include "caffe/util/upgrade_proto.hpp"

namespace caffe::cli {

namespace {

bool HasField(const std::string& file, const char* names) {
  const std::regex field("(^|\n)\\s*(" + std::string(names) + ")\\s*[:{]");
  std::ostringstream content;
  content << std::ifstream(file).rdbuf();
  return std::regex_search(WithoutByteOrderMark(content.str()), field);
}

/// Paths in a solver are relative to where the command runs, which is easily forgotten.
void CheckNetFiles(const SolverParameter& solver, const std::string& file) {
  std::vector<std::string> nets(solver.test_net().begin(), solver.test_net().end());
  if (solver.has_net()) nets.push_back(solver.net());
  if (solver.has_train_net()) nets.push_back(solver.train_net());
  for (const std::string& net : nets) {
    try {
      CheckInputFile(net);
    } catch (const Error& error) {
      std::error_code ignored;
      const bool is_relative = std::filesystem::path(net).is_relative();
      throw Error(file, ": the net: ", error.what(),
                  is_relative ? "; the path is relative to the directory in which caffe runs, " +
                                    std::filesystem::current_path(ignored).string()
                              : "");
    }
  }
}

}  // namespace

bool IsSolverFile(const std::string& file) {
  return HasField(file,
                  "net|train_net|net_param|train_net_param|base_lr|lr_policy|max_iter|solver_mode");
}

SolverParameter ReadSolver(const std::string& file) {
  Require(IsSolverFile(file) || !HasField(file, "layer|layers"), "'", file,
          "' defines a net; a solver definition is wanted here, the file that names this net as "
          "its 'net'");
  SolverParameter solver;
  ReadSolverParamsFromTextFileOrDie(file, &solver);
  CheckNetFiles(solver, file);
  return solver;
}

NetParameter ReadNetFile(const std::string& file) {
  Require(HasField(file, "layer|layers") || !IsSolverFile(file), "'", file,
          "' defines a solver; a net definition is wanted here, such as the file that it names as "
          "its 'net'");
  NetParameter net;
  ReadNetParamsFromTextFileOrDie(file, &net);
  return net;
}

}  // namespace caffe::cli
