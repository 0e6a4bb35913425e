#ifndef CAFFE_UTIL_BLOCKING_QUEUE_HPP_
#define CAFFE_UTIL_BLOCKING_QUEUE_HPP_

#include <condition_variable>
#include <mutex>
#include <queue>
#include <string>

#include "caffe/common.hpp"
#include "caffe/internal_thread.hpp"

namespace caffe {

/// A queue that threads hand things over with. Waiting ends with InternalThread::Interrupted
/// when the waiting thread is an internal thread that is asked to stop.
template <typename T>
class BlockingQueue {
 public:
  BlockingQueue() : sync_(new sync()) {}

  void push(const T& t) {
    {
      std::lock_guard<std::mutex> lock(sync_->mutex_);
      queue_.push(t);
    }
    sync_->condition_.notify_one();
  }

  bool try_pop(T* t) {
    std::lock_guard<std::mutex> lock(sync_->mutex_);
    if (queue_.empty()) return false;
    *t = queue_.front();
    queue_.pop();
    return true;
  }

  /// Waits for an element. @param log_on_wait  logged, now and then, when it has to wait
  T pop(const string& log_on_wait = "") {
    std::unique_lock<std::mutex> lock(sync_->mutex_);
    Wait(&lock, log_on_wait);
    T t = queue_.front();
    queue_.pop();
    return t;
  }

  bool try_peek(T* t) {
    std::lock_guard<std::mutex> lock(sync_->mutex_);
    if (queue_.empty()) return false;
    *t = queue_.front();
    return true;
  }

  /// Waits for an element and leaves it in the queue.
  T peek() {
    std::unique_lock<std::mutex> lock(sync_->mutex_);
    Wait(&lock, "");
    return queue_.front();
  }

  size_t size() const {
    std::lock_guard<std::mutex> lock(sync_->mutex_);
    return queue_.size();
  }

 protected:
  class sync {
   public:
    mutable std::mutex mutex_;
    std::condition_variable_any condition_;
  };

  std::queue<T> queue_;
  shared_ptr<sync> sync_;

 private:
  void Wait(std::unique_lock<std::mutex>* lock, const string& log_on_wait) {
    const auto has_element = [this] { return !queue_.empty(); };
    if (!has_element() && !log_on_wait.empty()) {
      LOG_EVERY_N(INFO, 1000) << log_on_wait;
    }
    if (!sync_->condition_.wait(*lock, InternalThread::CurrentStopToken(), has_element)) {
      throw InternalThread::Interrupted();
    }
  }

  DISABLE_COPY_AND_ASSIGN(BlockingQueue);
};

}  // namespace caffe

#endif  // CAFFE_UTIL_BLOCKING_QUEUE_HPP_
