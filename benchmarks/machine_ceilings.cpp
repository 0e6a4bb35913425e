#include "benchmarks/machine_ceilings.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/native/conv_engine.hpp"
#include "caffe/util/math_functions.hpp"

namespace caffe {

namespace {

/// Seconds of the fastest of several calls: a ceiling is what the machine can do undisturbed.
double BestTime(const std::function<void()>& f) {
  using Clock = std::chrono::steady_clock;
  double best = 1e9;
  f();
  for (int i = 0; i < 15; ++i) {
    const Clock::time_point start = Clock::now();
    f();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

double MatrixProductRate() {
  constexpr int kSize = 1536;
  const std::vector<float> a(kSize * kSize, 0.5f), b(a);
  std::vector<float> c(a.size());
  const double time = BestTime([&] {
    caffe_cpu_gemm<float>(CblasNoTrans, CblasNoTrans, kSize, kSize, kSize, 1, a.data(), b.data(), 0,
                          c.data());
  });
  return double(kSize) * kSize * kSize / time * 1e-9;
}

ConvShape OneByOne(int channels, int size) {
  return {.num = 8,
          .in_channels = channels,
          .out_channels = channels,
          .in = {size, size},
          .out = {size, size},
          .kernel = {1, 1},
          .pad = {0, 0},
          .stride = {1, 1},
          .dilation = {1, 1}};
}

/// From channels to as many channels, over and over, so that source and result are both in the
/// library's layout.
double ConvolutionRate(int channels, int size) {
  const ConvShape shape = OneByOne(channels, size);
  ConvEngineCache<Cpu, float> engines;
  ConvEngine<float>* engine = engines.Get(ConvolutionParameter::DNNL, shape);
  Blob<float> a(shape.num, channels, size, size), b(shape.num, channels, size, size);
  Blob<float> weights(channels, channels, 1, 1);
  SyncedMemory *src = a.data().get(), *dst = b.data().get();
  const double time = BestTime([&] {
    engine->Forward(src, weights.data().get(), nullptr, dst);
    std::swap(src, dst);
  });
  return double(a.count()) * channels / time * 1e-9;
}

double MemoryRate() {
  constexpr int64_t kCount = int64_t{32} << 20;
  const std::vector<float> a(kCount, 1.0f), b(a);
  std::vector<float> c(kCount);
  const double time = BestTime([&] {
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < kCount; ++i) c[i] = a[i] + 0.5f * b[i];
  });
  return 3.0 * kCount * sizeof(float) / time * 1e-9;
}

}  // namespace

MachineCeilings MeasureMachine() {
  MachineCeilings found = {.matrix_product = MatrixProductRate(), .memory = MemoryRate()};
  for (const auto [channels, size] : {std::pair(128, 28), {256, 14}, {256, 28}, {512, 14}}) {
    found.convolution = std::max(found.convolution, ConvolutionRate(channels, size));
  }
  return found;
}

}  // namespace caffe
