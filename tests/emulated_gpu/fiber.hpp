#ifndef TESTS_EMULATED_GPU_FIBER_HPP_
#define TESTS_EMULATED_GPU_FIBER_HPP_

#include <setjmp.h>
#include <ucontext.h>

#include <functional>

namespace emulated_gpu {

/// A function with a stack of its own that can stop in the middle and go on later, on the thread
/// that made it. The first switch is ucontext's; the others are jumps, which need no system call.
class Fiber {
 public:
  /// @param body  called at the first Resume; must not return
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the fiber until it yields.
  void Resume();
  /// Called inside: goes back to who resumed it.
  void Yield();

 private:
  static void Enter(unsigned int low, unsigned int high);

  std::function<void()> body_;
  char* stack_;
  bool started_ = false;
  ucontext_t context_, origin_;
  jmp_buf inside_, outside_;
};

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_FIBER_HPP_
