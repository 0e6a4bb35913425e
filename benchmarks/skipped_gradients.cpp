// The weights' gradient of a layer in whole, and of some of its output or input channels, drawn at
// random, with values in the layouts that they have within a net. For each shape: milliseconds, and
// the part's time over the whole's. "-" where the part is not computed by itself, as it would not
// pay.
//
//   skipped_gradients [rounds [part of the channels that is kept, otherwise 0.5]]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "benchmarks/median_time.hpp"
#include "caffe/caffe.hpp"
#include "caffe/native/conv_engine.hpp"
#include "caffe/native/dnnl_memory.hpp"
#include "caffe/util/weights_part.hpp"

namespace caffe {
namespace {

struct Case {
  int num, in, out, size, kernel, stride;
};

ConvShape ShapeOf(const Case& c) {
  const int pad = c.kernel / 2, out = (c.size + 2 * pad - c.kernel) / c.stride + 1;
  return {.num = c.num,
          .in_channels = c.in,
          .out_channels = c.out,
          .in = {c.size, c.size},
          .out = {out, out},
          .kernel = {c.kernel, c.kernel},
          .pad = {pad, pad},
          .stride = {c.stride, c.stride},
          .dilation = {1, 1}};
}

std::vector<int> DrawKept(int channels, double part) {
  std::vector<int> all(channels), kept;
  std::iota(all.begin(), all.end(), 0);
  std::sample(all.begin(), all.end(), std::back_inserter(kept), std::lround(part * channels),
              std::mt19937(7));
  return kept;
}

/// Channels in a block of the layouts that oneDNN prefers here.
int Lanes() { return dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core ? 16 : 8; }

/// Images in channel blocks, or plain where there are too few channels.
void Fill(int num, int channels, int size, SyncedMemory* images) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  if (channels < 16) {
    auto* values = static_cast<float*>(images->mutable_cpu_data());
    std::generate_n(values, images->size() / sizeof(float), [&] { return normal(random); });
    return;
  }
  DnnlOutput out = OutputAs(images, ChannelBlocksDesc({num, channels, size, size}, Lanes()));
  std::generate_n(out.native->values(), out.native->bytes() / sizeof(float),
                  [&] { return normal(random); });
  Publish(std::move(out), images);
}

void Measure(const Case& c, int rounds, double part) {
  const ConvShape shape = ShapeOf(c);
  ConvEngineCache<Cpu, float> engines;
  ConvEngine<float>* engine = engines.Get(ConvolutionParameter::DEFAULT, shape);
  const size_t size = sizeof(float);
  SyncedMemory src(size * c.num * c.in * c.size * c.size);
  SyncedMemory dst(size * c.num * c.out * shape.out[0] * shape.out[1]);
  SyncedMemory weights(size * c.in * c.out * c.kernel * c.kernel);
  Fill(c.num, c.in, c.size, &src);
  Fill(c.num, c.out, shape.out[0], &dst);
  const std::vector<int> outputs = DrawKept(c.out, part);
  const std::vector<int> inputs = DrawKept(c.in, part);
  bool parts[2] = {};
  const std::vector<double> ms = MedianTimes(
      {[&] { engine->BackwardWeights(&src, &dst, &weights, nullptr); },
       [&] {
         parts[0] = engine->BackwardWeightsPart({0, outputs}, &src, &dst, &weights, nullptr);
       },
       [&] {
         parts[1] = engine->BackwardWeightsPart({1, inputs}, &src, &dst, &weights, nullptr);
       }},
      rounds);
  std::printf("%dx%d stride %d, %4d to %4d channels, %dx%dx%d: %8.3f ms", c.kernel, c.kernel,
              c.stride, c.in, c.out, c.num, c.size, c.size, ms[0]);
  for (int i = 0; i < 2; ++i) {
    std::printf(i == 0 ? "  outputs " : "  inputs ");
    if (parts[i])
      std::printf("%5.2f", ms[i + 1] / ms[0]);
    else
      std::printf("    -");
  }
  std::printf("\n");
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) {
  FLAGS_minloglevel = google::WARNING;
  google::InitGoogleLogging(argv[0]);
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 11;
  const double part = argc > 2 ? std::clamp(std::atof(argv[2]), 0.0, 1.0) : 0.5;
  for (const caffe::Case& c :
       {caffe::Case{32, 64, 64, 32, 3, 1}, caffe::Case{32, 64, 128, 32, 3, 2},
        caffe::Case{32, 64, 128, 32, 1, 2}, caffe::Case{32, 128, 128, 16, 3, 1},
        caffe::Case{32, 256, 256, 8, 3, 1}, caffe::Case{32, 256, 512, 8, 3, 2},
        caffe::Case{32, 512, 512, 4, 3, 1}, caffe::Case{32, 3, 64, 32, 3, 1},
        caffe::Case{8, 64, 64, 56, 1, 1}, caffe::Case{8, 64, 256, 56, 1, 1},
        caffe::Case{8, 256, 64, 56, 1, 1}, caffe::Case{8, 512, 128, 28, 1, 1},
        caffe::Case{8, 256, 1024, 14, 1, 1}, caffe::Case{8, 2048, 512, 7, 1, 1},
        caffe::Case{32, 144, 24, 32, 1, 1}, caffe::Case{32, 32, 32, 16, 3, 1},
        caffe::Case{32, 16, 16, 32, 3, 1}}) {
    caffe::Measure(c, rounds, part);
  }
}
