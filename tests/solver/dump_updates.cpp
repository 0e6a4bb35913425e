/// Trains a net and writes down all that an update reads and leaves, for an independent check.
///
///     dump_updates SOLVER ITERATIONS OUTPUT
///
/// OUTPUT is a list of arrays: a line "<name> <count>\n" and then so many doubles. Names, with k
/// the iteration, p the number of a learnable parameter and h that of a history blob:
///
///     start/weight/p  k/gradient/p  k/weight/p  k/history/h  k/rates  k/keep/<eligible layer>
///
/// k/rates are the layer and the channel drop rate, k/keep one number a channel, 1 = updated.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "caffe/common.hpp"
#include "caffe/util/upgrade_proto.hpp"
#include "solver/channel_dropback.hpp"
#include "solver/sgd_solvers.hpp"

namespace caffe {
namespace {

class Dump : public Solver<float>::Callback {
 public:
  Dump(SGDSolver<float>* solver, const string& file)
      : solver_(solver), out_(file, std::ios::binary) {
    Require(out_.good(), "cannot write '", file, "'");
    WriteParams("start/weight/", false);
  }

  /// What the iteration that has just been applied left.
  void AfterUpdate() {
    const string begin = std::to_string(solver_->iter() - 1) + "/";
    WriteParams(begin + "weight/", false);
    for (size_t h = 0; h < solver_->history().size(); ++h) {
      const Blob<float>& blob = *solver_->history()[h];
      Write(begin + "history/" + std::to_string(h), blob.cpu_data(), blob.count());
    }
  }

 protected:
  void on_start() override {}
  void on_gradients_ready() override {
    const string begin = std::to_string(solver_->iter()) + "/";
    WriteParams(begin + "gradient/", true);
    const ChannelDropBack* method = solver_->channel_dropback();
    if (method == nullptr) return;
    const double rates[] = {method->plan().rates.layer, method->plan().rates.channel};
    Write(begin + "rates", rates, 2);
    for (const EligibleLayer& layer : method->eligibility().layers) {
      std::vector<double> keep;
      for (int c = 0; c < layer.channels; ++c) keep.push_back(method->plan().keeps(layer, c));
      Write(begin + "keep/" + layer.name, keep.data(), layer.channels);
    }
  }

 private:
  void WriteParams(const string& begin, bool diff) {
    const auto& params = solver_->net()->learnable_params();
    for (size_t p = 0; p < params.size(); ++p) {
      const float* values = diff ? params[p]->cpu_diff() : params[p]->cpu_data();
      Write(begin + std::to_string(p), values, params[p]->count());
    }
  }

  template <typename T>
  void Write(const string& name, const T* values, int count) {
    const std::vector<double> doubles(values, values + count);
    out_ << name << " " << count << "\n";
    out_.write(reinterpret_cast<const char*>(doubles.data()), count * sizeof(double));
  }

  SGDSolver<float>* solver_;
  std::ofstream out_;
};

void Run(const string& solver_file, int iterations, const string& output) {
  Caffe::set_mode(Caffe::CPU);
  SolverParameter param;
  ReadSolverParamsFromTextFileOrDie(solver_file, &param);
  const std::unique_ptr<Solver<float>> solver(SolverRegistry<float>::CreateSolver(param));
  auto* sgd = dynamic_cast<SGDSolver<float>*>(solver.get());
  Require(sgd != nullptr, "the solver has no history");
  Dump dump(sgd, output);
  solver->add_callback(&dump);
  for (int k = 0; k < iterations; ++k) {
    solver->Step(1);
    dump.AfterUpdate();
  }
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) {
  FLAGS_minloglevel = google::GLOG_WARNING;
  FLAGS_logtostderr = true;
  google::InitGoogleLogging(argv[0]);
  if (argc != 4) {
    std::cerr << "usage: dump_updates SOLVER ITERATIONS OUTPUT\n";
    return 2;
  }
  try {
    caffe::Run(argv[1], std::atoi(argv[2]), argv[3]);
  } catch (const std::exception& error) {
    std::cerr << "dump_updates: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
