#include "caffe/native/winograd_conv.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layers/conv_layer.hpp"
#include "caffe/native/winograd_choice.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "tests/caffe/layers/conv_reference.hpp"

namespace caffe {
namespace {

struct Case {
  int num, in, out, h, w, pad_h, pad_w;
};

std::ostream& operator<<(std::ostream& stream, const Case& c) {
  return stream << c.num << " images " << c.in << "x" << c.h << "x" << c.w << " to " << c.out
                << " channels, pad " << c.pad_h << "," << c.pad_w;
}

ConvShape ShapeOf(const Case& c, bool bias = true) {
  return {.num = c.num,
          .in_channels = c.in,
          .out_channels = c.out,
          .group = 1,
          .bias = bias,
          .in = {c.h, c.w},
          .out = {c.h + 2 * c.pad_h - 2, c.w + 2 * c.pad_w - 2},
          .kernel = {3, 3},
          .pad = {c.pad_h, c.pad_w},
          .stride = {1, 1},
          .dilation = {1, 1}};
}

/// A pass' operands with random values; results start as something else than zero.
struct Operands {
  Blob<float> src, weights, bias, dst;

  explicit Operands(const Case& c)
      : src(c.num, c.in, c.h, c.w),
        weights(c.out, c.in, 3, 3),
        bias({c.out}),
        dst(c.num, c.out, c.h + 2 * c.pad_h - 2, c.w + 2 * c.pad_w - 2) {
    std::mt19937 random(1701);
    std::normal_distribution<float> normal;
    const auto fill = [&](float* values, int count) {
      std::generate_n(values, count, [&] { return normal(random); });
    };
    fill(src.mutable_cpu_data(), src.count());
    fill(weights.mutable_cpu_data(), weights.count());
    fill(bias.mutable_cpu_data(), bias.count());
    fill(dst.mutable_cpu_diff(), dst.count());
    std::fill_n(src.mutable_cpu_diff(), src.count(), 99.f);
    std::fill_n(dst.mutable_cpu_data(), dst.count(), 99.f);
    std::fill_n(weights.mutable_cpu_diff(), weights.count(), 2.f);
    std::fill_n(bias.mutable_cpu_diff(), bias.count(), 3.f);
  }

  void RunAll(ConvEngine<float>* engine) {
    engine->Forward(src.data().get(), weights.data().get(), bias.data().get(), dst.data().get());
    engine->BackwardWeights(src.data().get(), dst.diff().get(), weights.diff().get(),
                            bias.diff().get());
    engine->BackwardData(dst.diff().get(), weights.data().get(), src.diff().get());
  }

  /// All results, one after the other.
  vector<float> Results() {
    vector<float> all;
    const auto append = [&](const float* values, int count) {
      all.insert(all.end(), values, values + count);
    };
    append(dst.cpu_data(), dst.count());
    append(src.cpu_diff(), src.count());
    append(weights.cpu_diff(), weights.count());
    append(bias.cpu_diff(), bias.count());
    return all;
  }
};

/// The largest difference, in parts of the largest value.
double Error(const vector<double>& want, const float* got) {
  double error = 0, largest = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error = std::max(error, std::abs(want[i] - got[i]));
    largest = std::max(largest, std::abs(want[i]));
  }
  return error / largest;
}

class WinogradConvTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (MakeWinogradConv(ShapeOf({1, 8, 8, 4, 4, 1, 1}), GetParam()) == nullptr) {
      GTEST_SKIP() << "this processor has no vectors of " << GetParam() << " floats";
    }
  }

  /// All passes against loops in double precision; returns the largest relative error.
  double Check(const Case& c) {
    SCOPED_TRACE(testing::Message() << c);
    const auto engine = MakeWinogradConv(ShapeOf(c), GetParam());
    Operands o(c);
    o.RunAll(engine.get());
    const ReferenceConv reference = {
        c.num, c.in, c.out, 1, {c.h, c.w}, {3, 3}, {1, 1}, {c.pad_h, c.pad_w}, {1, 1}};
    const float *x = o.src.cpu_data(), *w = o.weights.cpu_data(), *g = o.dst.cpu_diff();
    vector<double> y(o.dst.count()), dx(o.src.count()), dw(o.weights.count(), 2), db(c.out, 3);
    reference.ForEachProduct([&](int i, int k, int j) {
      y[j] += double(x[i]) * w[k];
      dx[i] += double(g[j]) * w[k];
      dw[k] += double(g[j]) * x[i];
    });
    const int positions = o.dst.count(2);
    for (int j = 0; j < o.dst.count(); ++j) {
      y[j] += o.bias.cpu_data()[j / positions % c.out];
      db[j / positions % c.out] += g[j];
    }
    const double errors[] = {Error(y, o.dst.cpu_data()), Error(dx, o.src.cpu_diff()),
                             Error(dw, o.weights.cpu_diff()), Error(db, o.bias.cpu_diff())};
    for (const double error : errors) EXPECT_LE(error, 1e-4);
    return *std::max_element(std::begin(errors), std::end(errors));
  }
};

INSTANTIATE_TEST_SUITE_P(Lanes, WinogradConvTest, testing::Values(8, 16),
                         [](const auto& info) { return std::to_string(info.param) + "Floats"; });

TEST_P(WinogradConvTest, AgreesWithLoops) {
  double worst = 0;
  for (const Case& c : vector<Case>{{1, 16, 16, 4, 4, 1, 1},
                                    {2, 16, 32, 8, 8, 1, 1},
                                    {3, 5, 7, 9, 6, 1, 1},
                                    {5, 33, 17, 1, 11, 1, 1},
                                    {2, 17, 50, 13, 1, 1, 2},
                                    {1, 40, 20, 1, 1, 1, 1},
                                    {4, 64, 48, 7, 7, 1, 1},
                                    {1, 3, 8, 3, 3, 0, 0},
                                    {2, 24, 24, 6, 10, 0, 2},
                                    {1, 8, 8, 5, 5, 4, 3}}) {
    worst = std::max(worst, Check(c));
  }
  RecordProperty("largest_relative_error", std::to_string(worst));
  std::cout << "largest error relative to the largest value: " << worst << "\n";
}

TEST_P(WinogradConvTest, AgreesWithLoopsOnRandomShapes) {
  const unsigned seed = 20240229;
  std::mt19937 random(seed);
  const auto draw = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(random);
  };
  for (int round = 0; round < 40; ++round) {
    Case c = {draw(1, 5),  draw(1, 70), draw(1, 70), draw(1, 12),
              draw(1, 12), draw(0, 2),  draw(0, 2)};
    if (c.h + 2 * c.pad_h < 3) c.pad_h = 1;
    if (c.w + 2 * c.pad_w < 3) c.pad_w = 1;
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", round " << round);
    Check(c);
  }
}

// Filters so large that each thread transforms its own part, and as many tiles as need several
// rounds through the shared memory.
TEST_P(WinogradConvTest, AgreesWithOneDnnOnManyChannels) {
  for (const Case& c : vector<Case>{
           {1, 300, 280, 4, 5, 1, 1}, {5, 160, 176, 21, 22, 1, 1}, {2, 48, 64, 50, 70, 1, 0}}) {
    SCOPED_TRACE(testing::Message() << c);
    Operands got(c), want(c);
    got.RunAll(MakeWinogradConv(ShapeOf(c), GetParam()).get());
    want.RunAll(MakeDnnlConv<float>(ShapeOf(c)).get());
    const auto expect_near = [](const float* a, const float* b, int count, const char* what) {
      EXPECT_LE(Error(vector<double>(a, a + count), b), 1e-4) << what;
    };
    expect_near(want.dst.cpu_data(), got.dst.cpu_data(), got.dst.count(), "output");
    expect_near(want.src.cpu_diff(), got.src.cpu_diff(), got.src.count(), "data gradient");
    expect_near(want.weights.cpu_diff(), got.weights.cpu_diff(), got.weights.count(), "weights");
    expect_near(want.bias.cpu_diff(), got.bias.cpu_diff(), got.bias.count(), "bias");
  }
}

TEST_P(WinogradConvTest, ResultsDoNotDependOnTheNumberOfThreads) {
  const int before = omp_get_max_threads();
  for (const Case& c : vector<Case>{
           {2, 48, 40, 19, 23, 1, 1}, {3, 320, 300, 8, 7, 1, 1}, {1, 16, 16, 4, 4, 1, 1}}) {
    SCOPED_TRACE(testing::Message() << c);
    vector<float> first;
    for (const int threads : {1, 2, 3, 2}) {
      omp_set_num_threads(threads);
      Operands o(c);
      o.RunAll(MakeWinogradConv(ShapeOf(c), GetParam()).get());
      if (first.empty()) first = o.Results();
      EXPECT_EQ(first, o.Results()) << threads << " threads";
    }
  }
  omp_set_num_threads(before);
}

TEST_P(WinogradConvTest, GradientsOfWeightsAddUp) {
  const Case c = {2, 20, 24, 6, 7, 1, 1};
  const auto engine = MakeWinogradConv(ShapeOf(c), GetParam());
  Operands once(c), twice(c);
  once.RunAll(engine.get());
  twice.RunAll(engine.get());
  twice.RunAll(engine.get());
  for (int i = 0; i < once.weights.count(); ++i) {
    const float want = 2 * (once.weights.cpu_diff()[i] - 2) + 2;
    ASSERT_NEAR(twice.weights.cpu_diff()[i], want, 1e-5 * (std::abs(want) + 2)) << i;
  }
}

/// A part's gradients are those of all weights; others stay as they were. A part that is refused
/// changes nothing.
void CheckPart(const Case& c, int lanes, const WeightsPart& part) {
  SCOPED_TRACE(testing::Message() << c << ", axis " << part.axis << ", " << part.kept.size()
                                  << " channels");
  const auto engine = MakeWinogradConv(ShapeOf(c), lanes);
  Operands all(c), some(c);
  all.RunAll(engine.get());
  const bool pays = winograd::PartPays(ShapeOf(c), part, lanes);
  ASSERT_EQ(engine->BackwardWeightsPart(part, some.src.data().get(), some.dst.diff().get(),
                                        some.weights.diff().get(), some.bias.diff().get()),
            pays);
  for (int i = 0; i < c.out; ++i) {
    ASSERT_EQ(some.bias.cpu_diff()[i], pays ? all.bias.cpu_diff()[i] : 3);
  }
  const float* want = all.weights.cpu_diff();
  const float largest = *std::max_element(want, want + all.weights.count());
  for (int i = 0; i < all.weights.count(); ++i) {
    const int channel = part.axis == 0 ? i / (9 * c.in) : i / 9 % c.in;
    const bool kept = pays && std::binary_search(part.kept.begin(), part.kept.end(), channel);
    ASSERT_NEAR(some.weights.cpu_diff()[i], kept ? want[i] : 2.f, kept ? largest * 1e-5 : 0) << i;
  }
}

TEST_P(WinogradConvTest, GradientsOfAPartOfTheWeights) {
  std::mt19937 random(3);
  for (const Case& c : vector<Case>{{2, 40, 70, 9, 6, 1, 1},
                                    {3, 100, 33, 5, 5, 0, 2},
                                    {1, 17, 24, 1, 7, 1, 1},
                                    {1, 260, 250, 4, 8, 1, 1}}) {
    for (const int axis : {0, 1}) {
      const int channels = axis == 0 ? c.out : c.in;
      EXPECT_TRUE(winograd::PartPays(ShapeOf(c), {axis, {channels - 1}}, GetParam()));
      for (const double rate : {0.03, 0.5, 0.9, 1.0}) {
        vector<int> kept;
        std::bernoulli_distribution keeps(rate);
        for (int channel = 0; channel < channels; ++channel) {
          if (keeps(random)) kept.push_back(channel);
        }
        CheckPart(c, GetParam(), {axis, kept});
      }
      CheckPart(c, GetParam(), {axis, {}});
      CheckPart(c, GetParam(), {axis, {channels - 1}});
    }
  }
}

TEST_P(WinogradConvTest, ExactWhereEverythingIsZero) {
  const Case c = {1, 32, 32, 9, 9, 1, 1};
  const auto engine = MakeWinogradConv(ShapeOf(c), GetParam());
  Operands o(c);
  std::fill_n(o.src.mutable_cpu_data(), o.src.count(), 0.f);
  o.RunAll(engine.get());
  for (int i = 0; i < o.dst.count(); ++i) {
    ASSERT_EQ(o.dst.cpu_data()[i], o.bias.cpu_data()[i / o.dst.count(2) % c.out]);
  }
  for (int i = 0; i < o.weights.count(); ++i) ASSERT_EQ(o.weights.cpu_diff()[i], 2.f);
}

TEST(WinogradChoiceTest, TakesOnlyWhatItCanCompute) {
  const ConvShape possible = ShapeOf({4, 64, 64, 16, 16, 1, 1});
  EXPECT_TRUE(winograd::Possible(possible));
  const auto refuses = [&](auto&& change) {
    ConvShape shape = possible;
    change(&shape);
    return !winograd::Possible(shape) && MakeWinogradConv(shape, 8) == nullptr &&
           MakeFasterWinogradConv(shape) == nullptr;
  };
  EXPECT_TRUE(refuses([](ConvShape* s) {
    s->stride = {2, 1};
    s->out = {8, 16};
  }));
  EXPECT_TRUE(refuses([](ConvShape* s) {
    s->dilation = {1, 2};
    s->pad = {1, 2};
  }));
  EXPECT_TRUE(refuses([](ConvShape* s) {
    s->kernel = {3, 1};
    s->out = {16, 18};
  }));
  EXPECT_TRUE(refuses([](ConvShape* s) { s->group = 2; }));
  EXPECT_TRUE(refuses([](ConvShape* s) {
    s->in = s->out = {16};
    s->kernel = {3};
    s->pad = {1};
    s->stride = s->dilation = {1};
  }));
}

TEST(WinogradChoiceTest, CanBeSwitchedOff) {
  const ConvShape shape = ShapeOf({4, 64, 64, 16, 16, 1, 1});
  const bool possible = MakeFasterWinogradConv(shape) != nullptr;
  SetWinogradEnabled(false);
  EXPECT_FALSE(WinogradEnabled());
  EXPECT_EQ(MakeFasterWinogradConv(shape), nullptr);
  SetWinogradEnabled(true);
  EXPECT_EQ(MakeFasterWinogradConv(shape) != nullptr, possible);
}

// One pass of each method in turn: each finds the other's images in its own layout.
TEST(WinogradChoiceTest, PassesImagesToOneDnnWithoutReordering) {
  const Case c = {2, 64, 64, 16, 16, 1, 1};
  const auto winograd = MakeFasterWinogradConv(ShapeOf(c, false));
  if (winograd == nullptr) GTEST_SKIP() << "oneDNN's layout here is not one of Winograd's";
  const auto direct = MakeDnnlConv<float>(ShapeOf(c, false));
  Operands o(c);
  Blob<float> top(c.num, c.out, c.h, c.w);
  const auto round = [&] {
    winograd->Forward(o.src.data().get(), o.weights.data().get(), nullptr, o.dst.data().get());
    direct->Forward(o.dst.data().get(), o.weights.data().get(), nullptr, top.data().get());
    winograd->Forward(top.data().get(), o.weights.data().get(), nullptr, o.dst.data().get());
  };
  round();
  const uint64_t conversions = SyncedMemory::conversions();
  round();
  EXPECT_EQ(SyncedMemory::conversions(), conversions);
}

}  // namespace
}  // namespace caffe
