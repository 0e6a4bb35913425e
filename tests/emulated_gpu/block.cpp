#include "tests/emulated_gpu/block.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

#include "tests/emulated_gpu/fault.hpp"
#include "tests/emulated_gpu/fiber.hpp"
#include "tests/emulated_gpu/machine.hpp"
#include "tests/emulated_gpu/sites.hpp"

namespace emulated_gpu {

constinit thread_local Position position;

namespace {

constexpr int kWarp = 32;
constexpr size_t kGuard = 512;
constexpr char kPoison = char(0xff);

enum class State { kNew, kRunning, kAtBlockBarrier, kAtWarpBarrier, kDone };

struct Thread {
  State state = State::kNew;
  Fiber* fiber = nullptr;
  const char* file = nullptr;  // of the barrier where it waits
  int line = 0;
};

/// A walk over [0, n) that meets every number once.
class Walk {
 public:
  explicit Walk(uint64_t n) : n_(n) {
    Machine& machine = Machine::Get();
    next_ = machine.Random(n);
    do step_ = 1 + machine.Random(n);
    while (std::gcd(step_, n) != 1);
  }
  uint64_t Next() {
    const uint64_t now = next_;
    next_ = (next_ + step_) % n_;
    return now;
  }

 private:
  uint64_t n_, next_, step_;
};

/// Runs one block after another on the host thread that owns it. A fiber takes one thread of the
/// block after the other as long as they run through; it stays with one that stops at a barrier,
/// and another fiber goes on. So a kernel without barriers needs one fiber.
class BlockRunner {
 public:
  void Run(const Grid& grid, const std::function<void()>& kernel) {
    kernel_ = &kernel;
    name_ = grid.kernel;
    block_ = grid.threads;
    threads_.assign(block_.x * block_.y * block_.z, Thread());
    shared_.assign(grid.shared + kGuard, kPoison);
    exchange_.resize(threads_.size());
    Walk walk(threads_.size());
    walk_ = &walk;
    unstarted_ = threads_.size();
    while (unstarted_ > 0) Resume(TakeFiber());
    std::vector<int> ready;
    while (ReleaseBarriers()) {
      ready.clear();
      for (size_t i = 0; i < threads_.size(); ++i) {
        if (threads_[i].state == State::kRunning) ready.push_back(static_cast<int>(i));
      }
      for (size_t i = ready.size(); i > 1; --i) {
        std::swap(ready[i - 1], ready[Machine::Get().Random(i)]);
      }
      for (const int index : ready) Continue(index);
    }
    CheckSharedMemory(grid);
  }

  void Stop(State state, const char* file, int line) {
    Thread& thread = threads_[current_];
    thread.state = state;
    thread.file = file;
    thread.line = line;
    thread.fiber = running_;
    running_->Yield();
  }

  void* shared_memory() { return shared_.data(); }
  int current() const { return current_; }
  int count() const { return static_cast<int>(threads_.size()); }
  std::vector<char>& exchange(int thread) { return exchange_[thread]; }

 private:
  Fiber* TakeFiber() {
    if (idle_.empty()) {
      fibers_.push_back(std::make_unique<Fiber>([this] { RunThreads(); }));
      return fibers_.back().get();
    }
    Fiber* const fiber = idle_.back();
    idle_.pop_back();
    return fiber;
  }

  /// The body of every fiber.
  void RunThreads() {
    for (;;) {
      while (unstarted_ > 0) {
        --unstarted_;
        SetCurrent(static_cast<int>(walk_->Next()));
        threads_[current_].state = State::kRunning;
        (*kernel_)();
        threads_[current_].state = State::kDone;
      }
      idle_.push_back(running_);
      running_->Yield();
    }
  }

  void SetCurrent(int index) {
    current_ = index;
    const unsigned i = index;
    position.thread = {i % block_.x, i / block_.x % block_.y, i / (block_.x * block_.y)};
  }

  void Resume(Fiber* fiber) {
    running_ = fiber;
    fiber->Resume();
  }

  void Continue(int index) {
    SetCurrent(index);
    Resume(threads_[index].fiber);
  }

  /// Lets the threads of every complete barrier go on. False when all are done.
  bool ReleaseBarriers() {
    bool any = false, waiting = false;
    for (size_t begin = 0; begin < threads_.size(); begin += kWarp) {
      any |= Release(begin, std::min(threads_.size(), begin + kWarp), State::kAtWarpBarrier);
    }
    any |= Release(0, threads_.size(), State::kAtBlockBarrier);
    for (const Thread& thread : threads_) waiting |= thread.state != State::kDone;
    if (waiting && !any) Diverged();
    return any;
  }

  bool Release(size_t begin, size_t end, State barrier) {
    const Thread* first = nullptr;
    for (size_t i = begin; i < end; ++i) {
      if (threads_[i].state != barrier) {
        if (threads_[i].state == State::kDone) continue;
        return false;
      }
      if (first == nullptr) first = &threads_[i];
    }
    if (first == nullptr) return false;
    for (size_t i = begin; i < end; ++i) {
      Thread& thread = threads_[i];
      if (thread.state == State::kDone || thread.file != first->file ||
          thread.line != first->line) {
        Diverged();
      }
      if (thread.state != State::kDone) thread.state = State::kRunning;
    }
    return true;
  }

  void Diverged() {
    size_t waiting = 0;
    const Thread* at = nullptr;
    for (const Thread& thread : threads_) {
      if (thread.state == State::kDone) continue;
      ++waiting;
      at = &thread;
    }
    Fault(
        "%s: only %zu of %zu threads of a block come to the barrier at %s:%d, or others wait "
        "elsewhere",
        name_, waiting, threads_.size(), at && at->file ? at->file : "a warp's", at ? at->line : 0);
  }

  void CheckSharedMemory(const Grid& grid) {
    for (size_t i = grid.shared; i < shared_.size(); ++i) {
      if (shared_[i] == kPoison) continue;
      Fault("%s: a thread wrote behind the %zu bytes of shared memory", name_, grid.shared);
      return;
    }
  }

  const std::function<void()>* kernel_ = nullptr;
  const char* name_ = nullptr;
  dim3 block_;
  std::vector<Thread> threads_;
  std::vector<char> shared_;
  std::vector<std::vector<char>> exchange_;
  Walk* walk_ = nullptr;
  size_t unstarted_ = 0;
  int current_ = 0;
  Fiber* running_ = nullptr;
  std::vector<Fiber*> idle_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
};

constinit thread_local BlockRunner* current_runner = nullptr;

BlockRunner& Runner() { return *current_runner; }

/// The host thread's own.
BlockRunner* MakeRunner() {
  thread_local BlockRunner runner;
  return &runner;
}

}  // namespace

void SyncThreads(const char* file, int line) {
  if (!IsIgnoredBarrier(file, line)) Runner().Stop(State::kAtBlockBarrier, file, line);
}
void SyncWarp() { Runner().Stop(State::kAtWarpBarrier, nullptr, 0); }
int Lane() { return Runner().current() % kWarp; }
void* SharedMemory() { return Runner().shared_memory(); }

void Shuffle(const void* value, void* result, size_t bytes, int lane) {
  BlockRunner& runner = Runner();
  const int self = runner.current(), from = self / kWarp * kWarp + lane;
  const char* const begin = static_cast<const char*>(value);
  runner.exchange(self).assign(begin, begin + bytes);
  SyncWarp();
  const bool exists = lane >= 0 && lane < kWarp && from < runner.count();
  std::memcpy(result, runner.exchange(exists ? from : self).data(), bytes);
  SyncWarp();
}

void RunKernel(const Grid& grid, const std::function<void()>& kernel) {
  const uint64_t blocks = uint64_t(grid.blocks.x) * grid.blocks.y * grid.blocks.z;
  Walk walk(blocks);
  current_runner = MakeRunner();
  position.block_dim = {grid.threads.x, grid.threads.y, grid.threads.z};
  position.grid_dim = {grid.blocks.x, grid.blocks.y, grid.blocks.z};
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t block = walk.Next();
    position.block = {unsigned(block % grid.blocks.x),
                      unsigned(block / grid.blocks.x % grid.blocks.y),
                      unsigned(block / grid.blocks.x / grid.blocks.y)};
    Runner().Run(grid, kernel);
  }
}

}  // namespace emulated_gpu
