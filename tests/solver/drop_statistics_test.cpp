// What is drawn in 10,000 iterations against the distribution that each option promises. Seeds are
// fixed; a test of a right distribution fails for one seed in 10,000.

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "caffe/util/philox.hpp"
#include "solver/drop_plan.hpp"
#include "tests/statistics.hpp"

namespace caffe {
namespace {

constexpr int kIterations = 10000;
constexpr uint64_t kSeed = 20240917;

/// Layers a, b, c, d with 6, 40, 10 and 24 channels, under some options.
class Draws {
 public:
  static constexpr int kLayers = 4;

  Draws(const std::string& text, const DropRates& rates) : rates_(rates) {
    ChannelDropBackParameter param;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("skip_layers: 0 " + text, &param));
    TrainingRun run;
    run.decays = {1};
    options_ = ResolveDropOptions(param, run);
    std::vector<LearnableLayer> layers;
    for (const int channels : {6, 40, 10, 24}) {
      LearnableLayer layer;
      layer.name = std::string(1, static_cast<char>('a' + layers.size()));
      layer.type = "InnerProduct";
      layer.weight_shape = {channels, 7};
      layer.tensor_index = layer.learnable_id = static_cast<int>(layers.size());
      layers.push_back(layer);
    }
    eligibility_ = FindEligible(layers, options_);
  }

  /// Calls visit(plan) for each iteration.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (int k = 0; k < kIterations; ++k) {
      visit(DrawDropPlan(kSeed, k, eligibility_, options_, rates_));
    }
  }

  const EligibleLayer& layer(int i) const { return eligibility_.layers[i]; }

  /// The dropped channels of a layer as the bits of a number; for layers of up to 30 channels.
  uint32_t Subset(const DropPlan& plan, int i) const {
    uint32_t subset = 0;
    for (int c = 0; c < layer(i).channels; ++c) subset |= uint32_t{!plan.keeps(layer(i), c)} << c;
    return subset;
  }

 private:
  DropRates rates_;
  DropOptions options_;
  Eligibility eligibility_;
};

TEST(DropStatisticsTest, OneLayerFollowsItsDistribution) {
  const struct {
    const char* options;
    std::vector<double> weights;
  } cases[] = {
      {"", {1, 1, 1, 1}},
      {"layer { name: 'b' weight: 3 } layer { name: 'd' weight: 0.5 }", {1, 3, 1, 0.5}},
      {"distribution: LINEAR_DEPTH", {1, 2, 3, 4}},
      {"distribution: LINEAR_DEPTH layer { name: 'a' weight: 4 }", {4, 2, 3, 4}},
      {"distribution: CHANNELS", {6, 40, 10, 24}},
  };
  const DropRates rates{0.7, 0.3};
  for (const auto& with : cases) {
    const Draws draws(with.options, rates);
    std::vector<double> counts(Draws::kLayers + 1, 0);  // the last one: no layer
    draws.ForEach([&](const DropPlan& plan) {
      ASSERT_LE(plan.selected.size(), 1u);
      ++counts[plan.selected.empty() ? Draws::kLayers : plan.selected[0].layer];
    });
    double sum = 0;
    for (const double weight : with.weights) sum += weight;
    std::vector<double> probabilities;
    for (const double weight : with.weights) probabilities.push_back(rates.layer * weight / sum);
    probabilities.push_back(1 - rates.layer);
    ExpectOutcomes(counts, probabilities, with.options);
  }
}

// All 16 combinations of layers, so that rates and independence are tested in one.
TEST(DropStatisticsTest, EachLayerDecidesByItself) {
  const struct {
    const char* options;
    std::vector<double> factors;  // of the layer drop rate
  } cases[] = {
      {"", {1, 1, 1, 1}},
      {"layer { name: 'c' weight: 2 }", {0.5, 0.5, 1, 0.5}},
      {"distribution: LINEAR_DEPTH", {0.25, 0.5, 0.75, 1}},
      {"distribution: CHANNELS", {6. / 40, 1, 10. / 40, 24. / 40}},
  };
  const DropRates rates{0.4, 0.3};
  for (const auto& with : cases) {
    const Draws draws("selection: EACH_LAYER " + std::string(with.options), rates);
    std::vector<double> counts(1 << Draws::kLayers, 0), probabilities(counts.size(), 1);
    draws.ForEach([&](const DropPlan& plan) {
      size_t combination = 0;
      for (const DropPlan::Selected& selected : plan.selected) combination |= 1 << selected.layer;
      ++counts[combination];
    });
    for (size_t combination = 0; combination < counts.size(); ++combination) {
      for (int i = 0; i < Draws::kLayers; ++i) {
        const double p = rates.layer * with.factors[i];
        probabilities[combination] *= combination >> i & 1 ? p : 1 - p;
      }
    }
    ExpectOutcomes(counts, probabilities, with.options);
  }
}

TEST(DropStatisticsTest, BernoulliChannelsAreIndependent) {
  for (const double rate : {0.05, 0.3, 0.5}) {
    const Draws draws("selection: EACH_LAYER", {1, rate});
    std::vector<double> hits(draws.layer(1).channels, 0);
    // Of layer a the size of the subset: binomial only if its channels are independent.
    std::vector<double> sizes(draws.layer(0).channels + 1, 0);
    draws.ForEach([&](const DropPlan& plan) {
      for (int c = 0; c < draws.layer(1).channels; ++c) hits[c] += !plan.keeps(draws.layer(1), c);
      ++sizes[__builtin_popcount(draws.Subset(plan, 0))];
    });
    ExpectRates(hits, rate, kIterations, "channels of b");
    std::vector<double> binomial;
    double choose = 1;
    for (int n = 0; n <= 6; ++n) {
      binomial.push_back(choose * std::pow(rate, n) * std::pow(1 - rate, 6 - n));
      choose = choose * (6 - n) / (n + 1);
    }
    // Outcomes that hardly happen are counted together.
    while (binomial.back() * kIterations < 5) {
      binomial[binomial.size() - 2] += binomial.back();
      sizes[binomial.size() - 2] += sizes[binomial.size() - 1];
      binomial.pop_back();
      sizes.pop_back();
    }
    ExpectOutcomes(sizes, binomial, "number of channels");
  }
}

TEST(DropStatisticsTest, ExactSubsetsAreAllAlike) {
  // round(0.5 * 6) = 3 of 6: 20 subsets.
  const Draws draws("selection: EACH_LAYER channel_count: EXACT", {1, 0.5});
  std::map<uint32_t, double> subsets;
  std::vector<double> hits(draws.layer(1).channels, 0);
  draws.ForEach([&](const DropPlan& plan) {
    const uint32_t subset = draws.Subset(plan, 0);
    ASSERT_EQ(__builtin_popcount(subset), 3);
    ++subsets[subset];
    int dropped = 0;
    for (int c = 0; c < draws.layer(1).channels; ++c) {
      hits[c] += !plan.keeps(draws.layer(1), c);
      dropped += !plan.keeps(draws.layer(1), c);
    }
    ASSERT_EQ(dropped, 20);
  });
  ASSERT_EQ(subsets.size(), 20u);
  std::vector<double> counts;
  for (const auto& [subset, count] : subsets) counts.push_back(count);
  ExpectOutcomes(counts, std::vector<double>(20, 0.05), "subsets of a");
  // Every channel equally likely. Drawing without replacement shrinks the spread by (n - 1) / n.
  double chi = 0;
  for (const double n : hits) {
    chi += (n - kIterations * 0.5) * (n - kIterations * 0.5) / (kIterations * 0.25);
  }
  EXPECT_LT(chi * 39 / 40, ChiSquareLimit(39));
}

TEST(DropStatisticsTest, ALayerThatLosesAllChannels) {
  const double rate = 0.75;  // all six channels of a in 18 % of the draws
  const double all = std::pow(rate, 6), none = std::pow(1 - rate, 6);
  for (const bool drop_all : {true, false}) {
    const Draws draws(
        std::string("selection: EACH_LAYER all_dropped: ") + (drop_all ? "DROP_ALL" : "DROP_NONE"),
        {1, rate});
    std::vector<double> counts(3, 0);  // nothing, some, everything
    draws.ForEach([&](const DropPlan& plan) {
      const uint32_t subset = draws.Subset(plan, 0);
      ++counts[subset == 0 ? 0 : subset == 0x3f ? 2 : 1];
      ASSERT_EQ(plan.selected[0].dropped_channels, __builtin_popcount(subset));
    });
    if (drop_all) {
      ExpectOutcomes(counts, {none, 1 - none - all, all}, "DROP_ALL");
    } else {
      EXPECT_EQ(counts[2], 0);
      counts.pop_back();
      ExpectOutcomes(counts, {none + all, 1 - none - all}, "DROP_NONE");
    }
  }
}

TEST(DropStatisticsTest, ALayersChannelsDoNotFollowTheChoiceOfTheLayer) {
  const DropRates rates{0.5, 0.3};
  const Draws draws("", rates);
  std::vector<double> hits(draws.layer(3).channels, 0);
  double chosen = 0;
  draws.ForEach([&](const DropPlan& plan) {
    if (plan.selected.empty() || plan.selected[0].layer != 3) return;
    ++chosen;
    for (int c = 0; c < draws.layer(3).channels; ++c) hits[c] += !plan.keeps(draws.layer(3), c);
  });
  ExpectRates(hits, rates.channel, chosen, "channels of d");
}

TEST(DropStatisticsTest, SingleWeightsOfLearningRateDropout) {
  constexpr int kWeights = 64;
  const double rate = 0.3;
  std::vector<double> hits(kWeights, 0), pairs(4, 0);
  for (int k = 0; k < kIterations; ++k) {
    const Philox random(RandomKey(kSeed, RandomPurpose::kDropWeight, NameHash("a")), k);
    bool dropped[kWeights];
    for (int i = 0; i < kWeights; ++i) hits[i] += dropped[i] = random.u32(i) < BernoulliBound(rate);
    ++pairs[2 * dropped[0] + dropped[1]];
  }
  ExpectRates(hits, rate, kIterations, "weights");
  ExpectOutcomes(pairs,
                 {(1 - rate) * (1 - rate), (1 - rate) * rate, rate * (1 - rate), rate * rate},
                 "neighbours");
}

}  // namespace
}  // namespace caffe
