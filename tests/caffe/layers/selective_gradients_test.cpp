// Weight gradients of some channels only: those are the ones of the whole gradient, and all other
// results stay the same.

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "caffe/layers/inner_product_layer.hpp"
#include "caffe/native/winograd_conv.hpp"
#include "caffe/wanted_gradient.hpp"
#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {
namespace {

template <typename TypeParam>
class SelectiveGradientsTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;
  static constexpr bool kOnCpu = TypeParam::device == Caffe::CPU;

  /// Gradients that a backward pass leaves: weights, bias, bottom.
  struct Results {
    vector<Dtype> weights, bias, bottom;
  };

  struct Setup {
    shared_ptr<Layer<Dtype>> layer;
    Blob<Dtype>*bottom, *top;
  };

  Setup MakeLayer(const string& text, const vector<int>& shape) {
    Setup setup{nullptr, this->Random(shape), this->Empty()};
    setup.layer = this->Run(text, {setup.bottom}, {setup.top});
    // Random, so that wrongly paired channels show.
    std::mt19937 random(5);
    std::normal_distribution<Dtype> normal;
    std::generate_n(setup.top->mutable_cpu_diff(), setup.top->count(),
                    [&] { return normal(random); });
    return setup;
  }

  static vector<Dtype> Values(const Blob<Dtype>& blob) {
    return {blob.cpu_diff(), blob.cpu_diff() + blob.count()};
  }

  /// A backward pass that adds to diffs of 1.
  static Results Backward(const Setup& setup, const WantedGradient* wanted) {
    auto* selective = dynamic_cast<SelectiveGradients*>(setup.layer.get());
    EXPECT_NE(selective, nullptr);
    selective->set_wanted_gradient(0, wanted ? std::make_shared<WantedGradient>(*wanted) : nullptr);
    for (const auto& blob : setup.layer->blobs()) {
      caffe_set(blob->count(), Dtype(1), blob->mutable_cpu_diff());
    }
    setup.layer->Backward({setup.top}, {true}, {setup.bottom});
    Results results{Values(*setup.layer->blobs()[0]), {}, Values(*setup.bottom)};
    if (setup.layer->blobs().size() > 1) results.bias = Values(*setup.layer->blobs()[1]);
    return results;
  }

  static void ExpectClose(const vector<Dtype>& found, const vector<Dtype>& wanted,
                          const string& what) {
    ASSERT_EQ(found.size(), wanted.size());
    Dtype largest = 1;
    for (const Dtype value : wanted) largest = std::max(largest, std::abs(value));
    for (size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_NEAR(found[i], wanted[i], largest * (sizeof(Dtype) == 8 ? 1e-12 : 1e-5))
          << what << ", element " << i;
    }
  }

  /// @param left_out  whether the layer leaves the other channels out on the CPU
  void Check(const string& text, const vector<int>& shape, const WantedGradient& wanted,
             bool left_out) {
    SCOPED_TRACE(text + ", " + std::to_string(wanted.kept.size()) + " of " +
                 std::to_string(wanted.channels) + " channels");
    const Setup setup = MakeLayer(text, shape);
    const Results whole = Backward(setup, nullptr);
    Results part = Backward(setup, &wanted);
    ExpectClose(part.bottom, whole.bottom, "bottom");
    ExpectClose(part.bias, whole.bias, "bias");
    int64_t untouched = 0;
    vector<Dtype> expected = whole.weights;
    for (size_t i = 0; i < expected.size(); ++i) {
      const int channel = static_cast<int>(i / wanted.inner % wanted.channels);
      if (std::binary_search(wanted.kept.begin(), wanted.kept.end(), channel)) continue;
      untouched += part.weights[i] == 1;
      expected[i] = part.weights[i] == 1 ? Dtype(1) : expected[i];
    }
    ExpectClose(part.weights, expected, "weights");
    const int64_t others = int64_t(expected.size()) / wanted.channels *
                           (wanted.channels - int64_t(wanted.kept.size()));
    if (kOnCpu) EXPECT_EQ(untouched, left_out ? others : 0);
    // Everything is wanted again.
    ExpectClose(Backward(setup, nullptr).weights, whole.weights, "all weights");
  }

  /// Wants every channel whose number leaves a remainder of less than 4 by 11.
  static WantedGradient Some(int64_t inner, int channels) {
    WantedGradient wanted{inner, channels, {}};
    for (int c = 0; c < channels; ++c) {
      if (c % 11 < 4) wanted.kept.push_back(c);
    }
    return wanted;
  }

  /// Outputs, inputs, nothing, and what is neither.
  void CheckAll(const string& text, const vector<int>& shape, const vector<int>& weights,
                bool outputs_left_out, bool inputs_left_out) {
    int64_t inner = 1;
    for (size_t axis = 2; axis < weights.size(); ++axis) inner *= weights[axis];
    Check(text, shape, Some(weights[1] * inner, weights[0]), outputs_left_out);
    if (weights[1] > 1) Check(text, shape, Some(inner, weights[1]), inputs_left_out);
    Check(text, shape, {1, 1, {}}, true);
    Check(text, shape, Some(weights[1] * inner * weights[0] / 2, 2), false);
  }
};

TYPED_TEST_SUITE(SelectiveGradientsTest, TestDtypesAndDevices);

string Conv(const string& type, const string& param) {
  return "type: '" + type + "' convolution_param { weight_filler { type: 'gaussian' std: 0.1 } " +
         param + " }";
}

TYPED_TEST(SelectiveGradientsTest, PlainConvolution) {
  const string plain = "engine: CAFFE ";
  this->CheckAll(Conv("Convolution", plain + "num_output: 12 kernel_size: 3 pad: 1"), {2, 7, 6, 5},
                 {12, 7, 3, 3}, true, true);
  this->CheckAll(Conv("Convolution", plain + "num_output: 14 kernel_size: 1 bias_term: false"),
                 {3, 13, 4, 4}, {14, 13, 1, 1}, true, true);
  this->CheckAll(Conv("Convolution", plain + "num_output: 12 group: 3 kernel_size: 3 stride: 2"),
                 {2, 24, 7, 6}, {12, 8, 3, 3}, true, true);
  this->CheckAll(Conv("Convolution", plain + "num_output: 12 kernel_size: 2 dilation: 2"),
                 {2, 9, 4, 6, 5}, {12, 9, 2, 2, 2}, true, true);
  this->CheckAll(Conv("Convolution", plain + "num_output: 16 group: 16 kernel_size: 3"),
                 {2, 16, 5, 5}, {16, 1, 3, 3}, true, true);
}

TYPED_TEST(SelectiveGradientsTest, LibrarysConvolution) {
  typedef typename TypeParam::Dtype Dtype;
  // In double precision there is no library; then it is plain.
  const bool is_double = sizeof(Dtype) == 8;
  this->CheckAll(Conv("Convolution", "num_output: 96 kernel_size: 3 stride: 2"), {16, 80, 9, 8},
                 {96, 80, 3, 3}, true, true);
  this->CheckAll(Conv("Convolution", "num_output: 96 kernel_size: 1 bias_term: false"),
                 {4, 320, 7, 7}, {96, 320, 1, 1}, true, true);
  // oneDNN has no blocked kernels for dilated windows below AVX-512.
  if (is_double || __builtin_cpu_supports("avx512f")) {
    this->CheckAll(Conv("Convolution", "num_output: 64 kernel_size: 3 dilation: 2"), {8, 96, 9, 9},
                   {64, 96, 3, 3}, true, true);
  }
  // Too little to save; an input of three channels is not in blocks.
  this->CheckAll(Conv("Convolution", "num_output: 16 kernel_size: 1"), {2, 16, 5, 5},
                 {16, 16, 1, 1}, is_double, is_double);
  this->CheckAll(Conv("Convolution", "num_output: 64 kernel_size: 7 stride: 2"), {6, 3, 20, 20},
                 {64, 3, 7, 7}, true, is_double);
  this->CheckAll(Conv("Convolution", "num_output: 64 group: 2 kernel_size: 3 stride: 2"),
                 {2, 64, 8, 8}, {64, 32, 3, 3}, is_double, is_double);
}

TYPED_TEST(SelectiveGradientsTest, WinogradConvolution) {
  this->CheckAll(Conv("Convolution", "num_output: 64 kernel_size: 3 pad: 1"), {6, 48, 8, 8},
                 {64, 48, 3, 3}, true, true);
  this->CheckAll(Conv("Convolution", "num_output: 70 kernel_size: 3 pad: 1 bias_term: false"),
                 {3, 75, 7, 12}, {70, 75, 3, 3}, true, true);
}

TYPED_TEST(SelectiveGradientsTest, DepthwiseConvolution) {
  this->CheckAll(Conv("DepthwiseConvolution", "kernel_size: 3 pad: 1"), {2, 24, 9, 10},
                 {24, 1, 3, 3}, true, true);
  this->CheckAll(Conv("DepthwiseConvolution", "kernel_size: 5 pad: 2 stride: 2 bias_term: false"),
                 {2, 23, 17, 18}, {23, 1, 5, 5}, true, true);
}

TYPED_TEST(SelectiveGradientsTest, Deconvolution) {
  this->CheckAll(Conv("Deconvolution", "engine: CAFFE num_output: 14 kernel_size: 3 stride: 2"),
                 {2, 13, 5, 4}, {13, 14, 3, 3}, true, true);
  this->CheckAll(Conv("Deconvolution", "num_output: 80 kernel_size: 3 stride: 2"), {8, 64, 7, 6},
                 {64, 80, 3, 3}, true, true);
}

TYPED_TEST(SelectiveGradientsTest, InnerProduct) {
  for (const string& transpose : {string("false"), string("true")}) {
    const bool turned = transpose == "true";
    const string text =
        "type: 'InnerProduct' inner_product_param { num_output: 150 transpose: " + transpose +
        " weight_filler { type: 'gaussian' std: 0.1 } }";
    this->CheckAll(text, {100, 11, 12}, turned ? vector<int>{132, 150} : vector<int>{150, 132},
                   true, true);
  }
  this->CheckAll(
      "type: 'InnerProduct' inner_product_param { num_output: 12 bias_term: false "
      "weight_filler { type: 'gaussian' } }",
      {2, 14}, {12, 14}, false, false);
}

}  // namespace
}  // namespace caffe
