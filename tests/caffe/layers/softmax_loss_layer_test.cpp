#include "caffe/layers/softmax_loss_layer.hpp"

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

/// Scores of 2 x 3 x 4 x 4 with 10 of the 32 labels ignored.
template <typename TypeParam>
class SoftmaxWithLossLayerTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;
  SoftmaxWithLossLayerTest()
      : scores_(this->Random({2, 3, 4, 4})), labels_(this->Empty()), loss_(this->Empty()) {
    labels_->Reshape(vector<int>{2, 1, 4, 4});
    for (int i = 0; i < 32; ++i) labels_->mutable_cpu_data()[i] = i < 10 ? 255 : i % 3;
  }

  double SumOfLosses() const {
    double total = 0;
    for (int i = 0; i < 32; ++i) {
      const int label = static_cast<int>(labels_->cpu_data()[i]);
      if (label == 255) continue;
      const Dtype* x = scores_->cpu_data() + i / 16 * 48 + i % 16;
      const double sum = std::exp(x[0]) + std::exp(x[16]) + std::exp(x[32]);
      total -= std::log(std::exp(x[label * 16]) / sum);
    }
    return total;
  }
  static string Text(const string& loss_param) {
    return "type: 'SoftmaxWithLoss' loss_param { ignore_label: 255 " + loss_param + " }";
  }

  Blob<Dtype>* scores_;
  Blob<Dtype>* labels_;
  Blob<Dtype>* loss_;
};
TYPED_TEST_SUITE(SoftmaxWithLossLayerTest, TestDtypesAndDevices);

TYPED_TEST(SoftmaxWithLossLayerTest, LossIsDividedAsTheNormalizationSays) {
  const double sum = this->SumOfLosses();
  const std::pair<const char*, double> cases[] = {{"", 22},
                                                  {"normalization: VALID", 22},
                                                  {"normalization: FULL", 32},
                                                  {"normalization: BATCH_SIZE", 2},
                                                  {"normalization: NONE", 1},
                                                  {"normalize: true", 22},
                                                  {"normalize: false", 2},
                                                  {"normalize: false normalization: FULL", 32}};
  for (const auto& [param, normalizer] : cases) {
    this->Run(this->Text(param), {this->scores_, this->labels_}, {this->loss_});
    ASSERT_EQ(this->loss_->num_axes(), 0);
    EXPECT_NEAR(this->loss_->cpu_data()[0], sum / normalizer, 1e-4 * sum / normalizer) << param;
  }
}

TYPED_TEST(SoftmaxWithLossLayerTest, AllIgnoredMeansNoLossAndNoGradient) {
  typedef typename TypeParam::Dtype Dtype;
  caffe_set(32, Dtype(255), this->labels_->mutable_cpu_data());
  const auto layer = this->Run(this->Text(""), {this->scores_, this->labels_}, {this->loss_});
  EXPECT_EQ(this->loss_->cpu_data()[0], 0);
  this->FillDiff(this->scores_);
  layer->Backward({this->loss_}, {true, false}, {this->scores_, this->labels_});
  EXPECT_EQ(this->scores_->asum_diff(), 0);
}

TYPED_TEST(SoftmaxWithLossLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* param : {"", "normalization: FULL", "normalization: NONE"}) {
    const auto layer = this->Make(this->Text(param));
    GradientChecker<Dtype> checker(1e-2, 1e-3);
    checker.CheckGradientExhaustive(layer.get(), {this->scores_, this->labels_}, {this->loss_}, 0);
  }
}

TYPED_TEST(SoftmaxWithLossLayerTest, GradientOfRowsAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  const auto layer = this->Make("type: 'SoftmaxWithLoss'");
  GradientChecker<Dtype> checker(1e-2, 1e-3);
  checker.CheckGradientExhaustive(
      layer.get(), {this->Random({4, 5}), this->Values({4}, {0, 4, 2, 2})}, {this->loss_}, 0);
}

TYPED_TEST(SoftmaxWithLossLayerTest, LossWeightScalesTheGradient) {
  const string text = "type: 'SoftmaxWithLoss' loss_weight: ";
  auto* x = this->Values({1, 2}, {0, 0});
  auto* label = this->Values({1}, {1});
  const auto layer = this->Run(text + "3", {x, label}, {this->loss_});
  EXPECT_NEAR(layer->Forward({x, label}, {this->loss_}), 3 * std::log(2.0), 1e-5);
  layer->Backward({this->loss_}, {true, false}, {x, label});
  EXPECT_NEAR(x->cpu_diff()[0], 1.5, 1e-6);
  EXPECT_NEAR(x->cpu_diff()[1], -1.5, 1e-6);
}

TYPED_TEST(SoftmaxWithLossLayerTest, ImpossibleLabelHasTheLargestLoss) {
  auto* x = this->Values({1, 2}, {0, 20000});
  this->Run("type: 'SoftmaxWithLoss'", {x, this->Values({1}, {0})}, {this->loss_});
  EXPECT_NEAR(this->loss_->cpu_data()[0], 87.3365, 1e-3);
}

TYPED_TEST(SoftmaxWithLossLayerTest, SecondTopHasTheProbabilities) {
  auto* x = this->Values({1, 2}, {0, std::log(3.0)});
  auto* label = this->Values({1}, {1});
  for (const char* weights : {"", "loss_weight: 1", "loss_weight: 1 loss_weight: 0"}) {
    auto* probabilities = this->Empty();
    this->Run(string("type: 'SoftmaxWithLoss' ") + weights, {x, label},
              {this->loss_, probabilities});
    this->ExpectValues(*probabilities, {0.25, 0.75});
    EXPECT_NEAR(this->loss_->cpu_data()[0], -std::log(0.75), 1e-5);
  }
  EXPECT_NE(this->ErrorOfRun("type: 'SoftmaxWithLoss' loss_weight: 1 loss_weight: 2", {x, label},
                             {this->loss_, this->Empty()})
                .find("only 0 makes sense"),
            string::npos);
}

TYPED_TEST(SoftmaxWithLossLayerTest, LabelOutOfRange) {
  for (const double bad : {-1., 3., 1e10, double(NAN)}) {
    this->labels_->mutable_cpu_data()[20] = bad;
    const string error =
        this->ErrorOfRun(this->Text(""), {this->scores_, this->labels_}, {this->loss_});
    if (TypeParam::device == Caffe::CPU) {
      EXPECT_NE(error.find("at index 20 of bottom 1 is not among the 3 classes"), string::npos)
          << error;
    } else {
      EXPECT_TRUE(error.empty()) << error;
      if (bad == 3) EXPECT_TRUE(std::isnan(this->loss_->cpu_data()[0]));
    }
  }
  if (TypeParam::device == Caffe::CPU) {
    this->labels_->mutable_cpu_data()[20] = 7;
    EXPECT_NE(this->ErrorOfRun(this->Text(""), {this->scores_, this->labels_}, {this->loss_})
                  .find("label 7 at"),
              string::npos);
  }
}

TYPED_TEST(SoftmaxWithLossLayerTest, Errors) {
  const auto layer = this->Run(this->Text(""), {this->scores_, this->labels_}, {this->loss_});
  EXPECT_NE(ErrorOf([&] {
              layer->Backward({this->loss_}, {true, true}, {this->scores_, this->labels_});
            }).find("labels have no gradient"),
            string::npos);
  EXPECT_FALSE(layer->AllowForceBackward(1));
  EXPECT_TRUE(layer->AllowForceBackward(0));
  EXPECT_NE(this->ErrorOfRun("type: 'SoftmaxWithLoss'", {this->scores_, this->Random({2, 4})},
                             {this->loss_})
                .find("need 32 labels, but bottom 1 is 2x4"),
            string::npos);
  EXPECT_NE(this->ErrorOfRun("type: 'SoftmaxWithLoss'", {this->scores_, this->Random({32})},
                             {this->loss_})
                .find("axis 0"),
            string::npos);
}

}  // namespace caffe
