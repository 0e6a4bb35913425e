#ifndef CAFFE_TESTS_RANDOM_LAYER_TEST_HPP_
#define CAFFE_TESTS_RANDOM_LAYER_TEST_HPP_

#include <cmath>
#include <string>
#include <vector>

#include "caffe/util/random_draws.hpp"
#include "caffe/util/rng.hpp"
#include "tests/caffe/layers/layer_test.hpp"
#include "tests/statistics.hpp"

namespace caffe {

/// Tests of layers that draw random numbers while training.
template <typename TypeParam>
class RandomLayerTest : public LayerTest<TypeParam> {
 public:
  typedef typename TypeParam::Dtype Dtype;
  using typename LayerTest<TypeParam>::Blobs;

 protected:
  static constexpr uint64_t kSeed = 20241127;

  /// The sequence that the layer's pass number k of Draw and of ForEachDraw reads.
  static PhiloxEngine Sequence(int k) {
    PhiloxEngine engine;
    engine.Rekey(RandomKey(kSeed, RandomPurpose::kForward), k);
    return engine;
  }
  static void Draw(Layer<Dtype>* layer, const Blobs& bottom, const Blobs& top, int k) {
    const RandomScope scope(RandomKey(kSeed, RandomPurpose::kForward), k);
    layer->Forward(bottom, top);
  }
  /// Runs forward passes of different iterations and calls visit() after each.
  template <typename Visit>
  static void ForEachDraw(int passes, Layer<Dtype>* layer, const Blobs& bottom, const Blobs& top,
                          const Visit& visit) {
    for (int k = 0; k < passes; ++k) {
      Draw(layer, bottom, top, k);
      visit();
    }
  }

  Blob<Dtype>* Ones(const vector<int>& shape) {
    Blob<Dtype>* blob = this->Empty();
    blob->Reshape(shape);
    caffe_set(blob->count(), Dtype(1), blob->mutable_cpu_data());
    return blob;
  }

  /// Top and gradient are the bottom's and the top's, to the last bit.
  void ExpectIsIdentity(const string& text, Blob<Dtype>* x) {
    Blob<Dtype>* y = this->Empty();
    const auto layer = this->Run(text, {x}, {y});
    ASSERT_EQ(y->shape(), x->shape());
    this->FillDiff(y);
    layer->Backward({y}, {true}, {x});
    for (int i = 0; i < x->count(); ++i) {
      ASSERT_EQ(y->cpu_data()[i], x->cpu_data()[i]) << text;
      ASSERT_EQ(x->cpu_diff()[i], y->cpu_diff()[i]) << text;
    }
  }

  /// A layer's gradient with the draws held fast, of half the sum of squares of its top.
  void ExpectGradient(const string& text, const Blobs& bottom) {
    SCOPED_TRACE(text);
    const auto layer = this->Make(text);
    GradientChecker<Dtype> checker(1e-2, 2e-3);
    checker.CheckGradient(layer.get(), bottom, {this->Empty()});
  }

  void ExpectError(const string& text, const Blobs& bottom, const string& message) {
    const string error = this->ErrorOfRun(text, bottom, {this->Empty()});
    EXPECT_NE(error.find(message), string::npos) << text << " gave: " << error;
  }
};

/// Which of `bins` equal parts of [min, max] a value is in.
inline int Bin(double value, double min, double max, int bins) {
  const int bin = static_cast<int>((value - min) / (max - min) * bins);
  return bin < 0 ? 0 : bin >= bins ? bins - 1 : bin;
}

}  // namespace caffe

#endif  // CAFFE_TESTS_RANDOM_LAYER_TEST_HPP_
