#include "caffe/internal_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>

#include "caffe/util/blocking_queue.hpp"
#include "caffe/util/parallel_for.hpp"

namespace caffe {
namespace {

/// Passes numbers from one queue to another, plus its rank, until it is stopped.
class Adder : public InternalThread {
 public:
  ~Adder() override { StopInternalThread(); }
  BlockingQueue<int> in_, out_;

 protected:
  void InternalThreadEntry() override {
    while (!must_stop()) out_.push(in_.pop() + Caffe::solver_rank());
  }
};

TEST(InternalThreadTest, TakesOverTheStartersContext) {
  Adder adder;
  EXPECT_FALSE(adder.is_started());
  Caffe::set_solver_rank(100);
  adder.StartInternalThread();
  Caffe::set_solver_rank(0);
  EXPECT_TRUE(adder.is_started());
  adder.in_.push(1);
  EXPECT_EQ(adder.out_.pop(), 101);
}

TEST(InternalThreadTest, StopsWhereItWaitsAndStartsAgain) {
  Adder adder;
  for (int i = 0; i < 10; ++i) {
    adder.StartInternalThread();
    adder.in_.push(i);
    EXPECT_EQ(adder.out_.pop(), i);
    adder.StopInternalThread();
    EXPECT_FALSE(adder.is_started());
    adder.StopInternalThread();
  }
  adder.StartInternalThread();
  EXPECT_THROW(adder.StartInternalThread(), Error);
}

TEST(BlockingQueueTest, KeepsTheOrder) {
  BlockingQueue<int> queue;
  int value = 0;
  EXPECT_FALSE(queue.try_pop(&value));
  EXPECT_FALSE(queue.try_peek(&value));
  for (int i = 0; i < 3; ++i) queue.push(i);
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue.peek(), 0);
  EXPECT_TRUE(queue.try_peek(&value));
  EXPECT_EQ(queue.pop(), 0);
  EXPECT_TRUE(queue.try_pop(&value));
  EXPECT_EQ(value, 1);
  EXPECT_EQ(queue.size(), 1u);
}

TEST(ParallelForTest, VisitsEveryItemOnce) {
  for (const int threads : {0, 1, 3, 50}) {
    vector<std::atomic<int>> visits(37);
    ParallelFor(37, threads, [&](int i) { ++visits[i]; });
    for (const auto& count : visits) EXPECT_EQ(count, 1) << threads << " threads";
  }
}

TEST(ParallelForTest, ThrowsTheExceptionOfTheFirstItemThatFails) {
  for (const int threads : {1, 4}) {
    try {
      ParallelFor(100, threads, [](int i) {
        if (i >= 20) throw std::runtime_error(std::to_string(i));
      });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "20");
    }
  }
}

}  // namespace
}  // namespace caffe
