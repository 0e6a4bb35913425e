#include "solver/hdf5_state.hpp"

#include <climits>

#include "caffe/util/atomic_file.hpp"
#include "caffe/util/hdf5.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "solver/state_checksum.hpp"

namespace caffe {

namespace {

constexpr char kIter[] = "iter", kCurrentStep[] = "current_step", kLearnedNet[] = "learned_net",
               kHistory[] = "history", kResume[] = "resume";

}  // namespace

template <typename Dtype>
void WriteHdf5State(const SolverState& state,
                    const std::vector<std::shared_ptr<Blob<Dtype>>>& history,
                    const std::string& file) {
  const Hdf5Object hdf5 = NewHdf5();
  hdf5_save_int(hdf5, kIter, state.iter());
  hdf5_save_string(hdf5, kLearnedNet, state.learned_net());
  hdf5_save_int(hdf5, kCurrentStep, state.current_step());
  const Hdf5Object group = MakeHdf5Group(hdf5, kHistory);
  for (size_t i = 0; i < history.size(); ++i) {
    hdf5_save_nd_dataset(group, std::to_string(i), *history[i]);
  }
  SolverState rest = state;
  rest.clear_iter();
  rest.clear_learned_net();
  rest.clear_current_step();
  hdf5_save_bytes(hdf5, kResume, ChecksumMark() + rest.SerializeAsString());
  std::string content = Hdf5Image(hdf5);
  // HDF5 knows where its own part of the file ends.
  AppendChecksum(&content);
  WriteFileAtomically(file, content);
}

SolverState ReadHdf5State(const std::string& file) {
  // Before the library reads a byte of a damaged file.
  const bool has_checksum = CheckChecksum(ReadWholeFile(file), file);
  const Hdf5Object hdf5 = OpenHdf5(file);
  const bool is_state = HasHdf5Object(hdf5, kIter) && HasHdf5Object(hdf5, kHistory);
  if (!is_state && HasHdf5Object(hdf5, "data")) RefuseModelAsState(file);
  Require(is_state, "'", file,
          "' is not a solver state: it has no data set 'iter', or no group 'history'");
  SolverState state;
  if (HasHdf5Object(hdf5, kResume)) {
    Require(state.ParseFromString(hdf5_load_bytes(hdf5, kResume)), "'", file,
            "' is damaged: its data set 'resume' cannot be parsed");
  }
  RequireChecksum(has_checksum, file, &state);
  state.set_iter(hdf5_load_int(hdf5, kIter));
  state.set_current_step(hdf5_load_int(hdf5, kCurrentStep));
  if (HasHdf5Object(hdf5, kLearnedNet)) {
    state.set_learned_net(hdf5_load_string(hdf5, kLearnedNet));
  }
  return state;
}

template <typename Dtype>
void ReadHdf5History(const std::string& file,
                     const std::vector<std::shared_ptr<Blob<Dtype>>>& history) {
  const Hdf5Object hdf5 = OpenHdf5(file);
  const size_t stored = Hdf5Names(hdf5, kHistory).size();
  Require(stored == history.size(), "'", file, "' holds ", stored, " history blobs, the net needs ",
          history.size(), "; the state is of another net or another solver type");
  for (size_t i = 0; i < history.size(); ++i) {
    const std::string dataset = std::string(kHistory) + "/" + std::to_string(i);
    hdf5_load_nd_dataset(hdf5, dataset.c_str(), 0, INT_MAX, history[i].get());
  }
}

#define INSTANTIATE(Dtype)                                                                       \
  template void WriteHdf5State<Dtype>(                                                           \
      const SolverState&, const std::vector<std::shared_ptr<Blob<Dtype>>>&, const std::string&); \
  template void ReadHdf5History<Dtype>(const std::string&,                                       \
                                       const std::vector<std::shared_ptr<Blob<Dtype>>>&);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
