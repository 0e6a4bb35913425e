#include <glog/logging.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "caffe/cli/command.hpp"
#include "caffe/cli/data_shapes.hpp"
#include "caffe/cli/epoch_length.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/cli/net_state.hpp"
#include "caffe/cli/path_checks.hpp"
#include "caffe/cli/plan_report.hpp"
#include "caffe/cli/solver_file.hpp"
#include "caffe/cli/text_table.hpp"
#include "caffe/filler.hpp"
#include "caffe/util/atomic_file.hpp"
#include "caffe/util/dropped_tops.hpp"
#include "solver/sgd_solvers.hpp"

namespace caffe::cli {

namespace {

/// The file that the command line names, as its only word or with --solver.
std::string SolverFile(const std::vector<std::string>& words) {
  Require(words.empty() || FLAGS_solver.empty(), "two solver definitions are given, '",
          words.empty() ? "" : words[0], "' and --solver=", FLAGS_solver, "; give one");
  Require(!words.empty() || !FLAGS_solver.empty(),
          "Need a solver definition to plan: give its file, or --solver=FILE");
  return words.empty() ? FLAGS_solver : words[0];
}

NetParameter FilteredTrainNet(const SolverParameter& solver) {
  NetParameter net = TrainNetOf(solver);
  // As the solver has it: the phase of the net or of train_state, if they say one, wins.
  if (!net.state().has_phase()) net.mutable_state()->set_phase(TRAIN);
  WarnOfUnknownStages(net);
  NetParameter filtered;
  Net<float>::FilterNet(net, &filtered);
  CheckDroppedTops(net, filtered);
  return filtered;
}

/// The solver that `caffe train` would build, but on a net that needs no data set, without test
/// nets, and without anything to read or write.
/// @param notes  out, what was guessed about the shapes of the data
SolverParameter WithoutData(const SolverParameter& given, std::vector<std::string>* notes) {
  NetParameter net = FilteredTrainNet(given);
  const TrainingData data = FindTrainingData(net);
  *notes = ReplaceDataLayers(ParseInputShapes(FLAGS_input_shape, 0), TRAIN, &net);
  SolverParameter solver = given;
  for (const char* field :
       {"net", "train_net", "train_net_param", "train_state", "test_net", "test_net_param",
        "test_state", "test_iter", "test_interval", "weights", "snapshot"}) {
    const auto* descriptor = SolverParameter::descriptor()->FindFieldByName(field);
    solver.GetReflection()->ClearField(&solver, descriptor);
  }
  solver.set_snapshot_after_train(false);
  solver.set_solver_mode(SolverParameter::CPU);
  solver.mutable_net_param()->Swap(&net);
  if (solver.has_channel_dropback_param()) {
    CompleteEpochs(data, FLAGS_samples > 0 ? FLAGS_samples : data.samples, &solver);
  }
  return solver;
}

const ChannelDropBack& MethodOf(const Solver<float>& solver, const std::string& file) {
  const auto* sgd = dynamic_cast<const SGDSolver<float>*>(&solver);
  Require(sgd != nullptr && sgd->channel_dropback() != nullptr, file, ": this solver (type ",
          solver.param().type(),
          ") drops nothing, so there is no plan; write type: \"ChannelDropBack\", or add a "
          "channel_dropback_param");
  return *sgd->channel_dropback();
}

/// Throws Error unless --plot names a picture that can be written.
void CheckPlotFile() {
  if (FLAGS_plot.empty()) return;
  Require(std::filesystem::path(FLAGS_plot).extension() == ".svg", "--plot writes SVG, not '",
          FLAGS_plot, "'; give a name that ends in .svg");
  CheckOutputFile("plot", FLAGS_plot);
}

void WritePlot(const DropForecast& forecast, const std::string& net) {
  if (FLAGS_plot.empty()) return;
  WriteFileAtomically(FLAGS_plot, ToSvg(RateChart(forecast, "ChannelDropBack, " + net)));
  std::cout << "\nwrote " << FLAGS_plot << "\n";
}

int Plan(const std::vector<std::string>& words) {
  FLAGS_minloglevel = std::max<int>(FLAGS_minloglevel, google::GLOG_WARNING);
  Require(FLAGS_plans >= 0, "--plans is ", FLAGS_plans, ", but must not be negative");
  Require(FLAGS_samples >= 0, "--samples is ", FLAGS_samples, ", but must be at least 1");
  const std::string file = SolverFile(words);
  CheckPlotFile();
  SolverParameter given = ReadSolver(file);
  Require(given.max_iter() > 0, file, ": max_iter is ", given.max_iter(),
          ", so there is nothing to plan; it must be at least 1");
  SetTrainState(&given);
  std::vector<std::string> notes;
  const SolverParameter param = WithoutData(given, &notes);
  const SkipFilling only_shapes;
  const std::unique_ptr<Solver<float>> solver(SolverRegistry<float>::CreateSolver(param));
  const DropForecast forecast(param, MethodOf(*solver, file), *solver->net());

  std::cout << "solver: " << file << " (type " << param.type() << "), net " << solver->net()->name()
            << ", " << WithCommas(param.max_iter()) << " iterations\n\n"
            << OptionsText(given, forecast) << "\n"
            << LayersText(forecast.method().eligibility(), forecast.method().options()) << "\n"
            << RatesText(forecast);
  if (FLAGS_plans > 0) {
    const bool has_seed = param.random_seed() >= 0;
    const uint64_t seed = has_seed ? param.random_seed() : 1;
    std::cout << "\n" << PlansText(forecast, seed, FLAGS_plans);
    if (!has_seed) notes.push_back("the solver sets no random_seed, so a run draws another one");
  }
  WritePlot(forecast, solver->net()->name());
  for (const std::string& note : notes) std::cout << "note: " << note << "\n";
  return 0;
}

}  // namespace

Command PlanCommand() {
  return {
      .name = "plan",
      .usage = "SOLVER [flags]",
      .summary = "show what ChannelDropBack will do in a training run",
      .description =
          "Prints, for a solver with ChannelDropBack and before any training: the options in\n"
          "force; the layers that can be dropped from, and why others cannot; the rates over the\n"
          "iterations, with the share of channels and weights that they are expected to mask;\n"
          "and the first plans, channel by channel, exactly as the run will draw them. The data\n"
          "set need not be there (see 'caffe summary --help'). --plot draws the rates.\n\n"
          "  caffe plan solver.prototxt --plans=20 --plot=rates.svg",
      .flags = {"solver", "plans", "plot", "samples", "input_shape", "level", "stage"},
      .min_words = 0,
      .max_words = 1,
      .run = Plan,
  };
}

}  // namespace caffe::cli
