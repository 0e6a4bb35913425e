// Linked into programs, not into the library: chooses how OpenMP threads wait before libgomp, which
// reads its environment when it is loaded, is initialised. Costs one more start of the loader.

#include "caffe/util/restart_with_spin.hpp"

namespace {

CAFFE_EARLY void ChooseWaitPolicy(int, char** argv, char** environment) {
  caffe::RestartWithSpin(argv, environment);
}

__attribute__((section(".preinit_array"),
               used)) void (*choose_wait_policy)(int, char**, char**) = ChooseWaitPolicy;

}  // namespace
