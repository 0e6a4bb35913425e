#ifndef TESTS_EMULATED_GPU_SETTINGS_HPP_
#define TESTS_EMULATED_GPU_SETTINGS_HPP_

#include <cstdint>
#include <string>

namespace emulated_gpu {

/// What the environment variable CAFFE_EMULATED_GPU_<name> says, for each of these names:
///
///   COUNT         number of devices (1)
///   MEMORY        bytes of memory on each device (8 GiB)
///   ORDER         lazy (default): a stream runs when somebody waits for it, and then alone;
///                 eager: at once; random: the one or the other
///   SEED          of the order of blocks and threads, and of ORDER=random (1)
///   MAX_BLOCKS    most blocks of a grid of our own launchers (48)
///   MAX_INT32     from how many elements on indices have 64 bits (2147483647)
///   FAIL_MALLOC, FAIL_LAUNCH, FAIL_COPY   number of the call that fails, from 1 (none)
///   PINNED        0: there is no page-locked memory
///   CUDNN         0: cuDNN proposes no plan
///   CUDNN_REFUSES bits of the passes of a convolution that have no deterministic plan: 1 forward,
///                 2 data gradient, 4 weight gradient
///   TF32          1: convolutions round their operands as tensor cores do
///   ON_FAULT      continue: report what is wrong and go on; without it the process aborts
int64_t Setting(const char* name, int64_t otherwise);
std::string TextSetting(const char* name, const char* otherwise);

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_SETTINGS_HPP_
