#ifndef CAFFE_SOLVER_SOLVER_HPP_
#define CAFFE_SOLVER_SOLVER_HPP_

#include <functional>
#include <string>
#include <vector>

#include "caffe/net.hpp"
#include "caffe/util/benchmark.hpp"
#include "solver/metrics.hpp"
#include "solver/snapshot_history.hpp"
#include "solver/solver_factory.hpp"

namespace caffe {

class SnapshotLock;

/// What a running solver can be asked to do, by a signal for example.
namespace SolverAction {
enum Enum {
  NONE = 0,
  STOP = 1,      // leave the training loop
  SNAPSHOT = 2,  // write a snapshot and go on
};
}  // namespace SolverAction

/// Asked once an iteration, and before every batch of a test pass.
typedef std::function<SolverAction::Enum()> ActionCallback;

/// Trains a net: the loop of forward, backward and update, with test passes, log lines and
/// snapshots. How gradients become updates is up to the subclass (see SGDSolver).
///
/// Everything random in a run follows from one seed; it is part of a snapshot, together with
/// how far the nets have come, so that a restored run goes on as if never interrupted.
template <typename Dtype>
class Solver {
 public:
  explicit Solver(const SolverParameter& param);
  /// @param param_file  a SolverParameter in text format
  explicit Solver(const string& param_file);
  virtual ~Solver() {}

  void Init(const SolverParameter& param);
  void InitTrainNet();
  void InitTestNets();

  /// Sets who is asked for actions; by default nobody.
  void SetActionFunction(ActionCallback func);
  SolverAction::Enum GetRequestedAction();

  /// Trains until max_iter, or until asked to stop.
  /// @param resume_file  a solver state to continue from, or null
  virtual void Solve(const char* resume_file = NULL);
  void Solve(const string& resume_file) { Solve(resume_file.c_str()); }
  /// Trains for `iters` more iterations.
  void Step(int iters);

  /// Continues from a solver state and the model that it names. Throws Error if the two do
  /// not belong together or do not fit the net.
  void Restore(const char* resume_file);
  /// Writes the model, then the state; each appears under its name only when complete. Throws Error
  /// if that fails; then older files, also those of the same names, are as they were. Removes older
  /// snapshots of this run as keep_snapshots and keep_best want it.
  void Snapshot();
  /// The snapshots that this run wrote and kept, also before it was resumed.
  const SnapshotHistory& snapshot_history() const { return snapshot_history_; }

  const SolverParameter& param() const { return param_; }
  shared_ptr<Net<Dtype>> net() { return net_; }
  const vector<shared_ptr<Net<Dtype>>>& test_nets() { return test_nets_; }
  /// Updates done so far.
  int iter() const { return iter_; }
  /// Whether the last Solve ended because an action asked for it.
  bool stopped_early() const { return requested_early_exit_; }
  /// The seed that everything random in this run follows from.
  uint64_t random_seed() const { return random_seed_; }

  /// Told about every iteration; may change the gradients (multi-GPU training adds them up).
  class Callback {
   protected:
    virtual void on_start() = 0;
    virtual void on_gradients_ready() = 0;

    template <typename T>
    friend class Solver;
  };
  const vector<Callback*>& callbacks() const { return callbacks_; }
  void add_callback(Callback* value) { callbacks_.push_back(value); }

  /// The sink stays the caller's and must live as long as training goes on.
  void add_metrics_sink(MetricsSink* sink) { metrics_sinks_.push_back(sink); }

  /// By default a loss that is NaN or infinite ends the training with an Error, before the
  /// weights are updated. With true it is a warning in the log.
  void set_continue_on_nan(bool value) { continue_on_nan_ = value; }

  /// Writes and removes a file where snapshots will go. Throws Error if that fails.
  void CheckSnapshotWritePermissions();

  virtual const char* type() const { return ""; }

  /// Turns the gradients of this iteration into an update of the weights.
  virtual void ApplyUpdate() = 0;

 protected:
  /// What identifies the content of a model file.
  struct ModelStamp {
    string file;
    uint64_t bytes = 0;
    uint32_t crc32 = 0;
  };

  /// Called before the first iteration of a Step; throws Error if training cannot work.
  virtual void CheckReady() {}
  /// Called before the forward pass of each iteration.
  virtual void PrepareIteration() {}

  /// Called after PrepareIteration: what ApplyUpdate will use of the gradients of the net's
  /// learnable parameters, as for Net::SetWantedGradients.
  virtual vector<shared_ptr<const WantedGradient>> WantedGradients() { return {}; }

  /// Name of a file of the current iteration: "<prefix>_iter_<k><extension>".
  string SnapshotFilename(const string& extension);
  string SnapshotToBinaryProto();
  string SnapshotToHDF5();
  virtual void SnapshotSolverState(const string& model_filename) = 0;
  virtual void RestoreSolverStateFromHDF5(const string& state_file) = 0;
  virtual void RestoreSolverStateFromBinaryProto(const string& state_file) = 0;
  /// About how many bytes SnapshotSolverState writes.
  virtual uint64_t StateBytes() const { return 0; }
  /// The part of a state that every solver has: all but the history.
  void StateToProto(const string& model_filename, SolverState* state);
  void StateFromProto(const SolverState& state, const string& state_file);

  void TestAll();
  void Test(const int test_net_id = 0);
  void DisplayOutputBlobs(const int net_id);
  void UpdateSmoothedLoss(Dtype loss, int start_iter, int average_loss);

  SolverParameter param_;
  int iter_ = 0;
  int current_step_ = 0;
  shared_ptr<Net<Dtype>> net_;
  vector<shared_ptr<Net<Dtype>>> test_nets_;
  vector<Callback*> callbacks_;
  vector<MetricsSink*> metrics_sinks_;
  /// Of the current iteration, as far as known.
  TrainingMetrics metrics_;
  vector<Dtype> losses_;
  Dtype smoothed_loss_ = 0;
  ActionCallback action_request_function_;
  bool requested_early_exit_ = false;
  /// Runs since the last displayed iteration, iterations_last_.
  Timer iteration_timer_;
  float iterations_last_ = 0;
  uint64_t random_seed_ = 0;
  ModelStamp model_stamp_;
  SnapshotHistory snapshot_history_;
  /// The output of a test net that keep_best names.
  int best_test_net_ = -1;
  string best_output_;
  shared_ptr<SnapshotLock> snapshot_lock_;
  bool continue_on_nan_ = false;
  /// Whether the last loss was; only the first of a row of bad ones is told.
  bool loss_was_finite_ = true;

 private:
  bool DisplayNow() const { return param_.display() && iter_ % param_.display() == 0; }
  bool TestNow() const { return param_.test_interval() && iter_ % param_.test_interval() == 0; }
  Dtype ForwardBackward();
  void CheckFinite(Dtype loss);
  void DisplayIteration();
  void WriteMetrics(int iteration);
  void FinishTraining(int start_iter);
  void ServeRequests();
  /// Takes a snapshot that is not the last. If that fails for lack of space or the like it is told
  /// in the log, and training goes on.
  void TrySnapshot();
  void WriteSnapshotFiles();
  /// What a snapshot needs and what there is, for an error message.
  string SpaceText() const;
  void SetUpSnapshotHistory();
  /// Notes the value that the best snapshot is chosen by, and removes what is neither new nor best.
  void NoteTestValue(const TrainingMetrics::Test& test);
  void LockSnapshots();
  void RestoreModel(const SolverState& state, const string& state_file);
  void RestoreProgress(const SolverState& state);
  bool TestBatches(Net<Dtype>* net, int batches, Dtype* loss, vector<Dtype>* scores,
                   vector<int>* score_ids);

  DISABLE_COPY_AND_ASSIGN(Solver);
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_SOLVER_HPP_
