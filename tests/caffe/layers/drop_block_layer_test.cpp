#include "caffe/layers/drop_block_layer.hpp"

#include <algorithm>

#include "tests/caffe/layers/random_layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class DropBlockLayerTest : public RandomLayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  static string Text(const string& fields, const string& phase = "TRAIN") {
    return "type: 'DropBlock' phase: " + phase + " drop_block_param { " + fields + " }";
  }

  /// What is kept, written as the authors do: centres are drawn where a whole block fits, and a
  /// position is dropped if a centre is in the window of the block's size around it.
  static vector<bool> Kept(const vector<int>& shape, int block_size, double keep,
                           PhiloxEngine sequence) {
    const int height = shape[2], width = shape[3];
    const int bh = std::min(block_size, height), bw = std::min(block_size, width);
    const double places = double(height - bh + 1) * (width - bw + 1);
    const double gamma = (1 - keep) * height * width / (double(bh) * bw) / places;
    const int maps = shape[0] * shape[1];
    const uint64_t first = sequence.Reserve(uint64_t(maps * places));
    uint64_t draw = first;
    vector<bool> kept(size_t(maps) * height * width, true);
    for (int m = 0; m < maps; ++m) {
      vector<bool> centre(height * width, false);
      for (int h = bh / 2; h < height - (bh - 1) / 2; ++h) {
        for (int w = bw / 2; w < width - (bw - 1) / 2; ++w) {
          centre[h * width + w] = sequence.philox().u32(draw++) < BernoulliBound(gamma);
        }
      }
      for (int i = 0; i < height * width; ++i) {
        for (int h = 0; h < height; ++h) {
          for (int w = 0; w < width; ++w) {
            const int dh = h - i / width, dw = w - i % width;
            const bool near =
                dh >= -((bh - 1) / 2) && dh <= bh / 2 && dw >= -((bw - 1) / 2) && dw <= bw / 2;
            if (near && centre[h * width + w]) kept[m * height * width + i] = false;
          }
        }
      }
    }
    EXPECT_EQ(draw - first, uint64_t(maps * places));
    return kept;
  }

  double KeepAt(const string& fields, const TrainingPosition& position) {
    auto *x = this->Ones({1, 1, 2, 2}), *y = this->Empty();
    const auto layer = this->Make(Text(fields));
    layer->SetUp({x}, {y});
    layer->set_training_position(position);
    return dynamic_cast<DropBlockLayer<Dtype>&>(*layer).keep();
  }
};
TYPED_TEST_SUITE(DropBlockLayerTest, TestDtypesAndDevices);

TYPED_TEST(DropBlockLayerTest, AgreesWithTheAuthorsForm) {
  const struct {
    vector<int> shape;
    int block;
    double keep;
  } cases[] = {{{2, 3, 8, 8}, 3, 0.75}, {{2, 3, 8, 8}, 4, 0.75}, {{3, 2, 4, 4}, 7, 0.75},
               {{2, 2, 5, 9}, 3, 0.5},  {{1, 2, 9, 4}, 6, 0.5},  {{2, 5, 7, 6}, 1, 0.5},
               {{4, 8, 1, 1}, 2, 0.25}};
  for (const auto& c : cases) {
    SCOPED_TRACE(ShapeText(c.shape) + ", block " + std::to_string(c.block));
    auto *x = this->Random(c.shape), *y = this->Empty();
    const auto layer = this->Make(
        this->Text("keep: " + std::to_string(c.keep) + " block_size: " + std::to_string(c.block)));
    layer->SetUp({x}, {y});
    for (int k = 0; k < 3; ++k) {
      this->Draw(layer.get(), {x}, {y}, k);
      this->FillDiff(y);
      layer->Backward({y}, {true}, {x});
      const vector<bool> kept = this->Kept(c.shape, c.block, c.keep, this->Sequence(k));
      const double number = double(std::count(kept.begin(), kept.end(), true));
      const double scale = number == 0 ? 0 : x->count() / number;
      for (int i = 0; i < x->count(); ++i) {
        const double factor = kept[i] ? scale : 0;
        const double tolerance = 1e-5 * std::max(1.0, scale);
        ASSERT_NEAR(y->cpu_data()[i], x->cpu_data()[i] * factor, tolerance) << i;
        ASSERT_NEAR(x->cpu_diff()[i], y->cpu_diff()[i] * factor, tolerance) << i;
      }
    }
  }
}

// Of 5 x 5 places of a 3 x 3 block, the corner is in one, the middle in nine.
TYPED_TEST(DropBlockLayerTest, PositionsAreDroppedAsOftenAsBlocksCoverThem) {
  auto *x = this->Ones({4, 4, 7, 7}), *y = this->Empty();
  const auto layer = this->Make(this->Text("keep: 0.8 block_size: 3"));
  layer->SetUp({x}, {y});
  const double gamma = 0.2 * 49 / (9 * 25);
  constexpr int kPasses = 400;
  vector<double> corner(16, 0), middle(16, 0), both(4, 0);
  this->ForEachDraw(kPasses, layer.get(), {x}, {y}, [&] {
    for (int m = 0; m < 16; ++m) {
      const bool first = y->cpu_data()[49 * m] == 0, last = y->cpu_data()[49 * m + 48] == 0;
      corner[m] += first;
      middle[m] += y->cpu_data()[49 * m + 24] == 0;
      ++both[first + 2 * last];
    }
  });
  ExpectRates(corner, gamma, kPasses, "corner");
  ExpectRates(middle, 1 - std::pow(1 - gamma, 9), kPasses, "middle");
  const double kept = 1 - gamma;
  ExpectOutcomes(both, {kept * kept, gamma * kept, gamma * kept, gamma * gamma}, "two corners");
}

TYPED_TEST(DropBlockLayerTest, KeepsTheMeanOfTheBatch) {
  auto *x = this->Ones({4, 8, 6, 6}), *y = this->Empty();
  const auto layer = this->Make(this->Text("keep: 0.9 block_size: 3"));
  layer->SetUp({x}, {y});
  constexpr int kPasses = 100;
  double zeros = 0;
  this->ForEachDraw(kPasses, layer.get(), {x}, {y}, [&] {
    double sum = 0;
    for (int i = 0; i < y->count(); ++i) {
      sum += y->cpu_data()[i];
      zeros += y->cpu_data()[i] == 0;
    }
    EXPECT_NEAR(sum / y->count(), 1, 1e-4);
  });
  // gamma's formula neglects that blocks overlap, so a little less than 1 - keep is dropped.
  EXPECT_NEAR(zeros / (double(kPasses) * y->count()), 0.1, 0.01);
}

// Positions are alike only in the mean over the places that cover them, and the scale is that of
// the whole batch, so what is promised is the mean over the positions of the expectation.
TYPED_TEST(DropBlockLayerTest, ExpectationOfSingleDrawsIsTheInput) {
  auto *x = this->Random({8, 4, 3, 3}), *y = this->Empty();
  const auto layer = this->Make(this->Text("keep: 0.8 block_size: 1"));
  layer->SetUp({x}, {y});
  constexpr int kPasses = 1500;
  vector<double> mean(x->count(), 0);
  this->ForEachDraw(kPasses, layer.get(), {x}, {y}, [&] {
    for (int i = 0; i < y->count(); ++i) mean[i] += y->cpu_data()[i] / kPasses;
  });
  for (int i = 0; i < x->count(); ++i) {
    const double value = x->cpu_data()[i];
    const double deviation = std::abs(value) * std::sqrt(0.2 / 0.8 / kPasses);
    EXPECT_NEAR(mean[i], value, 5 * deviation + 1e-6);
  }
}

TYPED_TEST(DropBlockLayerTest, ABatchWithoutAnythingKeptIsZero) {
  auto *x = this->Ones({1, 1, 2, 2}), *y = this->Empty();
  const auto layer = this->Make(this->Text("keep: 0.01 block_size: 2"));
  layer->SetUp({x}, {y});
  int zeros = 0;
  this->ForEachDraw(20, layer.get(), {x}, {y}, [&] {
    ASSERT_TRUE(y->cpu_data()[0] == 0 || y->cpu_data()[0] == 1);
    zeros += y->cpu_data()[0] == 0;
  });
  EXPECT_GT(zeros, 15);
}

TYPED_TEST(DropBlockLayerTest, KeepFallsOverTheTraining) {
  EXPECT_NEAR(this->KeepAt("keep: 0.6", {}), 0.6, 1e-7);
  EXPECT_EQ(this->KeepAt("keep: 0.6", {0, 50}), 1);
  EXPECT_NEAR(this->KeepAt("keep: 0.6", {25, 50}), 0.8, 1e-7);
  EXPECT_NEAR(this->KeepAt("keep: 0.6", {50, 50}), 0.6, 1e-7);
  EXPECT_NEAR(this->KeepAt("keep: 0.6 scheduled: false", {0, 50}), 0.6, 1e-7);
  EXPECT_NEAR(this->KeepAt("keep: 0.6 end_iter: 10", {5, 50}), 0.8, 1e-7);
  auto *x = this->Random({2, 2, 4, 4}), *y = this->Empty();
  const auto layer = this->Make(this->Text("keep: 0.3 block_size: 2"));
  layer->SetUp({x}, {y});
  layer->set_training_position({0, 50});
  layer->Forward({x}, {y});
  for (int i = 0; i < x->count(); ++i) ASSERT_EQ(x->cpu_data()[i], y->cpu_data()[i]);
}

TYPED_TEST(DropBlockLayerTest, IsThePlainNetAtTestTimeAndWithoutDrops) {
  this->ExpectIsIdentity(this->Text("keep: 0.5", "TEST"), this->Random({2, 3, 4, 4}));
  this->ExpectIsIdentity(this->Text("keep: 1"), this->Random({2, 3, 4, 4}));
}

TYPED_TEST(DropBlockLayerTest, GradientAgreesWithDifferences) {
  this->ExpectGradient(this->Text("keep: 0.6 block_size: 2"), {this->Random({2, 2, 4, 3})});
  this->ExpectGradient(this->Text("", "TEST"), {this->Random({2, 2, 3, 3})});
}

TYPED_TEST(DropBlockLayerTest, WorksInPlace) {
  auto* x = this->Random({2, 3, 5, 5});
  this->ExpectWorksInPlace(this->Text("keep: 0.6 block_size: 3"), *x);
  this->ExpectWorksInPlace(this->Text("", "TEST"), *x);
}

TYPED_TEST(DropBlockLayerTest, NamesMistakes) {
  this->ExpectError(this->Text("keep: 0"), {this->Random({1, 1, 2, 2})}, "keep is 0");
  this->ExpectError(this->Text("block_size: 0"), {this->Random({1, 1, 2, 2})}, "block_size is 0");
  this->ExpectError(this->Text(""), {this->Random({1, 2, 2})}, "blocks need 4 axes");
  this->ExpectError(this->Text("start_iter: 9 end_iter: 3"), {this->Random({1, 1, 2, 2})},
                    "end_iter is 3");
}

}  // namespace caffe
