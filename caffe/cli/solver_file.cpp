#include "caffe/cli/solver_file.hpp"

#include <fstream>
#include <regex>
#include <sstream>

#include "caffe/error.hpp"
#include "caffe/util/upgrade_proto.hpp"

namespace caffe::cli {

namespace {

bool HasField(const std::string& file, const char* names) {
  const std::regex field("(^|\n)\\s*(" + std::string(names) + ")\\s*[:{]");
  std::ostringstream content;
  content << std::ifstream(file).rdbuf();
  return std::regex_search(content.str(), field);
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
