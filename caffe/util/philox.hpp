#ifndef CAFFE_UTIL_PHILOX_HPP_
#define CAFFE_UTIL_PHILOX_HPP_

#include <cstdint>
#include <string_view>

#include "caffe/device/device.hpp"

namespace caffe {

/// What a random draw is for. Part of every key, so that no two uses share numbers.
/// The values are part of the meaning of a seed: append, never renumber.
enum class RandomPurpose : uint32_t {
  kSequential = 0,
  kFiller = 1,
  kForward = 2,
  kShuffle = 3,
  kAugmentation = 4,
  kDropLayer = 5,
  kDropChannel = 6,
  kDropWeight = 7,
};

/// FNV-1a, 64 bit: the number that stands for a layer's name in keys.
constexpr uint64_t NameHash(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  return hash;
}

/// Counter-based generator Philox 4x32-10: a pure function of (key, iteration, index) that any
/// thread or device can evaluate at any place.
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11.
class Philox {
 public:
  struct Block {
    uint32_t word[4];
  };

  CAFFE_HD Philox() : key_(0), iteration_(0) {}
  /// @param key        from RandomKey
  /// @param iteration  high half of the counter
  CAFFE_HD Philox(uint64_t key, uint64_t iteration) : key_(key), iteration_(iteration) {}

  /// Words 4 * index to 4 * index + 3 of the sequence.
  CAFFE_HD Block block(uint64_t index) const {
    uint32_t c0 = uint32_t(index), c1 = uint32_t(index >> 32);
    uint32_t c2 = uint32_t(iteration_), c3 = uint32_t(iteration_ >> 32);
    uint32_t k0 = uint32_t(key_), k1 = uint32_t(key_ >> 32);
    for (int round = 0; round < 10; ++round) {
      const uint64_t p0 = uint64_t(0xD2511F53u) * c0;
      const uint64_t p1 = uint64_t(0xCD9E8D57u) * c2;
      c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
      c1 = uint32_t(p1);
      c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
      c3 = uint32_t(p0);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    return Block{{c0, c1, c2, c3}};
  }

  /// Word `index` of the sequence, uniform in [0, 2^32).
  CAFFE_HD uint32_t u32(uint64_t index) const { return block(index / 4).word[index % 4]; }

  /// Word `index` as a number in [0, 1), 24 bits.
  CAFFE_HD float uniform(uint64_t index) const { return float(u32(index) >> 8) * 0x1p-24f; }

  uint64_t key() const { return key_; }
  uint64_t iteration() const { return iteration_; }

 private:
  uint64_t key_;
  uint64_t iteration_;
};

/// Scrambles 64 bits (the finaliser of SplitMix64).
constexpr uint64_t MixBits(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// The key of a stream: the run's seed, the purpose and a name's hash or another number.
constexpr uint64_t RandomKey(uint64_t seed, RandomPurpose purpose, uint64_t stream = 0) {
  return MixBits(MixBits(MixBits(seed) ^ static_cast<uint64_t>(purpose)) ^ stream);
}

/// The bound of a Bernoulli draw: an event of probability `rate` happens where
/// u32 < BernoulliBound(rate), in 64 bits so that rate 1 always happens.
CAFFE_HD inline uint64_t BernoulliBound(double rate) {
  return rate <= 0 ? 0 : rate >= 1 ? uint64_t(1) << 32 : uint64_t(rate * 4294967296.0);
}

}  // namespace caffe

#endif  // CAFFE_UTIL_PHILOX_HPP_
