#include "caffe/util/parallel_for.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace caffe {

void ParallelFor(int count, int threads, const std::function<void(int)>& item) {
  if (threads <= 1) {
    for (int i = 0; i < count; ++i) item(i);
    return;
  }
  std::atomic<int> next{0};
  std::mutex mutex;
  int failed = count;
  std::exception_ptr failure;
  const auto work = [&] {
    for (int i = next++; i < count; i = next++) {
      try {
        item(i);
      } catch (...) {
        // Items start in order, so all before the first that fails have been started too.
        next = count;
        const std::lock_guard<std::mutex> lock(mutex);
        if (i < failed) {
          failed = i;
          failure = std::current_exception();
        }
      }
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (int i = 1; i < std::min(threads, count); ++i) others.emplace_back(work);
    } catch (const std::system_error&) {
      // Fewer threads do the same work.
    }
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace caffe
