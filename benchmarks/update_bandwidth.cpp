// The weight update of ResNet-50 against the bandwidth of this machine's memory.
//
//   update_bandwidth [rounds]
//
// One process measures in turns, so that whatever slows the machine down slows all of them:
//
//   memcpy            100 MB from one array to another, each thread its part; counts 8 bytes a
//   float 3 reads 2 writes  w and h change in place, g is read: the traffic of the update and
//   nothing of
//                     its arithmetic; 20 bytes a parameter. The honest ceiling
//   update            SGD with momentum and weight decay of all 25.6 million parameters, twice
//   under
//                     two names (A/A)
//   ...with the method  the same with plans drawn, for both readings at their final rates
//   learning-rate dropout  a random number for every weight; for information
//   Adam                   two numbers of history, so 28 bytes a parameter; for information
//
// Speed is given by the fastest round and by the median one; what is compared with the bars is the
// median, over the rounds, of ratios within a round.

#include <omp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/median_time.hpp"
#include "solver/channel_dropback.hpp"
#include "solver/fused_update.hpp"
#include "solver/make_update_rule.hpp"

namespace caffe {
namespace {

/// The blobs of ResNet-50, in net order, and its layers as the method sees them.
class ResNet50 {
 public:
  ResNet50() {
    Convolution("conv1", 3, 64, 7);
    int inputs = 64;
    const int blocks[] = {3, 4, 6, 3};
    for (int stage = 0; stage < 4; ++stage) {
      const int planes = 64 << stage;
      for (int block = 0; block < blocks[stage]; ++block) {
        const std::string name = "layer" + std::to_string(stage) + "_" + std::to_string(block);
        Convolution(name + "_conv1", inputs, planes, 1);
        Convolution(name + "_conv2", planes, planes, 3);
        Convolution(name + "_conv3", planes, 4 * planes, 1);
        if (block == 0) Convolution(name + "_shortcut", inputs, 4 * planes, 1);
        inputs = 4 * planes;
      }
    }
    AddLayer("fc", "InnerProduct", {1000, inputs});
    AddBlob({1000});
    int64_t count = 0;
    for (const auto& blob : weights_) count += blob->count();
    Require(count == 25557032, "ResNet-50 has 25557032 parameters, this net ", count);
  }

  const std::vector<LearnableLayer>& layers() const { return layers_; }
  int num_params() const { return static_cast<int>(weights_.size()); }
  int64_t count() const { return 25557032; }

  std::vector<FusedUpdate<float>::Param> Params(int histories) {
    std::vector<FusedUpdate<float>::Param> params;
    for (size_t i = 0; i < weights_.size(); ++i) {
      std::vector<Blob<float>*> history = {history_[i].get(), second_[i].get()};
      history.resize(histories);
      params.push_back({weights_[i].get(), history, 1, 1e-4f, i});
    }
    return params;
  }

 private:
  /// A convolution without bias, and the scale and shift of its batch normalisation.
  void Convolution(const std::string& name, int inputs, int outputs, int kernel) {
    AddLayer(name, "Convolution", {outputs, inputs, kernel, kernel});
    AddBlob({outputs});
    AddBlob({outputs});
  }
  void AddLayer(const std::string& name, const std::string& type, const std::vector<int>& shape) {
    LearnableLayer layer;
    layer.name = name;
    layer.type = type;
    layer.weight_shape = shape;
    layer.learnable_id = layer.tensor_index = num_params();
    layer.param_ids = {layer.learnable_id};
    layers_.push_back(layer);
    AddBlob(shape);
  }
  void AddBlob(const std::vector<int>& shape) {
    weights_.emplace_back(new Blob<float>(shape));
    history_.emplace_back(new Blob<float>(shape));
    Blob<float>& weight = *weights_.back();
    for (int i = 0; i < weight.count(); ++i) {
      weight.mutable_cpu_data()[i] = static_cast<float>(i % 1001 - 500) * 1e-4f;
      weight.mutable_cpu_diff()[i] = static_cast<float>(i % 773 - 386) * 1e-5f;
    }
    history_.back()->mutable_cpu_data();
    second_.emplace_back(new Blob<float>(shape));
    second_.back()->mutable_cpu_data();
  }

  std::vector<std::unique_ptr<Blob<float>>> weights_, history_, second_;
  std::vector<LearnableLayer> layers_;
};

/// The update as a solver applies it, with the method or without.
class Update {
 public:
  /// @param method  nullptr: none
  Update(ResNet50* net, const ChannelDropBackParameter* method,
         UpdateRule::Kind kind = UpdateRule::Kind::kSgd, double weight_drop_rate = 0)
      : num_params_(net->num_params()), weight_drop_rate_(weight_drop_rate) {
    std::vector<ParamMask> masks;
    if (method != nullptr) {
      TrainingRun run;
      run.decays = {1};
      run.iterations_per_epoch = 1;
      run.max_iter = 100;
      method_.reset(new ChannelDropBack(*method, run, net->layers()));
      masks = ParamMasks(method_->eligibility());
    }
    UpdateRule rule;
    rule.kind = kind;
    rule.momentum = 0.9f;
    const auto params = net->Params(NumHistories(kind));
    fused_.reset(new FusedUpdate<float>(rule, Regularization::kL2, params, masks));
  }

  void operator()() {
    FusedUpdate<float>::Iteration iteration;
    iteration.rate = 1e-6f;
    iteration.weight_drop_rate = weight_drop_rate_;
    std::vector<ParamAction> actions;
    if (method_) {
      method_->Draw(1701, kFirstIteration + iteration_++);
      actions =
          ParamActions(method_->plan(), method_->eligibility(), method_->options(), num_params_);
      iteration.actions = actions;
      iteration.keep_words = method_->plan().keep_words;
    }
    fused_->Apply(iteration);
  }

  /// Masked channels out of all, so far.
  double MaskedShare() { return method_->TakeCount().share; }

 private:
  static constexpr int64_t kFirstIteration = 1000;  // all rates have reached their final value

  int num_params_;
  double weight_drop_rate_;
  std::unique_ptr<ChannelDropBack> method_;
  std::unique_ptr<FusedUpdate<float>> fused_;
  int64_t iteration_ = 0;
};

/// What only moves memory: 25.6 million floats, three arrays.
class Copies {
 public:
  explicit Copies(int64_t count) : a_(Shape(count)), b_(Shape(count)), c_(Shape(count)) {
    for (Blob<float>* blob : {&a_, &b_, &c_}) {
      std::memset(blob->mutable_cpu_data(), 0, count * sizeof(float));
    }
  }

  void Memcpy() {
    const int64_t n = a_.count();
    float* to = a_.mutable_cpu_data();
    const float* from = b_.cpu_data();
#pragma omp parallel
    {
      const int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
      const int64_t begin = n * thread / threads, end = n * (thread + 1) / threads;
      std::memcpy(to + begin, from + begin, (end - begin) * sizeof(float));
    }
  }

  void ThreeReadsTwoWrites() {
    const int64_t n = a_.count();
    float* __restrict__ w = a_.mutable_cpu_data();
    float* __restrict__ h = b_.mutable_cpu_data();
    const float* __restrict__ g = c_.cpu_data();
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; ++i) {
      w[i] += g[i];
      h[i] -= g[i];
    }
  }

 private:
  static std::vector<int> Shape(int64_t count) { return {static_cast<int>(count)}; }
  Blob<float> a_, b_, c_;
};

ChannelDropBackParameter Reading(ChannelDropBackParameter::Semantics semantics) {
  ChannelDropBackParameter method;
  method.set_semantics(semantics);
  return method;
}

double Ratio(const std::vector<double>& over, const std::vector<double>& under) {
  std::vector<double> ratios;
  for (size_t i = 0; i < over.size(); ++i) ratios.push_back(over[i] / under[i]);
  return Median(ratios);
}

void Run(int rounds) {
  Caffe::set_mode(Caffe::CPU);
  ResNet50 net;
  Copies copies(net.count());
  const ChannelDropBackParameter paper = Reading(ChannelDropBackParameter::PAPER);
  const ChannelDropBackParameter reference = Reading(ChannelDropBackParameter::REFERENCE);
  Update plain(&net, nullptr), again(&net, nullptr), with_paper(&net, &paper),
      with_reference(&net, &reference), with_lr_dropout(&net, nullptr, UpdateRule::Kind::kSgd, 0.5),
      adam(&net, nullptr, UpdateRule::Kind::kAdam);
  const struct {
    const char* name;
    double bytes;  // a parameter
    std::function<void()> run;
  } measured[] = {
      {"memcpy", 8, [&] { copies.Memcpy(); }},
      {"3 reads 2 writes", 20, [&] { copies.ThreeReadsTwoWrites(); }},
      {"update (A)", 20, [&] { plain(); }},
      {"update (A again)", 20, [&] { again(); }},
      {"update, PAPER", 20, [&] { with_paper(); }},
      {"update, REFERENCE", 20, [&] { with_reference(); }},
      {"update, lr dropout", 20, [&] { with_lr_dropout(); }},
      {"update, Adam", 28, [&] { adam(); }},
  };
  std::vector<std::function<void()>> functions;
  for (const auto& each : measured) functions.push_back(each.run);
  const std::vector<std::vector<double>> times = InterleavedTimes(functions, rounds);

  std::printf("%lld parameters, %d threads, %d rounds\n", static_cast<long long>(net.count()),
              omp_get_max_threads(), rounds);
  std::printf("%-20s %10s %10s %10s %10s\n", "", "fastest ms", "GB/s", "median ms", "GB/s");
  for (size_t i = 0; i < times.size(); ++i) {
    const double fastest = *std::min_element(times[i].begin(), times[i].end());
    const double median = Median(times[i]);
    const double megabytes = measured[i].bytes * net.count() * 1e-6;
    std::printf("%-20s %10.2f %10.2f %10.2f %10.2f\n", measured[i].name, fastest,
                megabytes / fastest, median, megabytes / median);
  }
  std::printf("\nmedian ratios within a round\n");
  std::printf("update's GB/s / memcpy's           %.3f\n", Ratio(times[0], times[2]) * 20 / 8);
  std::printf("update's GB/s / 3 reads 2 writes's %.3f   (bar: 0.85)\n", Ratio(times[1], times[2]));
  std::printf("A again / A                        %.3f\n", Ratio(times[3], times[2]));
  std::printf("PAPER / A                          %.3f   masks %.2f %% of channels\n",
              Ratio(times[4], times[2]), 100 * with_paper.MaskedShare());
  std::printf("REFERENCE / A                      %.3f   masks %.2f %% of channels\n",
              Ratio(times[5], times[2]), 100 * with_reference.MaskedShare());
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 101;
  if (rounds < 1) {
    std::fprintf(stderr, "usage: update_bandwidth [rounds]\n");
    return 2;
  }
  caffe::Run(rounds);
  return 0;
}
