#include "solver/state_checksum.hpp"

#include <zlib.h>

#include <filesystem>
#include <system_error>

#include "caffe/error.hpp"

namespace caffe {

namespace {

/// The bytes of a checksum: a field of a message, of fixed size.
std::string Trailer(uint32_t crc32) {
  SolverState state;
  state.set_state_crc32(crc32);
  return state.SerializeAsString();
}

[[noreturn]] void RefuseDamaged(const std::string& state_file, const char* reason) {
  throw Error("'", state_file, "' is damaged, or was changed by another program: ", reason,
              ". Use another snapshot; --snapshot=auto takes the newest that is whole");
}

}  // namespace

uint32_t Crc32(std::string_view content) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
}

std::string ChecksumMark() {
  SolverState state;
  state.set_is_checksummed(true);
  return state.SerializeAsString();
}

void AppendChecksum(std::string* content) { *content += Trailer(Crc32(*content)); }

bool CheckChecksum(std::string_view content, const std::string& state_file) {
  const std::string form = Trailer(0);
  const std::string_view tag(form.data(), form.size() - sizeof(uint32_t));
  if (content.size() < form.size()) return false;
  const std::string_view end = content.substr(content.size() - form.size());
  if (!end.starts_with(tag)) return false;
  if (end != Trailer(Crc32(content.substr(0, content.size() - form.size())))) {
    RefuseDamaged(state_file, "its checksum differs");
  }
  return true;
}

void RequireChecksum(bool has_checksum, const std::string& state_file, SolverState* state) {
  if (state->is_checksummed() && !has_checksum) {
    RefuseDamaged(state_file, "the checksum at its end is missing");
  }
  state->clear_is_checksummed();
  state->clear_state_crc32();
}

void RefuseModelAsState(const std::string& model_file) {
  std::string name = model_file, ending;
  if (name.ends_with(".h5")) {
    ending = ".h5";
    name.resize(name.size() - ending.size());
  }
  const std::string state_file =
      std::filesystem::path(name).replace_extension(".solverstate").string() + ending;
  std::error_code ignored;
  const bool is_there = std::filesystem::exists(state_file, ignored);
  throw Error("'", model_file, "' holds the weights of a net, not a solver state. To resume, give ",
              is_there ? "'" + state_file + "', which was written with it"
                       : "the .solverstate file that was written with it",
              "; to start a new training from these weights, give --weights=", model_file);
}

}  // namespace caffe
