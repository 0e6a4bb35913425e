#include "data_tools/in_order.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

namespace caffe {
namespace {

/// Takes a time that has nothing to do with the order.
void Dawdle(size_t i) { std::this_thread::sleep_for(std::chrono::microseconds(i * 7919 % 100)); }

TEST(InOrderTest, GivesAllValuesInOrderWithinTheWindow) {
  for (const int threads : {1, 2, 5}) {
    for (const size_t window : {1u, 3u, 64u}) {
      std::atomic<size_t> taken{10}, most{0};
      InOrder<std::string> values(threads, window, [&](size_t i) {
        const size_t ahead = i - std::min<size_t>(i, taken);
        size_t known = most;
        while (ahead > known && !most.compare_exchange_weak(known, ahead)) {
        }
        Dawdle(i);
        return std::to_string(i);
      });
      size_t next = 10;
      values.Run(10, 200, [&](size_t i, const std::string& value) {
        EXPECT_EQ(i, next++);
        EXPECT_EQ(value, std::to_string(i));
        ++taken;
      });
      EXPECT_EQ(next, 200u);
      EXPECT_LE(most, window) << "one may have been given out and not be counted yet";
    }
  }
}

TEST(InOrderTest, NothingToDo) {
  InOrder<int> values(3, 4, [](size_t) { return 1; });
  values.Run(5, 5, [](size_t, int) { FAIL(); });
}

TEST(InOrderTest, TheFirstFailureInOrderComesOut) {
  for (const int threads : {1, 4}) {
    InOrder<int> values(threads, 8, [](size_t i) {
      Dawdle(i);
      if (i >= 20) throw std::runtime_error(std::to_string(i));
      return 0;
    });
    size_t last = 0;
    try {
      values.Run(0, 100, [&](size_t i, int) { last = i; });
      FAIL();
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "20");
    }
    EXPECT_EQ(last, 19u);
  }
}

TEST(InOrderTest, EndsWhenTheTakerFails) {
  InOrder<int> values(4, 8, [](size_t) { return 0; });
  EXPECT_THROW(values.Run(0, 1000000,
                          [](size_t i, int) {
                            if (i == 50) throw std::runtime_error("full");
                          }),
               std::runtime_error);
}

}  // namespace
}  // namespace caffe
