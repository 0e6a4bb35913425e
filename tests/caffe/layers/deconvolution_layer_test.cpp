#include "caffe/layers/deconv_layer.hpp"

#include <limits>
#include <string>
#include <vector>

#include "tests/caffe/layers/conv_reference.hpp"
#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

/// The reference is the convolution whose gradient the layer computes: its output is the layer's
/// bottom, its input the layer's top.
struct DeconvCase {
  const char* param;
  vector<int> bottom;
  vector<int> top;
  ReferenceConv reference;
};

const vector<DeconvCase>& DeconvCases() {
  static const vector<DeconvCase> cases = {
      {"num_output: 4 kernel_size: 4 stride: 2 pad: 1",
       {2, 3, 4, 4},
       {2, 4, 8, 8},
       {2, 4, 3, 1, {8, 8}, {4, 4}, {2, 2}, {1, 1}, {1, 1}}},
      {"num_output: 16 kernel_size: 3 stride: 2",
       {2, 32, 5, 6},
       {2, 16, 11, 13},
       {2, 16, 32, 1, {11, 13}, {3, 3}, {2, 2}, {0, 0}, {1, 1}}},
      {"num_output: 6 kernel_size: 3 group: 3 bias_term: false",
       {2, 9, 5, 4},
       {2, 6, 7, 6},
       {2, 6, 9, 3, {7, 6}, {3, 3}, {1, 1}, {0, 0}, {1, 1}}},
      {"num_output: 6 kernel_size: 4 stride: 2 pad: 1 group: 6",
       {2, 6, 9, 8},
       {2, 6, 18, 16},
       {2, 6, 6, 6, {18, 16}, {4, 4}, {2, 2}, {1, 1}, {1, 1}}},
      {"num_output: 3 kernel_size: 3 dilation: 2 pad: 2 stride: 2",
       {1, 2, 5, 4},
       {1, 3, 9, 7},
       {1, 3, 2, 1, {9, 7}, {3, 3}, {2, 2}, {2, 2}, {2, 2}}},
      {"num_output: 5 kernel_size: 1",
       {3, 4, 3, 5},
       {3, 5, 3, 5},
       {3, 5, 4, 1, {3, 5}, {1, 1}, {1, 1}, {0, 0}, {1, 1}}},
      {"num_output: 2 kernel_h: 2 kernel_w: 3 stride_h: 3 stride_w: 2 pad_h: 1 pad_w: 0",
       {2, 2, 3, 4},
       {2, 2, 6, 9},
       {2, 2, 2, 1, {6, 9}, {2, 3}, {3, 2}, {1, 0}, {1, 1}}},
      {"num_output: 4 kernel_size: 3 stride: 2 force_nd_im2col: true",
       {2, 3, 4, 4},
       {2, 4, 9, 9},
       {2, 4, 3, 1, {9, 9}, {3, 3}, {2, 2}, {0, 0}, {1, 1}}},
      {"num_output: 2 kernel_size: 2 stride: 2 group: 2",
       {1, 4, 2, 3, 2},
       {1, 2, 4, 6, 4},
       {1, 2, 4, 2, {4, 6, 4}, {2, 2, 2}, {2, 2, 2}, {0, 0, 0}, {1, 1, 1}}},
      {"num_output: 4 kernel_size: 3 axis: 2",
       {2, 2, 3, 5},
       {2, 2, 4, 7},
       {4, 4, 3, 1, {7}, {3}, {1}, {0}, {1}}},
  };
  return cases;
}

template <typename TypeParam>
class DeconvolutionLayerTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  DeconvolutionLayerTest() { Caffe::set_random_seed(1701); }

  static string Text(const string& conv) {
    return "name: 'up' type: 'Deconvolution' convolution_param { weight_filler { type: 'gaussian' }"
           " bias_filler { type: 'gaussian' } " +
           conv + " }";
  }
  static double Epsilon(const string& engine) {
    // cuDNN may multiply floats in TF32.
    const bool tf32 = TypeParam::device == Caffe::GPU && sizeof(Dtype) == 4 && engine != "CAFFE";
    return tf32 ? 0x1p-10 : std::numeric_limits<Dtype>::epsilon();
  }
  static void ExpectSums(const ReferenceSums& want, const Dtype* got, double epsilon,
                         const char* what) {
    for (size_t i = 0; i < want.value.size(); ++i) {
      ASSERT_NEAR(got[i], want.value[i], want.Bound(i, epsilon)) << what << ", element " << i;
    }
  }

  void Check(const DeconvCase& c, const string& engine) {
    SCOPED_TRACE(c.param + string(", engine ") + engine);
    Blob<Dtype>* bottom = this->Random(c.bottom);
    Blob<Dtype>* top = this->Empty();
    auto layer = this->Run(Text(c.param + string(" engine: ") + engine), {bottom}, {top});
    ASSERT_EQ(top->shape(), c.top);
    ASSERT_EQ(c.reference.out(),
              vector<int>(c.bottom.end() - c.reference.in.size(), c.bottom.end()));
    const double epsilon = Epsilon(engine);
    const Blob<Dtype>& weights = *layer->blobs()[0];
    const bool bias = layer->blobs().size() > 1;
    const int spatial = ReferenceConv::Size(c.reference.in), outputs = c.reference.in_channels;
    const Dtype* x = bottom->cpu_data();
    const Dtype* w = weights.cpu_data();
    ReferenceSums y(top->count());
    c.reference.ForEachProduct([&](int i, int k, int o) { y.Add(i, double(x[o]) * w[k]); });
    for (int i = 0; bias && i < top->count(); ++i) {
      y.Add(i, layer->blobs()[1]->cpu_data()[i / spatial % outputs]);
    }
    ExpectSums(y, top->cpu_data(), epsilon, "top");

    Blob<Dtype>* values = this->Random(top->shape());
    std::copy_n(values->cpu_data(), top->count(), top->mutable_cpu_diff());
    // Gradients of parameters add up over two passes.
    for (int pass = 0; pass < 2; ++pass) layer->Backward({top}, {true}, {bottom});
    const Dtype* dy = top->cpu_diff();
    ReferenceSums dx(bottom->count()), dw(weights.count()), db(bias ? outputs : 0);
    c.reference.ForEachProduct([&](int i, int k, int o) {
      dx.Add(o, double(dy[i]) * w[k]);
      dw.Add(k, 2 * double(dy[i]) * x[o]);
    });
    for (int i = 0; bias && i < top->count(); ++i) db.Add(i / spatial % outputs, 2 * dy[i]);
    ExpectSums(dx, bottom->cpu_diff(), epsilon, "bottom gradient");
    ExpectSums(dw, weights.cpu_diff(), epsilon, "weight gradient");
    if (bias) ExpectSums(db, layer->blobs()[1]->cpu_diff(), epsilon, "bias gradient");
  }

  string ErrorFor(const string& conv, const vector<int>& shape) {
    return this->ErrorOfRun(Text(conv), {this->Random(shape)}, {this->Empty()});
  }
};

TYPED_TEST_SUITE(DeconvolutionLayerTest, TestDtypesAndDevices);

TYPED_TEST(DeconvolutionLayerTest, IsTheGradientOfAConvolution) {
  for (const DeconvCase& c : DeconvCases()) {
    for (const char* engine : {"CAFFE", "DEFAULT"}) this->Check(c, engine);
  }
}

TYPED_TEST(DeconvolutionLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  const bool tf32 = TypeParam::device == Caffe::GPU && sizeof(Dtype) == 4;
  for (const char* conv : {"num_output: 2 kernel_size: 3 stride: 2 pad: 1",
                           "num_output: 2 kernel_size: 3 group: 2 dilation: 2"}) {
    SCOPED_TRACE(conv);
    auto layer = this->Make(this->Text(conv + string(tf32 ? " engine: CAFFE" : "")));
    // The objective is a square of each value, so that differences are exact for any step.
    GradientChecker<Dtype> checker(0.5, 1e-3);
    checker.CheckGradient(layer.get(), {this->Random({1, 2, 3, 4}), this->Random({1, 2, 3, 4})},
                          {this->Empty(), this->Empty()});
  }
}

TYPED_TEST(DeconvolutionLayerTest, BilinearFillerInterpolates) {
  typedef typename TypeParam::Dtype Dtype;
  auto* bottom = this->Values({1, 1, 1, 3}, {1, 2, 4});
  auto* top = this->Empty();
  this->Run(
      "type: 'Deconvolution' convolution_param { num_output: 1 kernel_size: 4 stride: 2 pad: 1"
      " weight_filler { type: 'bilinear' } bias_term: false }",
      {bottom}, {top});
  ASSERT_EQ(top->shape(), (vector<int>{1, 1, 2, 6}));
  const vector<double> row{0.75, 1.25, 1.75, 2.5, 3.5, 3};
  for (int i = 0; i < 12; ++i) EXPECT_NEAR(top->cpu_data()[i], 0.75 * row[i % 6], Dtype(1e-6));
}

TYPED_TEST(DeconvolutionLayerTest, SeesWritesThroughAKeptPointer) {
  typedef typename TypeParam::Dtype Dtype;
  if (TypeParam::device == Caffe::GPU) GTEST_SKIP() << "a CPU pointer";
  auto* bottom = this->Random({2, 16, 6, 6});
  auto* top = this->Empty();
  Dtype* kept = bottom->mutable_cpu_data();
  auto layer =
      this->Run(this->Text("num_output: 16 kernel_size: 3 bias_term: false"), {bottom}, {top});
  Dtype* weights = layer->blobs()[0]->mutable_cpu_data();
  this->FillDiff(top);
  for (Dtype* written : {kept, weights}) {
    layer->Forward({bottom}, {top});
    layer->Backward({top}, {true}, {bottom});
    EXPECT_GT(top->asum_data(), Dtype(0));
    const Dtype first = written[0];
    std::fill_n(written, 16, Dtype(0));
    const vector<Dtype> before(top->cpu_data(), top->cpu_data() + top->count());
    layer->Forward({bottom}, {top});
    EXPECT_NE(before, vector<Dtype>(top->cpu_data(), top->cpu_data() + top->count())) << first;
  }
}

TYPED_TEST(DeconvolutionLayerTest, CountsMultiplyAdds) {
  auto* bottom = this->Random({2, 3, 4, 5});
  auto* top = this->Empty();
  auto layer = this->Run(this->Text("num_output: 6 kernel_size: 2 group: 3"), {bottom}, {top});
  EXPECT_EQ(layer->MultiplyAdds({bottom}, {top}), 2 * 3 * 4 * 5 * 2 * 4);
}

TYPED_TEST(DeconvolutionLayerTest, NamesMistakes) {
  const auto expect = [this](const string& conv, const vector<int>& shape, const string& message) {
    const string error = this->ErrorFor(conv, shape);
    EXPECT_NE(error.find(message), string::npos) << conv << ": " << error;
  };
  expect("kernel_size: 3", {1, 4, 3, 3}, "num_output is 0");
  expect("num_output: 4", {1, 4, 3, 3}, "kernel_size is 0");
  expect("num_output: 6 kernel_size: 3 group: 3", {1, 4, 3, 3}, "4 input channels");
  expect("num_output: 5 kernel_size: 3 group: 2", {1, 4, 3, 3}, "num_output 5");
  expect("num_output: 4 kernel_size: 3 pad: 4", {1, 4, 3, 3}, "does not fit");
  expect("num_output: 4 kernel_size: 3 engine: CUDNN", {1, 4, 6, 6, 6, 6}, "1 to 3 spatial axes");
}

}  // namespace caffe
