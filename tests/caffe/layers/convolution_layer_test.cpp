#include "caffe/layers/conv_layer.hpp"

#include <google/protobuf/text_format.h>

#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "caffe/filler.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/test/test_gradient_check_util.hpp"
#include "tests/caffe/layers/conv_reference.hpp"

namespace caffe {

struct ConvCase {
  const char* param;
  vector<int> bottom;
  ReferenceConv reference;
};

std::ostream& operator<<(std::ostream& out, const ConvCase& c) {
  return out << c.param << " on " << ShapeText(c.bottom);
}

const vector<ConvCase>& ConvCases() {
  static const vector<ConvCase> cases = {
      {"num_output: 4 kernel_size: 3 stride: 2",
       {2, 3, 6, 4},
       {2, 3, 4, 1, {6, 4}, {3, 3}, {2, 2}, {0, 0}, {1, 1}}},
      {"num_output: 5 kernel_size: 3 pad: 1",
       {2, 4, 5, 7},
       {2, 4, 5, 1, {5, 7}, {3, 3}, {1, 1}, {1, 1}, {1, 1}}},
      {"num_output: 32 kernel_size: 3 pad: 1 stride: 2",
       {2, 16, 9, 9},
       {2, 16, 32, 1, {9, 9}, {3, 3}, {2, 2}, {1, 1}, {1, 1}}},
      {"num_output: 24 kernel_size: 1",
       {3, 17, 4, 5},
       {3, 17, 24, 1, {4, 5}, {1, 1}, {1, 1}, {0, 0}, {1, 1}}},
      {"num_output: 8 kernel_size: 1 stride: 2 bias_term: false",
       {2, 6, 5, 5},
       {2, 6, 8, 1, {5, 5}, {1, 1}, {2, 2}, {0, 0}, {1, 1}}},
      {"num_output: 6 kernel_size: 3 group: 3",
       {2, 9, 6, 4},
       {2, 9, 6, 3, {6, 4}, {3, 3}, {1, 1}, {0, 0}, {1, 1}}},
      {"num_output: 16 kernel_size: 3 group: 16 pad: 1",
       {2, 16, 6, 6},
       {2, 16, 16, 16, {6, 6}, {3, 3}, {1, 1}, {1, 1}, {1, 1}}},
      {"num_output: 4 kernel_size: 3 dilation: 2 pad: 2",
       {1, 3, 8, 7},
       {1, 3, 4, 1, {8, 7}, {3, 3}, {1, 1}, {2, 2}, {2, 2}}},
      {"num_output: 2 kernel_h: 2 kernel_w: 3 stride_h: 3 stride_w: 2 pad_h: 1 pad_w: 0",
       {2, 2, 8, 9},
       {2, 2, 2, 1, {8, 9}, {2, 3}, {3, 2}, {1, 0}, {1, 1}}},
      {"num_output: 3 kernel_size: 2 kernel_size: 4 dilation: 1 dilation: 2",
       {1, 2, 7, 9},
       {1, 2, 3, 1, {7, 9}, {2, 4}, {1, 1}, {0, 0}, {1, 2}}},
      {"num_output: 3 kernel_size: 2 stride: 4",
       {1, 2, 9, 8},
       {1, 2, 3, 1, {9, 8}, {2, 2}, {4, 4}, {0, 0}, {1, 1}}},
      {"num_output: 4 kernel_size: 3 stride: 2 force_nd_im2col: true",
       {2, 3, 6, 4},
       {2, 3, 4, 1, {6, 4}, {3, 3}, {2, 2}, {0, 0}, {1, 1}}},
      {"num_output: 4 kernel_size: 3 pad: 1", {2, 3, 7}, {2, 3, 4, 1, {7}, {3}, {1}, {1}, {1}}},
      {"num_output: 4 kernel_size: 3 pad: 1 stride: 2 group: 2",
       {2, 4, 3, 4, 5},
       {2, 4, 4, 2, {3, 4, 5}, {3, 3, 3}, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}}},
      {"num_output: 2 kernel_size: 2",
       {1, 2, 2, 3, 3, 2},
       {1, 2, 2, 1, {2, 3, 3, 2}, {2, 2, 2, 2}, {1, 1, 1, 1}, {0, 0, 0, 0}, {1, 1, 1, 1}}},
      {"num_output: 4 ", {3, 5}, {3, 5, 4, 1, {}, {}, {}, {}, {}}},
      {"num_output: 4 kernel_size: 2 axis: 2",
       {2, 3, 3, 4, 5},
       {6, 3, 4, 1, {4, 5}, {2, 2}, {1, 1}, {0, 0}, {1, 1}}},
      {"num_output: 4 kernel_size: 3 axis: -2", {2, 3, 5}, {2, 3, 4, 1, {5}, {3}, {1}, {0}, {1}}},
  };
  return cases;
}

LayerParameter ConvParam(const string& text) {
  LayerParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' } " + text,
      param.mutable_convolution_param()));
  return param;
}

template <typename TypeParam>
class ConvolutionLayerTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  ConvolutionLayerTest() { Caffe::set_random_seed(1701); }

  static void FillGaussian(Blob<Dtype>* blob) {
    FillerParameter param;
    GaussianFiller<Dtype>(param).Fill(blob);
  }
  static void FillDiff(Blob<Dtype>* blob) {
    Blob<Dtype> values(blob->shape());
    FillGaussian(&values);
    std::copy_n(values.cpu_data(), values.count(), blob->mutable_cpu_diff());
  }
  /// Unit roundoff of the products that an engine forms.
  static double Epsilon(bool library) {
    // cuDNN may multiply floats in TF32.
    if (TypeParam::device == Caffe::GPU && sizeof(Dtype) == 4 && library) return 0x1p-10;
    return std::numeric_limits<Dtype>::epsilon();
  }
  static void ExpectSums(const ReferenceSums& want, const Dtype* got, double epsilon,
                         const char* what) {
    for (size_t i = 0; i < want.value.size(); ++i) {
      ASSERT_NEAR(got[i], want.value[i], want.Bound(i, epsilon)) << what << ", element " << i;
    }
  }
  void ExpectError(const string& param, const vector<int>& shape, const string& message) {
    Blob<Dtype> bottom(shape);
    Blob<Dtype> top;
    ConvolutionLayer<Dtype> layer(ConvParam(param));
    try {
      layer.SetUp({&bottom}, {&top});
      ADD_FAILURE() << "no error for " << param;
    } catch (const Error& error) {
      EXPECT_NE(string(error.what()).find(message), string::npos) << error.what();
    }
  }

  /// Forward and backward of one case against the loops; the gradients of two backward passes
  /// add up.
  void Check(const ConvCase& c, const string& engine) {
    SCOPED_TRACE(testing::Message() << c << ", engine " << engine);
    ConvolutionLayer<Dtype> layer(ConvParam(c.param + string(" engine: ") + engine));
    Blob<Dtype> bottom(c.bottom), top;
    FillGaussian(&bottom);
    layer.SetUp({&bottom}, {&top});
    layer.Forward({&bottom}, {&top});

    const ReferenceConv& r = c.reference;
    vector<int> top_shape(c.bottom.begin(), c.bottom.end() - 1 - r.in.size());
    top_shape.push_back(r.out_channels);
    const vector<int> out = r.out();
    top_shape.insert(top_shape.end(), out.begin(), out.end());
    ASSERT_EQ(top.shape(), top_shape);

    const double epsilon = Epsilon(engine != "CAFFE");
    const Dtype* x = bottom.cpu_data();
    const Dtype* w = layer.blobs()[0]->cpu_data();
    const bool bias = layer.blobs().size() > 1;
    ReferenceSums y(top.count());
    r.ForEachProduct([&](int i, int k, int o) { y.Add(o, double(x[i]) * w[k]); });
    const int out_size = ReferenceConv::Size(out);
    for (int o = 0; bias && o < top.count(); ++o) {
      y.Add(o, layer.blobs()[1]->cpu_data()[o / out_size % r.out_channels]);
    }
    ExpectSums(y, top.cpu_data(), epsilon, "top");

    FillDiff(&top);
    const Dtype* g = top.cpu_diff();
    ReferenceSums dx(bottom.count()), dw(layer.blobs()[0]->count()), db(r.out_channels);
    r.ForEachProduct([&](int i, int k, int o) {
      dx.Add(i, double(g[o]) * w[k]);
      for (int pass = 0; pass < 2; ++pass) dw.Add(k, double(g[o]) * x[i]);
    });
    for (int o = 0; o < top.count(); ++o) {
      for (int pass = 0; pass < 2; ++pass) db.Add(o / out_size % r.out_channels, g[o]);
    }
    caffe_set(bottom.count(), Dtype(99), bottom.mutable_cpu_diff());
    layer.Backward({&top}, {true}, {&bottom});
    layer.Backward({&top}, {true}, {&bottom});
    ExpectSums(dx, bottom.cpu_diff(), epsilon, "bottom gradient");
    ExpectSums(dw, layer.blobs()[0]->cpu_diff(), epsilon, "weight gradient");
    if (bias) ExpectSums(db, layer.blobs()[1]->cpu_diff(), epsilon, "bias gradient");
  }
};

TYPED_TEST_SUITE(ConvolutionLayerTest, TestDtypesAndDevices);

TYPED_TEST(ConvolutionLayerTest, GemmAgreesWithLoops) {
  for (const ConvCase& c : ConvCases()) this->Check(c, "CAFFE");
}

TYPED_TEST(ConvolutionLayerTest, DefaultEngineAgreesWithLoops) {
  for (const ConvCase& c : ConvCases()) this->Check(c, "DEFAULT");
}

TYPED_TEST(ConvolutionLayerTest, OneDnnTakesUpToThreeAxes) {
  if (TypeParam::device == Caffe::GPU || sizeof(typename TypeParam::Dtype) == 8) {
    GTEST_SKIP() << "oneDNN computes in float on the CPU";
  }
  for (const ConvCase& c : ConvCases()) {
    if (c.reference.in.size() >= 1 && c.reference.in.size() <= 3) this->Check(c, "DNNL");
  }
}

TYPED_TEST(ConvolutionLayerTest, EnginesAgreeOnRandomShapes) {
  for (int round = 0; round < 20; ++round) {
    const auto draw = [](int from, int to) {
      return from + static_cast<int>(caffe_rng_rand() % (to - from + 1));
    };
    ReferenceConv r;
    r.num = draw(1, 3);
    r.group = draw(1, 3);
    r.in_channels = r.group * draw(1, 9);
    r.out_channels = r.group * draw(1, 9);
    string param =
        "num_output: " + std::to_string(r.out_channels) + " group: " + std::to_string(r.group);
    const bool dilated = draw(0, 3) == 0;
    for (int axis = 0; axis < 2; ++axis) {
      r.kernel.push_back(draw(1, 4));
      r.stride.push_back(draw(1, 3));
      r.pad.push_back(draw(0, 3));
      r.dilation.push_back(dilated ? draw(1, 3) : 1);
      r.in.push_back(r.dilation[axis] * (r.kernel[axis] - 1) + 1 + draw(0, 6));
      const auto field = [&](const char* name, int value) {
        param += string(" ") + name + ": " + std::to_string(value);
      };
      field("kernel_size", r.kernel[axis]);
      field("stride", r.stride[axis]);
      field("pad", r.pad[axis]);
      field("dilation", r.dilation[axis]);
    }
    const ConvCase c{param.c_str(), {r.num, r.in_channels, r.in[0], r.in[1]}, r};
    this->Check(c, "CAFFE");
    this->Check(c, "DEFAULT");
  }
}

TYPED_TEST(ConvolutionLayerTest, SizesOfKnownNets) {
  typedef typename TypeParam::Dtype Dtype;
  Blob<Dtype> bottom(1, 1, 224, 224), top;
  ConvolutionLayer<Dtype> stem(ConvParam("num_output: 1 kernel_size: 7 stride: 2 pad: 3"));
  stem.SetUp({&bottom}, {&top});
  EXPECT_EQ(top.shape(), (vector<int>{1, 1, 112, 112}));
  EXPECT_EQ(stem.MultiplyAdds({&bottom}, {&top}), 112 * 112 * 49);
  ConvolutionLayer<Dtype> dilated(ConvParam("num_output: 1 kernel_size: 3 dilation: 2 pad: 2"));
  dilated.SetUp({&bottom}, {&top});
  EXPECT_EQ(top.shape(), bottom.shape());
}

TYPED_TEST(ConvolutionLayerTest, SeveralBottomsShareWeights) {
  typedef typename TypeParam::Dtype Dtype;
  Blob<Dtype> a(2, 3, 5, 5), b(2, 3, 5, 5), top_a, top_b, top_alone;
  this->FillGaussian(&a);
  this->FillGaussian(&b);
  ConvolutionLayer<Dtype> layer(ConvParam("num_output: 4 kernel_size: 3"));
  layer.SetUp({&a, &b}, {&top_a, &top_b});
  layer.Forward({&a, &b}, {&top_a, &top_b});
  this->FillDiff(&top_a);
  this->FillDiff(&top_b);
  layer.Backward({&top_a, &top_b}, {true, false}, {&a, &b});

  ConvolutionLayer<Dtype> alone(ConvParam("num_output: 4 kernel_size: 3"));
  alone.SetUp({&b}, {&top_alone});
  for (int i = 0; i < 2; ++i) alone.blobs()[i]->CopyFrom(*layer.blobs()[i]);
  alone.Forward({&b}, {&top_alone});
  std::copy_n(top_b.cpu_diff(), top_b.count(), top_alone.mutable_cpu_diff());
  alone.Backward({&top_alone}, {false}, {&b});
  alone.Forward({&a}, {&top_alone});
  std::copy_n(top_a.cpu_diff(), top_a.count(), top_alone.mutable_cpu_diff());
  alone.Backward({&top_alone}, {false}, {&a});
  for (int i = 0; i < top_a.count(); ++i) ASSERT_EQ(top_a.cpu_data()[i], top_alone.cpu_data()[i]);
  const double epsilon = this->Epsilon(true);
  for (int p = 0; p < 2; ++p) {
    for (int i = 0; i < layer.blobs()[p]->count(); ++i) {
      const double want = alone.blobs()[p]->cpu_diff()[i];
      EXPECT_NEAR(layer.blobs()[p]->cpu_diff()[i], want, epsilon * 18 * 10);
    }
  }
  EXPECT_EQ(b.asum_diff(), Dtype(0));
}

TYPED_TEST(ConvolutionLayerTest, GradientsThatNobodyWantsStay) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* engine : {"CAFFE", "DEFAULT"}) {
    Blob<Dtype> bottom(2, 3, 5, 5), top;
    this->FillGaussian(&bottom);
    ConvolutionLayer<Dtype> layer(
        ConvParam("num_output: 4 kernel_size: 3 engine: " + string(engine)));
    layer.SetUp({&bottom}, {&top});
    layer.Forward({&bottom}, {&top});
    this->FillDiff(&top);
    layer.set_param_propagate_down(0, false);
    layer.Backward({&top}, {false}, {&bottom});
    EXPECT_EQ(layer.blobs()[0]->asum_diff(), Dtype(0));
    EXPECT_EQ(bottom.asum_diff(), Dtype(0));
    const Dtype only_bias = layer.blobs()[1]->asum_diff();
    EXPECT_GT(only_bias, Dtype(0));
    layer.set_param_propagate_down(0, true);
    layer.set_param_propagate_down(1, false);
    layer.Backward({&top}, {false}, {&bottom});
    EXPECT_GT(layer.blobs()[0]->asum_diff(), Dtype(0));
    EXPECT_EQ(layer.blobs()[1]->asum_diff(), only_bias);
  }
}

TYPED_TEST(ConvolutionLayerTest, BottomsMayChangeSize) {
  typedef typename TypeParam::Dtype Dtype;
  Blob<Dtype> bottom(2, 3, 8, 8), top, small(1, 3, 4, 5), top_small;
  this->FillGaussian(&bottom);
  this->FillGaussian(&small);
  ConvolutionLayer<Dtype> layer(ConvParam("num_output: 4 kernel_size: 3"));
  layer.SetUp({&bottom}, {&top});
  layer.Forward({&bottom}, {&top});
  const vector<Dtype> first(top.cpu_data(), top.cpu_data() + top.count());
  layer.Forward({&small}, {&top_small});
  EXPECT_EQ(top_small.shape(), (vector<int>{1, 4, 2, 3}));
  layer.Forward({&bottom}, {&top});
  for (size_t i = 0; i < first.size(); ++i) ASSERT_EQ(top.cpu_data()[i], first[i]);
}

TYPED_TEST(ConvolutionLayerTest, SeesWritesThroughAKeptPointer) {
  typedef typename TypeParam::Dtype Dtype;
  Blob<Dtype> bottom(1, 16, 6, 6), top;
  this->FillGaussian(&bottom);
  ConvolutionLayer<Dtype> layer(ConvParam("num_output: 16 kernel_size: 3"));
  layer.SetUp({&bottom}, {&top});
  Dtype* kept = bottom.mutable_cpu_data();
  layer.Forward({&bottom}, {&top});
  if (TypeParam::device == Caffe::GPU) return;
  std::fill_n(kept, bottom.count(), Dtype(0));
  layer.Forward({&bottom}, {&top});
  for (int i = 0; i < top.count(); ++i) {
    ASSERT_EQ(top.cpu_data()[i], layer.blobs()[1]->cpu_data()[i / 16]);
  }
}

TYPED_TEST(ConvolutionLayerTest, BlockedLayoutsPassBetweenLayers) {
  typedef typename TypeParam::Dtype Dtype;
  if (TypeParam::device == Caffe::GPU || sizeof(Dtype) == 8) GTEST_SKIP() << "oneDNN only";
  Blob<Dtype> bottom(2, 16, 8, 8), middle, top;
  this->FillGaussian(&bottom);
  ConvolutionLayer<Dtype> one(ConvParam("num_output: 16 kernel_size: 3 pad: 1"));
  ConvolutionLayer<Dtype> two(ConvParam("num_output: 16 kernel_size: 3 pad: 1"));
  one.SetUp({&bottom}, {&middle});
  two.SetUp({&middle}, {&top});
  for (int pass = 0; pass < 2; ++pass) {
    one.Forward({&bottom}, {&middle});
    const uint64_t conversions = SyncedMemory::conversions();
    if (middle.data()->native() == nullptr) GTEST_SKIP() << "oneDNN chose the plain layout here";
    ASSERT_EQ(middle.data()->head(), SyncedMemory::HEAD_AT_NATIVE);
    const NativeCopy* left = middle.data()->native().get();
    two.Forward({&middle}, {&top});
    EXPECT_EQ(middle.data()->native().get(), left);
    this->FillDiff(&top);
    two.Backward({&top}, {true}, {&middle});
    ASSERT_EQ(middle.diff()->head(), SyncedMemory::HEAD_AT_NATIVE);
    one.Backward({&middle}, {true}, {&bottom});
    EXPECT_EQ(SyncedMemory::conversions(), conversions);
  }
}

TYPED_TEST(ConvolutionLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  const bool tf32 = TypeParam::device == Caffe::GPU && sizeof(Dtype) == 4;
  for (const char* text : {"num_output: 2 kernel_size: 3 stride: 2 pad: 1",
                           "num_output: 4 kernel_size: 3 group: 2 dilation: 2 pad: 2",
                           "num_output: 3 kernel_size: 1"}) {
    SCOPED_TRACE(text);
    Blob<Dtype> a(1, 2, 4, 5), b(1, 2, 4, 5), top_a, top_b;
    this->FillGaussian(&a);
    this->FillGaussian(&b);
    ConvolutionLayer<Dtype> layer(ConvParam(text + string(tf32 ? " engine: CAFFE" : "")));
    // The objective is a square of each value, so that differences are exact for any step.
    GradientChecker<Dtype> checker(0.5, 1e-3);
    checker.CheckGradient(&layer, {&a, &b}, {&top_a, &top_b});
  }
}

TYPED_TEST(ConvolutionLayerTest, NamesMistakes) {
  const vector<int> shape{1, 4, 6, 6};
  this->ExpectError("num_output: 4", shape, "kernel_size is 0");
  this->ExpectError("kernel_size: 3", shape, "num_output is 0");
  this->ExpectError("num_output: 4 kernel_h: 3", shape, "kernel_size is 0 on spatial axis 1");
  this->ExpectError("num_output: 4 kernel_size: 3 kernel_h: 3", shape, "both given");
  this->ExpectError("num_output: 4 kernel_h: 3 kernel_w: 3", {1, 4, 6}, "two spatial axes");
  this->ExpectError("num_output: 4 kernel_size: 3 pad: 1 pad: 1 pad: 1", shape,
                    "pad is given 3 times");
  this->ExpectError("num_output: 4 kernel_size: 3 stride_h: 2", shape, "stride is 0");
  this->ExpectError("num_output: 4 kernel_size: 3 dilation: 0", shape, "dilation is 0");
  this->ExpectError("num_output: 6 kernel_size: 3 group: 3", shape, "4 input channels");
  this->ExpectError("num_output: 5 kernel_size: 3 group: 2", shape, "num_output 5");
  this->ExpectError("num_output: 4 kernel_size: 7", shape, "does not fit an input of size 6");
  this->ExpectError("num_output: 4 kernel_size: 3 engine: CUDNN", {1, 4, 6, 6, 6, 6},
                    "1 to 3 spatial axes");
}

TYPED_TEST(ConvolutionLayerTest, RefusesWrongBottomsAndWeights) {
  typedef typename TypeParam::Dtype Dtype;
  Blob<Dtype> a(1, 4, 6, 6), b(1, 4, 6, 5), other(1, 3, 6, 6), top_a, top_b;
  ConvolutionLayer<Dtype> layer(ConvParam("num_output: 4 kernel_size: 3"));
  EXPECT_THROW(layer.SetUp({&a, &b}, {&top_a, &top_b}), Error);
  ConvolutionLayer<Dtype> single(ConvParam("num_output: 4 kernel_size: 3"));
  single.SetUp({&a}, {&top_a});
  EXPECT_THROW(single.Forward({&other}, {&top_a}), Error);

  LayerParameter param = ConvParam("num_output: 4 kernel_size: 3 bias_term: false");
  Blob<Dtype> weights(4, 3, 3, 3);
  weights.ToProto(param.add_blobs());
  ConvolutionLayer<Dtype> wrong(param);
  try {
    wrong.SetUp({&a}, {&top_a});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(string(error.what()).find("4x3x3x3"), string::npos) << error.what();
  }
}

}  // namespace caffe
