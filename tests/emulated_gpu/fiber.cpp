// Jumps between stacks are what this file is about; the C library's check of them must be off.
#undef _FORTIFY_SOURCE
#include "tests/emulated_gpu/fiber.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

namespace emulated_gpu {
namespace {

constexpr size_t kStack = size_t(128) << 10, kGuard = 4096;

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  void* const memory = mmap(nullptr, kStack, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  mprotect(memory, kGuard, PROT_NONE);
  stack_ = static_cast<char*>(memory);
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_;
  context_.uc_stack.ss_size = kStack;
  context_.uc_link = nullptr;
  // makecontext passes numbers only.
  const uint64_t self = reinterpret_cast<uintptr_t>(this);
  makecontext(&context_, reinterpret_cast<void (*)()>(&Fiber::Enter), 2,
              static_cast<unsigned int>(self), static_cast<unsigned int>(self >> 32));
}

Fiber::~Fiber() { munmap(stack_, kStack); }

void Fiber::Enter(unsigned int low, unsigned int high) {
  reinterpret_cast<Fiber*>(uintptr_t(low) | uintptr_t(high) << 32)->body_();
  std::abort();  // the body must not return
}

void Fiber::Resume() {
  if (_setjmp(outside_) != 0) return;
  if (started_) _longjmp(inside_, 1);
  started_ = true;
  swapcontext(&origin_, &context_);
}

void Fiber::Yield() {
  if (_setjmp(inside_) == 0) _longjmp(outside_, 1);
}

}  // namespace emulated_gpu
