#include "caffe/layers/batch_norm_layer.hpp"

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class BatchNormLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(BatchNormLayerTest, TestDtypesAndDevices);

/// Mean and biased variance of channel c, by two passes.
template <typename Dtype>
std::pair<double, double> Moments(const Blob<Dtype>& x, int c) {
  const int channels = x.shape(1), spatial = x.count(2), m = x.shape(0) * spatial;
  double mean = 0, variance = 0;
  for (int pass = 0; pass < 2; ++pass) {
    for (int n = 0; n < x.shape(0); ++n) {
      for (int s = 0; s < spatial; ++s) {
        const double v = x.cpu_data()[(n * channels + c) * spatial + s];
        if (pass == 0)
          mean += v / m;
        else
          variance += (v - mean) * (v - mean) / m;
      }
    }
  }
  return {mean, variance};
}

TYPED_TEST(BatchNormLayerTest, NormalisesEachChannelOfTheBatch) {
  for (const vector<int>& shape : {vector<int>{3, 2, 4, 5}, {5, 3}, {2, 3, 40}}) {
    auto* x = this->Random(shape);
    auto* y = this->Empty();
    this->Run("type: 'BatchNorm' batch_norm_param { eps: 0.01 }", {x}, {y});
    ASSERT_EQ(y->shape(), shape);
    const int spatial = x->count(2);
    for (int i = 0; i < x->count(); ++i) {
      const auto [mean, variance] = Moments(*x, i / spatial % shape[1]);
      EXPECT_NEAR(y->cpu_data()[i], (x->cpu_data()[i] - mean) / std::sqrt(variance + 0.01), 1e-5);
    }
  }
}

TYPED_TEST(BatchNormLayerTest, RunningSumsHaveTheWorkedValues) {
  const double r = std::sqrt(3.0);
  auto* x = this->Values({4, 1}, {2 - r, 2 + r, 2 - r, 2 + r});
  auto* y = this->Empty();
  const auto layer = this->Run("type: 'BatchNorm'", {x}, {y});
  this->ExpectValues(*layer->blobs()[0], {2});
  this->ExpectValues(*layer->blobs()[1], {4});
  this->ExpectValues(*layer->blobs()[2], {1});
  auto* next = this->Values({4, 1}, {3, 5, 5, 3});
  layer->Forward({next}, {y});
  this->ExpectValues(*layer->blobs()[0], {5.998});
  this->ExpectValues(*layer->blobs()[1], {5.32933});
  this->ExpectValues(*layer->blobs()[2], {1.999});
}

TYPED_TEST(BatchNormLayerTest, TestPhaseUsesStoredStatistics) {
  auto* x = this->Values({2, 2}, {1, 2, 3, 4});
  auto* y = this->Empty();
  const auto layer = this->Make("type: 'BatchNorm' phase: TEST");
  layer->SetUp({x}, {y});
  const double stored[3][2] = {{4, 8}, {2, 18}, {2, 0}};
  for (int i = 0; i < 3; ++i) {
    std::copy_n(stored[i], layer->blobs()[i]->count(), layer->blobs()[i]->mutable_cpu_data());
  }
  layer->Forward({x}, {y});
  this->ExpectValues(*y, {-1, -2. / 3, 1, 0}, 1e-4);
  this->ExpectValues(*layer->blobs()[0], {4, 8});
}

TYPED_TEST(BatchNormLayerTest, WithoutStoredStatisticsDividesByRootOfEps) {
  auto* x = this->Values({1, 1}, {3});
  auto* y = this->Empty();
  this->Run("type: 'BatchNorm' batch_norm_param { use_global_stats: true eps: 0.25 }", {x}, {y});
  this->ExpectValues(*y, {6});
}

TYPED_TEST(BatchNormLayerTest, LargeMeanDoesNotCancelTheVariance) {
  typedef typename TypeParam::Dtype Dtype;
  auto* x = this->Random({8, 2, 9});
  for (int i = 0; i < x->count(); ++i) x->mutable_cpu_data()[i] += Dtype(10000);
  auto* y = this->Empty();
  const auto layer = this->Run("type: 'BatchNorm'", {x}, {y});
  const double m = 72;
  for (int c = 0; c < 2; ++c) {
    const double wanted = Moments(*x, c).second * m / (m - 1);
    EXPECT_NEAR(layer->blobs()[1]->cpu_data()[c], wanted, 1e-5 * wanted);
  }
}

TYPED_TEST(BatchNormLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  // Stored statistics of zero have no influence on the top, as the checker wants it of blobs
  // without gradients.
  for (const char* param : {"eps: 0.1", "use_global_stats: true eps: 1"}) {
    const auto layer = this->Make(string("type: 'BatchNorm' batch_norm_param { ") + param + " }");
    GradientChecker<Dtype> checker(1e-2, 2e-3);
    checker.CheckGradientExhaustive(layer.get(), {this->Random({3, 2, 2, 2})}, {this->Empty()});
  }
}

TYPED_TEST(BatchNormLayerTest, WorksInPlace) {
  auto* x = this->Random({3, 2, 4, 5});
  this->ExpectWorksInPlace("type: 'BatchNorm'", *x);
  this->ExpectWorksInPlace("type: 'BatchNorm' batch_norm_param { use_global_stats: true }", *x);
}

TYPED_TEST(BatchNormLayerTest, ChainInPlaceHasTheGradientOfTheChain) {
  typedef typename TypeParam::Dtype Dtype;
  const vector<string> chain = {
      "type: 'BatchNorm'",
      "type: 'Scale' scale_param { bias_term: true filler { value: -1.5 } "
      "bias_filler { value: 0.25 } }",
      "type: 'ReLU'"};
  auto* x = this->Random({3, 2, 4, 5});
  auto* both = this->Copy(*x);
  vector<Blob<Dtype>*> blobs{x};
  vector<shared_ptr<Layer<Dtype>>> apart, in_place;
  for (const string& text : chain) {
    auto* top = this->Empty();
    apart.push_back(this->Run(text, {blobs.back()}, {top}));
    blobs.push_back(top);
    in_place.push_back(this->Run(text, {both}, {both}));
  }
  this->ExpectNear(both->cpu_data(), *both, blobs.back()->cpu_data(), "top");
  this->FillDiff(blobs.back());
  this->FillDiff(both);
  for (int i = 2; i >= 0; --i) {
    apart[i]->Backward({blobs[i + 1]}, {true}, {blobs[i]});
    in_place[i]->Backward({both}, {true}, {both});
  }
  this->ExpectNear(both->cpu_diff(), *both, x->cpu_diff(), "bottom gradient");
  for (int i = 0; i < 2; ++i) {
    const Blob<Dtype>& wanted = *apart[1]->blobs()[i];
    this->ExpectNear(in_place[1]->blobs()[i]->cpu_diff(), wanted, wanted.cpu_diff(), "scale");
  }
}

TYPED_TEST(BatchNormLayerTest, StatisticsAreMarkedAsNotLearned) {
  const auto layer = this->Run("type: 'BatchNorm'", {this->Random({2, 3})}, {this->Empty()});
  ASSERT_EQ(layer->layer_param().param_size(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(layer->layer_param().param(i).lr_mult(), 0);
}

TYPED_TEST(BatchNormLayerTest, Errors) {
  auto* y = this->Empty();
  EXPECT_NE(this->ErrorOfRun("type: 'BatchNorm' param { lr_mult: 0 } param { lr_mult: 0.5 }",
                             {this->Random({2, 3})}, {y})
                .find("param 1 has lr_mult 0.5"),
            string::npos);
  EXPECT_NE(this->ErrorOfRun("type: 'BatchNorm'", {this->Random({4})}, {y}).find("1 axes"),
            string::npos);
  const auto layer = this->Run("type: 'BatchNorm'", {this->Random({2, 3})}, {y});
  auto* wider = this->Random({2, 5});
  EXPECT_NE(ErrorOf([&] { layer->Forward({wider}, {y}); }).find("3 channels"), string::npos);
}

}  // namespace caffe
