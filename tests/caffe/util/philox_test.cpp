#include "caffe/util/philox.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

#include "caffe/util/random_draws.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {
namespace {

std::array<uint32_t, 4> Words(uint64_t key, uint64_t iteration, uint64_t index) {
  const Philox::Block block = Philox(key, iteration).block(index);
  return {block.word[0], block.word[1], block.word[2], block.word[3]};
}

// Known answers that the generator's authors publish with their library (Random123).
TEST(PhiloxTest, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(Words(0, 0, 0),
            (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Words(~0ull, ~0ull, ~0ull),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Words(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(PhiloxTest, WordsAreThoseOfTheirBlock) {
  const Philox philox(17, 3);
  for (uint64_t i = 0; i < 12; ++i) EXPECT_EQ(philox.u32(i), philox.block(i / 4).word[i % 4]);
}

TEST(PhiloxTest, KeysDifferBySeedPurposeAndStream) {
  std::set<uint64_t> keys;
  for (uint64_t seed : {0, 1, 2}) {
    for (const RandomPurpose purpose : {RandomPurpose::kFiller, RandomPurpose::kForward}) {
      for (const char* name : {"conv1", "conv2", ""}) {
        keys.insert(RandomKey(seed, purpose, NameHash(name)));
      }
    }
  }
  EXPECT_EQ(keys.size(), 18u);
}

TEST(PhiloxTest, BernoulliBoundsOfCertainEvents) {
  EXPECT_EQ(BernoulliBound(0), 0u);
  EXPECT_EQ(BernoulliBound(1), uint64_t(1) << 32);
  EXPECT_EQ(BernoulliBound(0.5), uint64_t(1) << 31);
}

TEST(PhiloxEngineTest, ReservedWordsAreThoseReadOneByOne) {
  PhiloxEngine one(5), other(5);
  const uint64_t first = other.Reserve(8);
  for (uint64_t i = 0; i < 8; ++i) EXPECT_EQ(one(), other.philox().u32(first + i));
  EXPECT_EQ(one(), other());
}

TEST(PhiloxEngineTest, AScopeLeavesTheOuterSequenceAlone) {
  Caffe::set_random_seed(11);
  const uint32_t first = (*caffe_rng())();
  const uint32_t second = (*caffe_rng())();
  Caffe::set_random_seed(11);
  EXPECT_EQ((*caffe_rng())(), first);
  {
    const RandomScope scope(99, 1);
    EXPECT_EQ((*caffe_rng())(), Philox(99, 1).u32(0));
  }
  EXPECT_EQ((*caffe_rng())(), second);
}

TEST(PhiloxEngineTest, ShuffleIsAPermutation) {
  vector<int> order(100);
  for (int i = 0; i < 100; ++i) order[i] = i;
  shuffle(order.begin(), order.end());
  EXPECT_EQ(std::set<int>(order.begin(), order.end()).size(), 100u);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
}

}  // namespace
}  // namespace caffe
