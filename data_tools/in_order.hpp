#ifndef DATA_TOOLS_IN_ORDER_HPP_
#define DATA_TOOLS_IN_ORDER_HPP_

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace caffe {

/// Makes values on some threads and gives them to the calling thread in their order. While it waits
/// for a disk, say, the others go on, until `window` values wait.
template <class Value>
class InOrder {
 public:
  InOrder(int threads, size_t window, std::function<Value(size_t)> make)
      : threads_(threads), make_(std::move(make)), slots_(window) {}

  /// Calls take(i, make(i)) for i = first, ..., end - 1. If make or take throws, the first
  /// exception in this order comes out, and nothing is taken after it.
  void Run(size_t first, size_t end, const std::function<void(size_t, Value)>& take) {
    next_ = taken_ = first;
    end_ = end;
    stopped_ = false;
    std::vector<std::jthread> workers;
    const StopAtEnd stop{this};  // before the threads are joined
    for (int i = 0; i < threads_; ++i) workers.emplace_back([this] { Work(); });
    for (size_t i = first; i < end; ++i) take(i, Take(i));
  }

 private:
  struct Slot {
    std::optional<Value> value;
    std::exception_ptr failure;
  };
  struct StopAtEnd {
    InOrder* owner;
    ~StopAtEnd() { owner->Stop(); }
  };

  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      room_.wait(lock, [this] { return stopped_ || next_ >= end_ || HasRoom(); });
      if (stopped_ || next_ >= end_) return;
      const size_t i = next_++;
      lock.unlock();
      Slot made;
      try {
        made.value = make_(i);
      } catch (...) {
        made.failure = std::current_exception();
      }
      lock.lock();
      slots_[i % slots_.size()] = std::move(made);
      if (i == taken_) ready_.notify_one();
    }
  }

  bool HasRoom() const { return next_ < taken_ + slots_.size(); }

  Value Take(size_t i) {
    std::unique_lock<std::mutex> lock(mutex_);
    Slot& slot = slots_[i % slots_.size()];
    ready_.wait(lock, [&] { return slot.value.has_value() || slot.failure; });
    if (slot.failure) std::rethrow_exception(slot.failure);
    Value value = std::move(*slot.value);
    slot.value.reset();
    ++taken_;
    room_.notify_one();
    return value;
  }

  void Stop() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    room_.notify_all();
  }

  int threads_;
  std::function<Value(size_t)> make_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable room_, ready_;
  size_t next_ = 0, taken_ = 0, end_ = 0;
  bool stopped_ = false;
};

}  // namespace caffe

#endif  // DATA_TOOLS_IN_ORDER_HPP_
