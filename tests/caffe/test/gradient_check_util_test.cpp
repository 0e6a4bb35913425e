#include "caffe/test/test_gradient_check_util.hpp"

#include <gtest/gtest-spi.h>

#include "caffe/layers/neuron_layer.hpp"
#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

/// y = |x|, whose gradient is wrong by the factor that it is given.
template <typename Dtype>
class WrongAbsLayer : public NeuronLayer<Dtype> {
 public:
  explicit WrongAbsLayer(Dtype factor) : NeuronLayer<Dtype>(LayerParameter()), factor_(factor) {}

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override {
    for (int i = 0; i < bottom[0]->count(); ++i) {
      top[0]->mutable_cpu_data()[i] = std::abs(bottom[0]->cpu_data()[i]);
    }
  }
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override {
    for (int i = 0; i < bottom[0]->count(); ++i) {
      bottom[0]->mutable_cpu_diff()[i] =
          factor_ * top[0]->cpu_diff()[i] * (bottom[0]->cpu_data()[i] > 0 ? 1 : -1);
    }
  }

 private:
  Dtype factor_;
};

class GradientCheckerTest : public LayerTest<CPUDevice<double>> {
 protected:
  /// Failures of the three checks of a layer.
  static int Failures(double factor, double kink_range, Blob<double>* x, Blob<double>* y) {
    ::testing::TestPartResultArray failures;
    {
      ::testing::ScopedFakeTestPartResultReporter reporter(
          ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
      WrongAbsLayer<double> layer(factor);
      GradientChecker<double> checker(1e-3, 1e-4, 1701, 0., kink_range);
      checker.CheckGradient(&layer, {x}, {y});
      checker.CheckGradientExhaustive(&layer, {x}, {y});
      checker.CheckGradientEltwise(&layer, {x}, {y});
    }
    return failures.size();
  }
};

TEST_F(GradientCheckerTest, FindsWrongGradientsAndNoneInRightOnes) {
  auto* x = Values({3}, {1, -2, 3});
  auto* y = Empty();
  EXPECT_EQ(Failures(1, -1, x, y), 0);
  // One each from the sum of squares, the diagonal of 3 x 3, and the diagonal.
  EXPECT_EQ(Failures(1.01, -1, x, y), 9);
  ExpectValues(*x, {1, -2, 3}, 0);
}

TEST_F(GradientCheckerTest, LeavesOutTheKink) {
  auto* x = Values({2}, {1, 0});
  auto* y = Empty();
  EXPECT_GT(Failures(1, -1, x, y), 0);
  EXPECT_EQ(Failures(1, 0.01, x, y), 0);
}

TEST_F(GradientCheckerTest, ChecksTheLayersOfANet) {
  NetParameter param;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "force_backward: true "
      "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } } "
      "layer { name: 's' type: 'Scale' bottom: 'x' top: 's' "
      "        scale_param { filler { type: 'gaussian' } } } "
      "layer { name: 'f' type: 'Softmax' bottom: 's' top: 'f' loss_weight: 1 }",
      &param));
  Net<double> net(param);
  GradientChecker<double> checker(1e-3, 1e-4);
  checker.CheckGradientNet(net, {Random({2, 3})});
}

}  // namespace caffe
