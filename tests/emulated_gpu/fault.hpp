#ifndef TESTS_EMULATED_GPU_FAULT_HPP_
#define TESTS_EMULATED_GPU_FAULT_HPP_

namespace emulated_gpu {

/// Reports something that a real GPU might not notice, or would punish without saying why: the
/// text and the stack of calls to stderr, then abort() (see ON_FAULT in settings.hpp).
void Fault(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// The stack of calls to stderr. Safe in a signal handler.
void PrintCalls();

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_FAULT_HPP_
