// What limits each layer of a net on this machine.
//
//   layer_ceilings NET [--phase=TRAIN] [--batch=N] [--input_shape=...] [--iterations=20]
//
// NET is a net or a solver of any kind; its data is replaced by inputs in memory. Prints, for every
// layer and for layers that run as one, the median time of its forward and its backward pass, its
// multiply-adds and bytes a second, and what share that is of what the machine can do: of the rate
// of the best 1x1 convolution, and of the memory's bandwidth. Bytes are counted as if each value
// was moved once: what a layer reads of its bottoms, writes to its tops, and its weights. A layer
// whose two shares are both low has room left.
//
// Winograd's method does with fewer multiply-adds than are counted, so its rate may pass the
// ceiling; so may the bandwidth of what fits the caches.

#include <gflags/gflags.h>
#include <glog/logging.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "benchmarks/machine_ceilings.hpp"
#include "benchmarks/median_time.hpp"
#include "caffe/caffe.hpp"
#include "caffe/cli/data_shapes.hpp"
#include "caffe/cli/flags.hpp"
#include "caffe/cli/net_state.hpp"
#include "caffe/cli/solver_file.hpp"
#include "caffe/cli/text_table.hpp"
#include "caffe/filler.hpp"
#include "caffe/plan/plan_options.hpp"
#include "caffe/util/benchmark.hpp"

namespace caffe {
namespace {

/// Layers first to last, which run as one.
struct Run {
  int first = 0, last = 0;
  std::vector<double> forward, backward;  // milliseconds, by pass
};

struct Work {
  double multiply_adds = 0;
  double bytes = 0;
};

class LayerTimes {
 public:
  explicit LayerTimes(Net<float>* net) : net_(*net) {}

  void Pass(bool backward) {
    const int end = static_cast<int>(net_.layers().size()) - 1;
    float loss = 0;
    size_t run = 0;
    for (int i = 0, last; i <= end; i = last + 1, ++run) {
      const double time = TimeOf([&] { last = net_.ForwardStep(i, end, &loss); });
      if (run == runs_.size()) runs_.push_back({.first = i, .last = last});
      runs_[run].forward.push_back(time);
    }
    for (int i = end; backward && i >= 0;) {
      --run;
      double time = 0;
      // What ran forward as one may run backward in pieces.
      while (i >= runs_[run].first) {
        time += TimeOf([&] { i = net_.BackwardStep(i, 0) - 1; });
      }
      runs_[run].backward.push_back(time);
    }
  }
  void Clear() { runs_.clear(); }
  const std::vector<Run>& runs() const { return runs_; }

  Work ForwardWork(const Run& run) const {
    Work work;
    std::set<const void*> inside;
    for (int i = run.first; i <= run.last; ++i) {
      work.multiply_adds +=
          double(net_.layers()[i]->MultiplyAdds(net_.bottom_vecs()[i], net_.top_vecs()[i]));
      for (const Blob<float>* bottom : net_.bottom_vecs()[i]) {
        if (inside.count(bottom) == 0) work.bytes += Bytes(*bottom);
      }
      inside.insert(net_.top_vecs()[i].begin(), net_.top_vecs()[i].end());
      work.bytes += WeightBytes(i);
    }
    for (const Blob<float>* top : net_.top_vecs()[LastThatWrites(run)]) work.bytes += Bytes(*top);
    return work;
  }

  /// Bottoms are read again, and the gradients take the ways of the values.
  Work BackwardWork(const Run& run) const {
    Work work;
    std::set<const void*> inside;
    for (int i = run.first; i <= run.last; ++i) {
      const auto& blobs = net_.layers()[i]->blobs();
      const double once =
          double(net_.layers()[i]->MultiplyAdds(net_.bottom_vecs()[i], net_.top_vecs()[i]));
      const bool weights = !blobs.empty() && net_.layers()[i]->param_propagate_down(0);
      const auto& wanted = net_.bottom_need_backward()[i];
      for (size_t k = 0; k < wanted.size(); ++k) {
        const Blob<float>* bottom = net_.bottom_vecs()[i][k];
        if (inside.count(bottom) > 0) continue;
        work.bytes += (1 + int{wanted[k]}) * Bytes(*bottom);
      }
      const bool data = std::count(wanted.begin(), wanted.end(), true) > 0;
      work.multiply_adds += once * ((blobs.empty() ? data : weights) + data);
      work.bytes += 2 * WeightBytes(i);
      inside.insert(net_.top_vecs()[i].begin(), net_.top_vecs()[i].end());
    }
    for (const Blob<float>* top : net_.top_vecs()[run.last]) work.bytes += Bytes(*top);
    return work;
  }

 private:
  template <typename F>
  static double TimeOf(const F& f) {
    Timer timer;
    timer.Start();
    f();
    return timer.MicroSeconds() / 1000;
  }
  static double Bytes(const Blob<float>& blob) { return double(blob.count()) * sizeof(float); }
  double WeightBytes(int layer) const {
    double bytes = 0;
    for (const auto& blob : net_.layers()[layer]->blobs()) bytes += Bytes(*blob);
    return bytes;
  }
  /// A split passes on memory that it does not touch.
  int LastThatWrites(const Run& run) const {
    const bool split = std::string(net_.layers()[run.last]->type()) == "Split";
    return split && run.last > run.first ? run.last - 1 : run.last;
  }

  Net<float>& net_;
  std::vector<Run> runs_;
};

NetParameter ReadNet(const std::string& file) {
  NetParameter net =
      cli::IsSolverFile(file) ? cli::TrainNetOf(cli::ReadSolver(file)) : cli::ReadNetFile(file);
  cli::SetNetState(cli::PhaseFromFlag(), &net);
  NetParameter filtered;
  Net<float>::FilterNet(net, &filtered);
  cli::ReplaceDataLayers(cli::ParseInputShapes(FLAGS_input_shape, FLAGS_batch),
                         filtered.state().phase(), &filtered);
  return filtered;
}

/// Images are normally distributed, labels 0 to 9.
void FillInputs(Net<float>* net) {
  for (Blob<float>* blob : net->input_blobs()) {
    if (blob->num_axes() > 1) {
      FillerParameter gaussian;
      GaussianFiller<float>(gaussian).Fill(blob);
      continue;
    }
    for (int k = 0; k < blob->count(); ++k) blob->mutable_cpu_data()[k] = float(k % 10);
  }
}

std::string Fixed(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.*f", digits, value);
  return text;
}

/// Time, multiply-adds and bytes a second, and the shares of the ceilings.
std::vector<std::string> Cells(double milliseconds, const Work& work,
                               const MachineCeilings& machine) {
  const double adds = work.multiply_adds / milliseconds * 1e-6;
  const double bytes = work.bytes / milliseconds * 1e-6;
  const bool multiplies = work.multiply_adds > 0;
  return {Fixed(milliseconds, 2), multiplies ? Fixed(adds, 0) : "",
          multiplies ? Fixed(100 * adds / machine.convolution, 0) : "", Fixed(bytes, 1),
          Fixed(100 * bytes / machine.memory, 0)};
}

void Print(const Net<float>& net, const LayerTimes& times, const MachineCeilings& machine,
           bool backward) {
  cli::TextTable table(backward ? "lrrrrrrrrrr" : "lrrrrr", 2);
  std::vector<std::string> head = {"", "forward ms", "GMA/s", "% of best", "GB/s", "% of memory"};
  if (backward) {
    head.insert(head.end(), {"backward ms", "GMA/s", "% of best", "GB/s", "% of memory"});
  }
  table.Add(head);
  double forward_sum = 0, backward_sum = 0;
  for (const Run& run : times.runs()) {
    std::string name = net.layer_names()[run.first];
    if (run.last > run.first) name += " to " + net.layer_names()[run.last];
    std::vector<std::string> row = {name};
    const double forward = Median(run.forward);
    forward_sum += forward;
    for (const auto& cell : Cells(forward, times.ForwardWork(run), machine)) row.push_back(cell);
    if (backward) {
      const double time = Median(run.backward);
      backward_sum += time;
      for (const auto& cell : Cells(time, times.BackwardWork(run), machine)) row.push_back(cell);
    }
    if (forward + (backward ? Median(run.backward) : 0) >= 0.01) table.Add(row);
  }
  std::printf("%s", table.ToText().c_str());
  std::printf("sum of the medians: forward %.1f ms", forward_sum);
  if (backward) std::printf(", backward %.1f ms", backward_sum);
  std::printf("\n");
}

void Measure(const std::string& file) {
  Caffe::set_mode(Caffe::CPU);
  const MachineCeilings machine = MeasureMachine();
  std::printf(
      "this machine: sgemm %.0f, best 1x1 convolution %.0f billion multiply-adds a second;\n"
      "memory %.1f GB/s\n",
      machine.matrix_product, machine.convolution, machine.memory);
  const NetParameter param = ReadNet(file);
  const bool backward = param.state().phase() == TRAIN;
  DefaultPlanOptions().share_memory = true;
  DefaultPlanOptions().forward_only = !backward;
  Net<float> net(param);
  FillInputs(&net);
  LayerTimes times(&net);
  for (int warm = 0; warm < 2; ++warm) times.Pass(backward);
  times.Clear();
  for (int i = 0; i < FLAGS_iterations; ++i) times.Pass(backward);
  std::printf("%s, batch of %d, %s, medians of %d passes\n", net.name().c_str(),
              net.input_blobs()[0]->shape(0), Phase_Name(net.phase()).c_str(), FLAGS_iterations);
  Print(net, times, machine, backward);
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) {
  FLAGS_minloglevel = google::GLOG_WARNING;
  FLAGS_iterations = 20;
  gflags::SetUsageMessage("layer_ceilings NET [flags]");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  if (argc != 2 || FLAGS_iterations < 1) {
    std::fprintf(stderr,
                 "usage: layer_ceilings NET [--phase=TRAIN] [--batch=N] [--input_shape=...] "
                 "[--iterations=20]\n");
    return 1;
  }
  try {
    caffe::Measure(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Error: %s\n", error.what());
    return 1;
  }
  return 0;
}
