#ifndef CAFFE_DEVICE_TEAM_HPP_
#define CAFFE_DEVICE_TEAM_HPP_

/// Work for teams of threads with memory of their own, for algorithms that go over tiles:
///
///   ForEachTeam<Device>(teams, bytes, f)
///        f(team, i, memory) for i in [0, teams); memory: `bytes` bytes that the team shares, of
///        undefined content, aligned for double. bytes is at most kMaxTeamBytes.
///   team.ForEach(n, g)
///        g(k) for k in [0, n), divided among the team's threads; what it wrote is seen by all of
///        them afterwards. Everything else that f does, every thread does.
///
/// On a GPU a team is a block of 128 threads and its memory is shared memory; on the CPU it is one
/// thread. f is a functor with a CAFFE_HD template operator().

#include <cstddef>
#include <vector>

#include "caffe/device/launch.hpp"

namespace caffe {

/// Every GPU of compute capability 8.0 and up lets a block have this much.
constexpr size_t kMaxTeamBytes = 96 * 1024;

template <typename Device>
struct TeamLauncher;

#ifdef __CUDACC__

namespace cuda {

constexpr int kTeamThreads = 128;

struct Team {
  template <typename G>
  CAFFE_HD void ForEach(int n, const G& g) const {
#ifdef __CUDA_ARCH__
    for (int k = threadIdx.x; k < n; k += kTeamThreads) g(k);
    __syncthreads();
#endif
  }
};

template <typename F>
__global__ void __launch_bounds__(kTeamThreads) team_kernel(int64_t teams, F f) {
  char* const memory = DynamicShared<char>();
  for (int64_t i = blockIdx.x; i < teams; i += gridDim.x) {
    f(Team(), i, memory);
    __syncthreads();
  }
}

}  // namespace cuda

template <>
struct TeamLauncher<Gpu> {
  template <typename F>
  static void Run(int64_t teams, size_t bytes, const F& f) {
    const int blocks = static_cast<int>(std::min(cuda::MaxBlocks(), teams));
    cuda::LaunchKernel(cuda::team_kernel<F>, blocks, cuda::kTeamThreads, bytes,
                       cuda::CurrentStream(), teams, f);
  }
};

#else

/// One thread.
struct CpuTeam {
  template <typename G>
  void ForEach(int n, const G& g) const {
    for (int k = 0; k < n; ++k) g(k);
  }
};

template <>
struct TeamLauncher<Cpu> {
  template <typename F>
  static void Run(int64_t teams, size_t bytes, const F& f) {
#pragma omp parallel
    {
      std::vector<double> memory((bytes + sizeof(double) - 1) / sizeof(double));
#pragma omp for schedule(static)
      for (int64_t i = 0; i < teams; ++i) {
        f(CpuTeam(), i, reinterpret_cast<char*>(memory.data()));
      }
    }
  }
};

#ifdef CPU_ONLY
template <>
struct TeamLauncher<Gpu> {
  template <typename F>
  static void Run(int64_t, size_t, const F&) {
    ThrowNoGpu();
  }
};
#endif

#endif  // __CUDACC__

template <typename Device, typename F>
void ForEachTeam(int64_t teams, size_t bytes, F f) {
  if (teams > 0) TeamLauncher<Device>::Run(teams, bytes, f);
}

}  // namespace caffe

#endif  // CAFFE_DEVICE_TEAM_HPP_
