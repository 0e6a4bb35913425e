#include "solver/drop_plan.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "caffe/util/philox.hpp"

namespace caffe {

namespace {

using Param = ChannelDropBackParameter;

/// Words of a layer's kDropLayer stream: two make the number for the race, one decides
/// whether the layer is dropped.
constexpr uint64_t kRaceWord = 0, kGateWord = 2;

Philox LayerStream(uint64_t seed, RandomPurpose purpose, const EligibleLayer& layer,
                   int64_t iteration) {
  return Philox(RandomKey(seed, purpose, NameHash(layer.name)), iteration);
}

/// 52 bits in (0, 1), never 0 or 1.
double OpenUniform(const Philox& stream, uint64_t word) {
  const uint64_t bits = uint64_t{stream.u32(word)} << 32 | stream.u32(word + 1);
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
}

int FirstInRace(uint64_t seed, int64_t iteration, const std::vector<EligibleLayer>& layers) {
  int first = 0;
  double best = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    const Philox stream = LayerStream(seed, RandomPurpose::kDropLayer, layers[i], iteration);
    const double finish = -std::log(OpenUniform(stream, kRaceWord)) / layers[i].weight;
    if (i == 0 || finish < best) {
      first = static_cast<int>(i);
      best = finish;
    }
  }
  return first;
}

bool PassesGate(uint64_t seed, int64_t iteration, const EligibleLayer& layer, double rate) {
  const Philox stream = LayerStream(seed, RandomPurpose::kDropLayer, layer, iteration);
  return stream.u32(kGateWord) < BernoulliBound(rate);
}

std::vector<int> ChooseLayers(uint64_t seed, int64_t iteration,
                              const std::vector<EligibleLayer>& layers, const DropOptions& options,
                              double rate) {
  std::vector<int> chosen;
  if (options.selection == Param::ONE_LAYER) {
    const int first = FirstInRace(seed, iteration, layers);
    if (PassesGate(seed, iteration, layers[first], rate)) chosen.push_back(first);
    return chosen;
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    if (PassesGate(seed, iteration, layers[i], rate * layers[i].probability)) {
      chosen.push_back(static_cast<int>(i));
    }
  }
  return chosen;
}

/// Each channel by itself.
std::vector<int> BernoulliChannels(const Philox& stream, int channels, double rate) {
  std::vector<int> dropped;
  const uint64_t bound = BernoulliBound(rate);
  for (int c = 0; c < channels; c += 4) {
    const Philox::Block words = stream.block(c / 4);
    for (int w = 0; w < 4 && c + w < channels; ++w) {
      if (words.word[w] < bound) dropped.push_back(c + w);
    }
  }
  return dropped;
}

/// The round(rate * channels) channels with the smallest draws.
std::vector<int> ExactChannels(const Philox& stream, int channels, double rate) {
  std::vector<std::pair<uint32_t, int>> draws;
  for (int c = 0; c < channels; ++c) draws.emplace_back(stream.u32(c), c);
  std::sort(draws.begin(), draws.end());
  std::vector<int> dropped;
  const int64_t count = std::lround(rate * channels);
  for (int64_t i = 0; i < count; ++i) dropped.push_back(draws[i].second);
  return dropped;
}

}  // namespace

DropPlan DrawDropPlan(uint64_t seed, int64_t iteration, const Eligibility& eligibility,
                      const DropOptions& options, const DropRates& rates) {
  DropPlan plan;
  plan.iteration = iteration;
  plan.rates = rates;
  plan.keep_words.assign(eligibility.num_words, 0xffffffffu);
  for (const int i : ChooseLayers(seed, iteration, eligibility.layers, options, rates.layer)) {
    const EligibleLayer& layer = eligibility.layers[i];
    const Philox stream = LayerStream(seed, RandomPurpose::kDropChannel, layer, iteration);
    std::vector<int> dropped = options.channel_count == Param::EXACT
                                   ? ExactChannels(stream, layer.channels, rates.channel)
                                   : BernoulliChannels(stream, layer.channels, rates.channel);
    if (options.all_dropped == Param::DROP_NONE &&
        static_cast<int>(dropped.size()) == layer.channels) {
      dropped.clear();
    }
    for (const int c : dropped) {
      plan.keep_words[layer.first_word + c / 32] &= ~(uint32_t{1} << (c % 32));
    }
    plan.selected.push_back({i, static_cast<int>(dropped.size())});
    plan.dropped_channels += static_cast<int64_t>(dropped.size());
  }
  return plan;
}

}  // namespace caffe
