// Taking a snapshot, which may fail, and removing old ones.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iomanip>
#include <string>
#include <system_error>

#include "caffe/util/atomic_file.hpp"
#include "caffe/util/nearest_name.hpp"
#include "solver/not_finite.hpp"
#include "solver/snapshot_files.hpp"
#include "solver/snapshot_lock.hpp"
#include "solver/solver.hpp"

namespace caffe {

namespace fs = std::filesystem;

namespace {

string Megabytes(uint64_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(bytes) / 1e6 << " MB";
  return text.str();
}

/// A second name for a file that is about to be replaced, by which it comes back unless Forget is
/// called. A file that was not there goes away again.
class ReplacedFile {
 public:
  explicit ReplacedFile(const string& file)
      : file_(file), backup_(file + "." + std::to_string(getpid()) + "-old.caffe-tmp") {
    std::error_code ignored;
    was_there_ = fs::exists(file_, ignored);
    has_backup_ = was_there_ && link(file_.c_str(), backup_.c_str()) == 0;
  }
  ~ReplacedFile() {
    // Of two names of one file rename leaves both.
    if (has_backup_ && !forgotten_) std::rename(backup_.c_str(), file_.c_str());
    if (has_backup_) std::remove(backup_.c_str());
    if (!was_there_ && !forgotten_) std::remove(file_.c_str());
  }
  void Forget() { forgotten_ = true; }

 private:
  string file_, backup_;
  bool was_there_ = false, has_backup_ = false, forgotten_ = false;

  DISABLE_COPY_AND_ASSIGN(ReplacedFile);
};

/// Whether a smaller value of a test net's output is better; see keep_best in the schema.
template <typename Dtype>
bool SmallestIsBest(const Net<Dtype>& net, int blob_id) {
  if (net.blob_loss_weights()[blob_id] != 0) return true;
  string name = net.blob_names()[blob_id];
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name.find("loss") != string::npos || name.find("error") != string::npos;
}

}  // namespace

template <typename Dtype>
void Solver<Dtype>::SetUpSnapshotHistory() {
  Require(param_.keep_snapshots() >= 0, "keep_snapshots is ", param_.keep_snapshots(),
          ", it must not be negative");
  KeepRule rule;
  rule.newest = param_.keep_snapshots();
  string name = param_.keep_best();
  rule.best = !name.empty();
  best_test_net_ = -1;
  if (rule.best) {
    Require(rule.newest > 0,
            "keep_best has an effect only with keep_snapshots; set "
            "keep_snapshots: 1, for example");
    const char direction = name[0];
    if (direction == '-' || direction == '+') name.erase(0, 1);
    std::vector<string> known;
    for (size_t i = 0; i < test_nets_.size() && best_test_net_ < 0; ++i) {
      for (const int blob_id : test_nets_[i]->output_blob_indices()) {
        known.push_back(test_nets_[i]->blob_names()[blob_id]);
        if (known.back() != name) continue;
        best_test_net_ = static_cast<int>(i);
        rule.best_is_smallest =
            direction == '-' || (direction != '+' && SmallestIsBest(*test_nets_[i], blob_id));
      }
    }
    string list;
    for (const string& each : known) list += (list.empty() ? "" : ", ") + each;
    Require(best_test_net_ >= 0, "keep_best: no test net has an output '", name, "'",
            DidYouMean(name, known),
            known.empty() ? "; there is no test net" : "; there are: ", list);
    best_output_ = name;
    const bool saves_tested = param_.test_interval() > 0 && param_.snapshot() > 0 &&
                              param_.snapshot() % param_.test_interval() == 0;
    LOG_IF(WARNING, !saves_tested && Caffe::root_solver())
        << "keep_best: only snapshots of iterations that test can be the best; let snapshot ("
        << param_.snapshot() << ") be a multiple of test_interval (" << param_.test_interval()
        << ")";
  }
  snapshot_history_.Init(param_.snapshot_prefix(), rule);
}

template <typename Dtype>
void Solver<Dtype>::NoteTestValue(const TrainingMetrics::Test& test) {
  if (test.net != best_test_net_) return;
  for (const TrainingMetrics::Output& output : test.outputs) {
    if (output.name == best_output_) snapshot_history_.Tested(iter_, output.value);
  }
  if (Caffe::root_solver()) snapshot_history_.RemoveOld();
}

template <typename Dtype>
void Solver<Dtype>::LockSnapshots() {
  const bool writes = param_.snapshot() > 0 || param_.snapshot_after_train();
  if (snapshot_lock_ || !writes || !param_.has_snapshot_prefix() || !Caffe::root_solver()) return;
  snapshot_lock_ = SnapshotLock::Take(param_.snapshot_prefix());
}

template <typename Dtype>
string Solver<Dtype>::SpaceText() const {
  uint64_t needed = StateBytes();
  for (const shared_ptr<Layer<Dtype>>& layer : net_->layers()) {
    for (const shared_ptr<Blob<Dtype>>& blob : layer->blobs()) {
      needed += sizeof(Dtype) * blob->count() * (param_.snapshot_diff() ? 2 : 1);
    }
  }
  const fs::path directory = fs::path(param_.snapshot_prefix()).parent_path();
  std::error_code error;
  const fs::space_info space = fs::space(directory.empty() ? "." : directory, error);
  return "a snapshot needs about " + Megabytes(needed) +
         (error ? "" : ", " + Megabytes(space.available) + " are free");
}

template <typename Dtype>
void Solver<Dtype>::WriteSnapshotFiles() {
  const bool is_hdf5 = param_.snapshot_format() == SolverParameter::HDF5;
  ReplacedFile old_model(SnapshotFilename(is_hdf5 ? ".caffemodel.h5" : ".caffemodel"));
  const string model = is_hdf5 ? SnapshotToHDF5() : SnapshotToBinaryProto();
  SnapshotSolverState(model);
  old_model.Forget();
  SnapshotRecord record;
  record.set_iter(iter_);
  record.set_model_crc32(model_stamp_.crc32);
  if (is_hdf5) record.set_is_hdf5(true);
  snapshot_history_.Written(record);
}

template <typename Dtype>
void Solver<Dtype>::Snapshot() {
  if (const string found = DescribeNotFiniteWeights(*net_); !found.empty()) {
    const string text =
        "The snapshot of iteration " + std::to_string(iter_) + " would hold broken weights. ";
    Require(continue_on_nan_, text, found, " ",
            NewestGoodSnapshotText(snapshot_history_.StateFiles()),
            " Lower base_lr or set clip_gradients; --continue_on_nan writes it all the same.");
    LOG(WARNING) << text << found << " It is written, as --continue_on_nan asks.";
  }
  if (!snapshot_lock_ && param_.has_snapshot_prefix()) {
    snapshot_lock_ = SnapshotLock::Take(param_.snapshot_prefix());
  }
  try {
    WriteSnapshotFiles();
  } catch (const WriteError& error) {
    if (!error.lacks_space()) throw;
    throw WriteError(error.cause(), error.what(), "; ", SpaceText());
  }
  snapshot_history_.RemoveOld();
}

template <typename Dtype>
void Solver<Dtype>::TrySnapshot() {
  try {
    Snapshot();
  } catch (const WriteError& error) {
    const vector<string> states = snapshot_history_.StateFiles();
    LOG(WARNING) << "There is no snapshot of iteration " << iter_ << ": " << error.what()
                 << ". Training goes on; "
                 << (states.empty() ? "there is no snapshot of this run yet"
                                    : "the newest snapshot is '" + states.front() + "'");
  }
}

#define INSTANTIATE(Dtype)                                                       \
  template void Solver<Dtype>::SetUpSnapshotHistory();                           \
  template void Solver<Dtype>::NoteTestValue(const TrainingMetrics::Test& test); \
  template void Solver<Dtype>::LockSnapshots();                                  \
  template string Solver<Dtype>::SpaceText() const;                              \
  template void Solver<Dtype>::WriteSnapshotFiles();                             \
  template void Solver<Dtype>::Snapshot();                                       \
  template void Solver<Dtype>::TrySnapshot();
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
