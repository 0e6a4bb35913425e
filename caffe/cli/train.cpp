#include <algorithm>
#include <memory>
#include <sstream>

#include "caffe/cli/arguments.hpp"
#include "caffe/cli/command.hpp"
#include "caffe/cli/csv_log.hpp"
#include "caffe/cli/device_choice.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/cli/net_state.hpp"
#include "caffe/cli/path_checks.hpp"
#include "caffe/cli/progress_line.hpp"
#include "caffe/cli/solver_file.hpp"
#include "caffe/cli/tensorboard_log.hpp"
#include "caffe/cli/terminal.hpp"
#include "caffe/common.hpp"
#include "caffe/plan/plan_options.hpp"
#include "caffe/util/nearest_name.hpp"
#include "caffe/weight_transfer.hpp"
#include "solver/signal_handler.hpp"
#include "solver/snapshot_files.hpp"
#include "solver/snapshot_lock.hpp"
#include "solver/solver.hpp"
#include "solver/solver_factory.hpp"

namespace caffe::cli {

namespace {

SolverAction::Enum ParseEffect(const std::string& flag, const std::string& effect) {
  if (effect == "stop") return SolverAction::STOP;
  if (effect == "snapshot") return SolverAction::SNAPSHOT;
  if (effect == "none") return SolverAction::NONE;
  throw Error("--", flag, " is stop, snapshot or none, not '", effect, "'",
              DidYouMean(effect, {"stop", "snapshot", "none"}));
}

/// The solver state to resume from; "" to start anew.
std::string ChooseSnapshot(const SolverParameter& param) {
  if (FLAGS_snapshot != "auto") return FLAGS_snapshot;
  const std::string newest = FindNewestSnapshot(param.snapshot_prefix());
  LOG_IF(INFO, newest.empty()) << "No complete snapshot " << param.snapshot_prefix()
                               << "_iter_* to resume from: training starts from the beginning.";
  return newest;
}

/// Throws Error where flags name files that cannot be read, or logs that cannot be written: all
/// that can be said before the nets are built.
void CheckPaths() {
  if (!FLAGS_snapshot.empty() && FLAGS_snapshot != "auto") CheckInputFile(FLAGS_snapshot);
  if (!FLAGS_weights.empty()) {
    for (const std::string& file : SplitList(FLAGS_weights)) {
      const size_t first = file.find_first_not_of(' ');
      if (first == std::string::npos) continue;
      CheckInputFile(file.substr(first, file.find_last_not_of(' ') + 1 - first));
    }
  }
  if (!FLAGS_log_csv.empty()) CheckOutputFile("log_csv", FLAGS_log_csv);
  if (!FLAGS_log_tensorboard.empty()) {
    CheckOutputDirectory("log_tensorboard", FLAGS_log_tensorboard);
  }
}

/// Throws Error where a solver lacks what training needs, though Caffe runs to the end without.
void CheckSolver(const SolverParameter& param) {
  Require(
      param.has_base_lr(), FLAGS_solver,
      ": there is no base_lr, so that nothing would be learned. Add base_lr: 0.01, for example");
  Require(
      param.has_max_iter(), FLAGS_solver,
      ": there is no max_iter, so that training would end before it begins. Add max_iter: 10000, "
      "for example");
  if (param.snapshot() > 0 || param.snapshot_after_train()) {
    CheckSnapshotPrefix(param.snapshot_prefix());
  }
}

/// Throws Error if the net has no loss: nothing would be learned.
void CheckLoss(const Net<float>& net) {
  const auto& weights = net.blob_loss_weights();
  Require(
      std::any_of(weights.begin(), weights.end(), [](float weight) { return weight != 0; }),
      "the training net '", net.name(),
      "' has no loss, so that nothing would be learned. Add a "
      "loss layer such as SoftmaxWithLoss (is an include rule leaving it out?), or give a top a "
      "loss_weight");
}

using MetricsSinks = std::vector<std::unique_ptr<MetricsSink>>;

/// The logs that the flags ask for, beginning where the solver stands.
MetricsSinks OpenLogs(Solver<float>* solver) {
  MetricsSinks logs;
  const MetricsLayout layout = LayoutOf(solver);
  if (!FLAGS_log_csv.empty()) {
    logs.push_back(std::make_unique<CsvLog>(FLAGS_log_csv, layout, solver->iter()));
  }
  if (!FLAGS_log_tensorboard.empty()) {
    logs.push_back(std::make_unique<TensorBoardLog>(FLAGS_log_tensorboard, layout, solver->iter()));
  }
  for (const auto& log : logs) solver->add_metrics_sink(log.get());
  const SolverParameter& param = solver->param();
  const bool has_tests = param.test_interval() > 0 && !layout.test_outputs.empty();
  LOG_IF(WARNING, !logs.empty() && param.display() == 0 && !has_tests)
      << "Nothing will be written to the logs of --log_csv and --log_tensorboard: the solver has "
         "neither display nor tests. Set display: 100, for example.";
  return logs;
}

/// The last line of a run that a signal stopped.
std::string StopText(const Solver<float>& solver, int signal) {
  std::ostringstream text;
  text << "Stopped by " << SignalHandler::NameOf(signal) << " at iteration " << solver.iter()
       << " of " << solver.param().max_iter() << ". ";
  const std::vector<std::string> states = solver.snapshot_history().StateFiles();
  if (states.empty()) {
    text << "There is no snapshot of this run to resume from.";
  } else {
    text << "To resume, repeat the command "
         << (FLAGS_weights.empty() ? "" : "without --weights and ")
         << "with --snapshot=" << states.front();
  }
  return text.str();
}

int Train(const std::vector<std::string>&) {
  Require(!FLAGS_solver.empty(), "Need a solver definition to train: give --solver=FILE");
  Require(FLAGS_snapshot.empty() || FLAGS_weights.empty(),
          "give --snapshot to resume training or --weights to start from a model, not both");
  const SolverAction::Enum on_sigint = ParseEffect("sigint_effect", FLAGS_sigint_effect);
  const SolverAction::Enum on_sighup = ParseEffect("sighup_effect", FLAGS_sighup_effect);
  const SolverAction::Enum on_sigterm = ParseEffect("sigterm_effect", FLAGS_sigterm_effect);
  CheckPaths();

  DefaultPlanOptions().fusion = FLAGS_fusion;
  DefaultPlanOptions().share_memory = FLAGS_share_memory;
  DefaultPlanOptions().skip_gradients = FLAGS_skip_gradients;
  SolverParameter param = ReadSolver(FLAGS_solver);
  if (!FLAGS_stage.empty()) WarnOfUnknownStages(TrainNetOf(param));
  CheckSolver(param);
  SetTrainState(&param);
  UseDevicesFor(&param);
  if (FLAGS_keep_snapshots >= 0) param.set_keep_snapshots(FLAGS_keep_snapshots);
  if (!FLAGS_keep_best.empty()) param.set_keep_best(FLAGS_keep_best);
  // Before files of another run are read or replaced.
  const bool writes_snapshots = param.snapshot() > 0 || param.snapshot_after_train();
  const std::shared_ptr<SnapshotLock> lock =
      writes_snapshots ? SnapshotLock::Take(param.snapshot_prefix()) : nullptr;
  const std::string snapshot = ChooseSnapshot(param);
  if (!snapshot.empty()) param.clear_weights();
  if (!FLAGS_weights.empty()) {
    param.clear_weights();
    param.add_weights(FLAGS_weights);
  }
  if (FLAGS_skip_mismatched_weights) DefaultOnMismatch() = OnMismatch::kSkip;

  SignalHandler signals(on_sigint, on_sighup, on_sigterm);
  const std::unique_ptr<Solver<float>> solver(SolverRegistry<float>::CreateSolver(param));
  CheckLoss(*solver->net());
  solver->SetActionFunction(signals.GetActionFunction());
  solver->set_continue_on_nan(FLAGS_continue_on_nan);
  if (!snapshot.empty()) {
    LOG(INFO) << "Resuming from " << snapshot;
    solver->Restore(snapshot.c_str());
  }
  const MetricsSinks logs = OpenLogs(solver.get());
  std::unique_ptr<ProgressLine> progress;
  if (StderrIsTerminal()) {
    ShareTerminalWithLog();
    progress = std::make_unique<ProgressLine>(solver.get());
  }
  LOG(INFO) << "Starting Optimization";
  solver->Solve();
  progress.reset();
  if (solver->stopped_early()) {
    LOG(INFO) << StopText(*solver, signals.stop_signal());
    return 128 + signals.stop_signal();
  }
  LOG(INFO) << "Optimization Done.";
  return 0;
}

}  // namespace

Command TrainCommand() {
  return {
      .name = "train",
      .usage = "--solver=FILE [flags]",
      .summary = "train or fine-tune a net",
      .description =
          "Trains the net of a solver definition. A run that was cut short goes on with\n"
          "--snapshot=auto, from its newest complete snapshot, or from the start if there is\n"
          "none. SIGINT (Ctrl-C) and SIGTERM take a snapshot and stop the run, SIGHUP takes one\n"
          "and the run goes on. The exit code is 0 when training is done, 1 after an error, and\n"
          "128 plus the signal's number after a stop: 130 for SIGINT, 143 for SIGTERM.\n"
          "--log_csv and --log_tensorboard write loss, learning rate, drop rates and test results\n"
          "of each display and each test; a resumed run goes on in the same file or directory.\n"
          "--weights starts layers of the same name from a model; the log says which ones, which\n"
          "are initialised from scratch, and what the net does not use. Other shapes are an "
          "error,\n"
          "or with --skip_mismatched_weights such layers are initialised from scratch.\n\n"
          "  caffe train --solver=solver.prototxt --gpu=0 --log_csv=run.csv\n"
          "  caffe train --solver=solver.prototxt --snapshot=auto\n"
          "  caffe train --solver=solver.prototxt --weights=pretrained.caffemodel",
      .flags = {"solver",
                "snapshot",
                "weights",
                "skip_mismatched_weights",
                "gpu",
                "cpu",
                "level",
                "stage",
                "continue_on_nan",
                "fusion",
                "share_memory",
                "skip_gradients",
                "winograd",
                "sigint_effect",
                "sighup_effect",
                "sigterm_effect",
                "keep_snapshots",
                "keep_best",
                "log_csv",
                "log_tensorboard",
                "max_pixels"},
      .min_words = 0,
      .max_words = 0,
      .run = Train,
  };
}

}  // namespace caffe::cli
