#ifndef CAFFE_UTIL_RNG_HPP_
#define CAFFE_UTIL_RNG_HPP_

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "caffe/common.hpp"
#include "caffe/util/philox.hpp"

namespace caffe {

/// A Philox sequence read from the front: the stateful generator of Caffe's interface, usable
/// wherever the C++ library wants a uniform random bit generator.
class PhiloxEngine {
 public:
  using result_type = uint32_t;

  explicit PhiloxEngine(uint64_t seed = 0)
      : philox_(RandomKey(seed, RandomPurpose::kSequential), 0) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xffffffffu; }
  result_type operator()() { return philox_.u32(position_++); }

  /// Starts the sequence of (key, iteration) from its front.
  void Rekey(uint64_t key, uint64_t iteration) {
    philox_ = Philox(key, iteration);
    position_ = 0;
  }
  /// Reserves the next n words and returns the position of the first; with philox() they can
  /// be drawn in any order. Blocks of four start at multiples of four.
  uint64_t Reserve(uint64_t n) {
    const uint64_t first = (position_ + 3) / 4 * 4;
    position_ = first + n;
    return first;
  }
  const Philox& philox() const { return philox_; }

 private:
  Philox philox_;
  uint64_t position_ = 0;
};

typedef PhiloxEngine rng_t;

/// This thread's generator. A Net re-keys it before every layer's Forward.
inline rng_t* caffe_rng() { return static_cast<rng_t*>(Caffe::rng_stream().generator()); }

/// While one lives, this thread's generator runs on the sequence of (key, iteration); after it
/// the generator goes on where it was.
class RandomScope {
 public:
  RandomScope(uint64_t key, uint64_t iteration) : outer_(*caffe_rng()) {
    caffe_rng()->Rekey(key, iteration);
  }
  ~RandomScope() { *caffe_rng() = outer_; }
  RandomScope(const RandomScope&) = delete;
  RandomScope& operator=(const RandomScope&) = delete;

 private:
  rng_t outer_;
};

/// Fisher-Yates from the back.
template <class RandomAccessIterator, class RandomGenerator>
inline void shuffle(RandomAccessIterator begin, RandomAccessIterator end, RandomGenerator* gen) {
  const auto length = std::distance(begin, end);
  for (auto i = length - 1; i > 0; --i) {
    std::iter_swap(begin + i, begin + static_cast<decltype(i)>((*gen)() % (i + 1)));
  }
}

template <class RandomAccessIterator>
inline void shuffle(RandomAccessIterator begin, RandomAccessIterator end) {
  shuffle(begin, end, caffe_rng());
}

}  // namespace caffe

#endif  // CAFFE_UTIL_RNG_HPP_
