#include "caffe/native/winograd_passes.hpp"

namespace caffe::winograd {

// The tables come from code for the instruction set that they are for, so the processor is asked
// first.
const Kernels* KernelsWithLanes(int lanes) {
  __builtin_cpu_init();
  if (lanes == 8 && __builtin_cpu_supports("x86-64-v3")) {
    static const Kernels avx2 = {8, TransformsFor<8>(), ProductsFor<8>()};
    return &avx2;
  }
  if (lanes == 16 && __builtin_cpu_supports("x86-64-v4")) {
    static const Kernels avx512 = {16, TransformsFor<16>(), ProductsFor<16>()};
    return &avx512;
  }
  return nullptr;
}

}  // namespace caffe::winograd
