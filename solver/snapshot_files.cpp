#include "solver/snapshot_files.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>
#include <vector>

#include "caffe/common.hpp"
#include "caffe/util/atomic_file.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "solver/hdf5_state.hpp"
#include "solver/state_checksum.hpp"

namespace caffe {

namespace fs = std::filesystem;

void CheckSnapshotPrefix(const std::string& prefix) {
  const std::string probe = prefix + "_iter_0.tempfile";
  try {
    WriteFileAtomically(probe, "");
  } catch (Error& error) {
    error.add_context("snapshots cannot be written to snapshot_prefix '" + prefix +
                      "' (does the directory exist?)");
    throw;
  }
  std::remove(probe.c_str());
}

namespace {

/// Whether a binary message is a net with layers.
bool IsModel(const std::string& content) {
  NetParameter net;
  return net.ParseFromString(content) && net.layer_size() + net.layers_size() > 0;
}

}  // namespace

SolverState ReadSolverState(const std::string& state_file) {
  if (IsHdf5File(state_file)) return ReadHdf5State(state_file);
  const std::string content = ReadWholeFile(state_file);
  Require(content.size() <= INT_MAX, "'", state_file,
          "' is larger than the 2 GB that a solver "
          "state can have");
  Require(!content.empty(), "'", state_file, "' is empty; it should be a solver state");
  const bool has_checksum = CheckChecksum(content, state_file);
  google::protobuf::io::ArrayInputStream array(content.data(), static_cast<int>(content.size()));
  google::protobuf::io::CodedInputStream input(&array);
  input.SetTotalBytesLimit(INT_MAX);
  SolverState state;
  Require(state.ParseFromCodedStream(&input), "'", state_file,
          "' is damaged, or is not a solver "
          "state: it cannot be parsed");
  RequireChecksum(has_checksum, state_file, &state);
  if (!state.has_iter() && state.history_size() == 0) {
    if (IsModel(content)) RefuseModelAsState(state_file);
    throw Error("'", state_file,
                "' is not a solver state: it names no iteration and has no history");
  }
  return state;
}

std::string FindLearnedNet(const SolverState& state, const std::string& state_file) {
  const fs::path written(state.learned_net());
  std::error_code ignored;
  if (fs::exists(written, ignored)) return written.string();
  const fs::path beside = fs::path(state_file).parent_path() / written.filename();
  if (fs::exists(beside, ignored)) return beside.string();
  throw Error("the state '", state_file, "' belongs to the model '", state.learned_net(),
              "', which is neither there nor beside the state");
}

void CheckLearnedNet(const SolverState& state, const std::string& model_file) {
  if (!state.has_learned_net_bytes()) return;
  const auto refuse = [&model_file](const std::string& what) {
    throw Error("'", model_file,
                "' is not the model that was written with the solver state: ", what,
                ". It may be damaged, or of another run; use another snapshot");
  };
  std::error_code ignored;
  const uint64_t size = fs::file_size(model_file, ignored);
  if (size != state.learned_net_bytes()) {
    refuse("it has " + std::to_string(size) + " bytes, not " +
           std::to_string(state.learned_net_bytes()));
  }
  if (Crc32(ReadWholeFile(model_file)) != state.learned_net_crc32()) {
    refuse("its checksum differs");
  }
}

namespace {

/// The k of "<begin>_iter_<k>.solverstate", which may be followed by ".h5", or -1.
int64_t IterationOf(std::string_view name, const std::string& begin) {
  const std::string head = begin + "_iter_", tail = ".solverstate";
  if (name.ends_with(".h5")) name.remove_suffix(3);
  if (!name.starts_with(head) || !name.ends_with(tail) ||
      name.size() <= head.size() + tail.size()) {
    return -1;
  }
  const char* first = name.data() + head.size();
  const char* last = name.data() + name.size() - tail.size();
  int64_t iteration = -1;
  const auto [end, error] = std::from_chars(first, last, iteration);
  return error == std::errc() && end == last ? iteration : -1;
}

}  // namespace

std::string FindNewestSnapshot(
    const std::string& prefix,
    const std::function<void(const std::string& model_file)>& check_model) {
  std::vector<std::string> files;
  const fs::path path(prefix);
  const fs::path directory = path.parent_path().empty() ? "." : path.parent_path();
  std::vector<std::pair<int64_t, std::string>> found;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const int64_t iteration = IterationOf(name, path.filename().string());
    if (iteration >= 0) found.emplace_back(iteration, (path.parent_path() / name).string());
  }
  std::sort(found.begin(), found.end(), std::greater<>());
  for (const auto& [iteration, state_file] : found) files.push_back(state_file);
  return FirstGoodSnapshot(files, check_model);
}

std::string FirstGoodSnapshot(
    const std::vector<std::string>& state_files,
    const std::function<void(const std::string& model_file)>& check_model) {
  for (const std::string& state_file : state_files) {
    try {
      const SolverState state = ReadSolverState(state_file);
      Require(state.has_learned_net(), "'", state_file, "' names no model");
      const std::string model = FindLearnedNet(state, state_file);
      CheckLearnedNet(state, model);
      if (check_model) check_model(model);
      return state_file;
    } catch (const Error& reason) {
      LOG(WARNING) << "Passing over a snapshot: " << reason.what();
    }
  }
  return "";
}

}  // namespace caffe
