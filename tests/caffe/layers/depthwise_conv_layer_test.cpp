#include "caffe/layers/depthwise_conv_layer.hpp"

#include <string>
#include <vector>

#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class DepthwiseConvolutionLayerTest : public LayerTest<TypeParam> {
 protected:
  DepthwiseConvolutionLayerTest() { Caffe::set_random_seed(1701); }

  static string Text(const string& type, const string& conv) {
    return "name: 'dw' type: '" + type +
           "' convolution_param { weight_filler { type: 'gaussian' } "
           "bias_filler { type: 'gaussian' } " +
           conv + " }";
  }

  /// Forward and backward as a grouped Convolution by matrix products.
  void ExpectSameAsGrouped(const string& type, const string& conv, const string& extra,
                           const vector<int>& shape) {
    SCOPED_TRACE(type + " " + conv);
    typedef typename TypeParam::Dtype Dtype;
    Blob<Dtype>* x = this->Random(shape);
    Blob<Dtype>* x2 = this->Copy(*x);
    Blob<Dtype>* y = this->Empty();
    Blob<Dtype>* y2 = this->Empty();
    auto layer = this->Make(Text(type, conv));
    auto grouped = this->Make(Text("Convolution", conv + extra + " engine: CAFFE"));
    layer->SetUp({x}, {y});
    grouped->SetUp({x2}, {y2});
    ASSERT_EQ(layer->blobs().size(), 2u);
    for (int i = 0; i < 2; ++i) {
      ASSERT_EQ(layer->blobs()[i]->shape(), grouped->blobs()[i]->shape());
      grouped->blobs()[i]->CopyFrom(*layer->blobs()[i]);
    }
    layer->Forward({x}, {y});
    grouped->Forward({x2}, {y2});
    ASSERT_EQ(y->shape(), y2->shape());
    this->ExpectNear(y->cpu_data(), *y2, y2->cpu_data(), "top");
    this->FillDiff(y);
    this->FillDiff(y2);
    layer->Backward({y}, {true}, {x});
    grouped->Backward({y2}, {true}, {x2});
    this->ExpectNear(x->cpu_diff(), *x2, x2->cpu_diff(), "bottom gradient");
    for (int i = 0; i < 2; ++i) {
      const Blob<Dtype>& wanted = *grouped->blobs()[i];
      this->ExpectNear(layer->blobs()[i]->cpu_diff(), wanted, wanted.cpu_diff(), "gradient");
    }
  }
};

TYPED_TEST_SUITE(DepthwiseConvolutionLayerTest, TestDtypesAndDevices);

TYPED_TEST(DepthwiseConvolutionLayerTest, IsAGroupedConvolution) {
  const string group = " group: 6 num_output: 6";
  this->ExpectSameAsGrouped("DepthwiseConvolution", "kernel_size: 3 pad: 1", group, {2, 6, 9, 11});
  this->ExpectSameAsGrouped("ConvolutionDepthwise", "kernel_size: 3 pad: 1 stride: 2 num_output: 6",
                            " group: 6", {2, 6, 9, 11});
  this->ExpectSameAsGrouped("DepthwiseConvolution",
                            "kernel_size: 5 pad: 2 stride: 2 num_output: 6 group: 6", "",
                            {2, 6, 12, 16});
  this->ExpectSameAsGrouped("DepthwiseConvolution", "kernel_size: 3", group, {2, 6, 11});
  this->ExpectSameAsGrouped("DepthwiseConvolution", "kernel_size: 2", group, {1, 6, 3, 4, 4});
  this->ExpectSameAsGrouped("Convolution", "kernel_size: 3 dilation: 2 num_output: 6 group: 6", "",
                            {2, 6, 9, 11});
}

TYPED_TEST(DepthwiseConvolutionLayerTest, SeveralFiltersAChannel) {
  if (TypeParam::device == Caffe::GPU && sizeof(typename TypeParam::Dtype) == 4) {
    GTEST_SKIP() << "cuDNN may multiply floats in TF32";
  }
  this->ExpectSameAsGrouped("DepthwiseConvolution", "kernel_size: 3 num_output: 8", " group: 4",
                            {2, 4, 7, 7});
}

TYPED_TEST(DepthwiseConvolutionLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* conv : {"kernel_size: 3 pad: 1", "kernel_size: 3 pad: 1 stride: 2",
                           "kernel_size: 2 dilation: 2 pad: 1 engine: CAFFE"}) {
    SCOPED_TRACE(conv);
    auto layer = this->Make(this->Text("DepthwiseConvolution", conv));
    // The objective is a square of each value, so that differences are exact for any step.
    GradientChecker<Dtype> checker(0.5, 1e-3);
    checker.CheckGradient(layer.get(), {this->Random({2, 3, 4, 5})}, {this->Empty()});
  }
}

TYPED_TEST(DepthwiseConvolutionLayerTest, BlockedLayoutsPassThrough) {
  typedef typename TypeParam::Dtype Dtype;
  if (TypeParam::device == Caffe::GPU || sizeof(Dtype) == 8) GTEST_SKIP() << "oneDNN only";
  const string point = this->Text("Convolution", "num_output: 16 kernel_size: 1");
  auto *x = this->Random({2, 16, 12, 12}), *a = this->Empty(), *b = this->Empty(),
       *c = this->Empty();
  auto before = this->Make(point), after = this->Make(point);
  auto depthwise = this->Make(this->Text("DepthwiseConvolution", "kernel_size: 3 pad: 1"));
  before->SetUp({x}, {a});
  depthwise->SetUp({a}, {b});
  after->SetUp({b}, {c});
  for (int pass = 0; pass < 2; ++pass) {
    before->Forward({x}, {a});
    if (a->data()->head() != SyncedMemory::HEAD_AT_NATIVE) GTEST_SKIP() << "oneDNN is plain here";
    const uint64_t conversions = SyncedMemory::conversions();
    depthwise->Forward({a}, {b});
    after->Forward({b}, {c});
    this->FillDiff(c);
    after->Backward({c}, {true}, {b});
    depthwise->Backward({b}, {true}, {a});
    before->Backward({a}, {true}, {x});
    EXPECT_EQ(SyncedMemory::conversions(), conversions);
  }
  // The same from plain values.
  auto *plain = this->Copy(*a), *top = this->Empty();
  auto own = this->Make(this->Text("DepthwiseConvolution", "kernel_size: 3 pad: 1"));
  own->SetUp({plain}, {top});
  for (int i = 0; i < 2; ++i) {
    own->blobs()[i]->CopyFrom(*depthwise->blobs()[i]);
    caffe_set(own->blobs()[i]->count(), Dtype(0), depthwise->blobs()[i]->mutable_cpu_diff());
  }
  own->Forward({plain}, {top});
  this->ExpectNear(b->cpu_data(), *top, top->cpu_data(), "top");
  std::copy_n(b->cpu_diff(), b->count(), top->mutable_cpu_diff());
  after->Backward({c}, {true}, {b});
  depthwise->Backward({b}, {true}, {a});
  own->Backward({top}, {true}, {plain});
  this->ExpectNear(a->cpu_diff(), *plain, plain->cpu_diff(), "bottom gradient");
  for (int i = 0; i < 2; ++i) {
    // Sums of 288 products that partly cancel: rounding is relative to the largest of them.
    const Blob<Dtype>& wanted = *own->blobs()[i];
    const Dtype* values = wanted.cpu_diff();
    Dtype largest = 0;
    for (int j = 0; j < wanted.count(); ++j) largest = std::max(largest, std::abs(values[j]));
    for (int j = 0; j < wanted.count(); ++j) {
      EXPECT_NEAR(depthwise->blobs()[i]->cpu_diff()[j], values[j], 1e-5 * largest)
          << "gradient " << i << " at " << j;
    }
  }
}

TYPED_TEST(DepthwiseConvolutionLayerTest, CountsMultiplyAdds) {
  auto layer = this->Make(this->Text("DepthwiseConvolution", "kernel_size: 3 pad: 1"));
  auto* bottom = this->Random({2, 5, 8, 8});
  auto* top = this->Empty();
  layer->SetUp({bottom}, {top});
  EXPECT_EQ(layer->MultiplyAdds({bottom}, {top}), 2 * 5 * 8 * 8 * 9);
}

TYPED_TEST(DepthwiseConvolutionLayerTest, NamesMistakes) {
  const auto error = [&](const string& conv) {
    return this->ErrorOfRun(this->Text("DepthwiseConvolution", conv), {this->Random({1, 6, 5, 5})},
                            {this->Empty()});
  };
  EXPECT_NE(error("kernel_size: 3 group: 3").find("group is 3"), string::npos);
  EXPECT_NE(error("kernel_size: 3 num_output: 8").find("num_output is 8"), string::npos);
  EXPECT_NE(error("kernel_size: 3 num_output: 0").find("num_output is 0"), string::npos);
  EXPECT_NE(error("num_output: 6").find("kernel_size is 0"), string::npos);
}

TYPED_TEST(DepthwiseConvolutionLayerTest, TypeIsTheNameInTheFile) {
  for (const char* type : {"DepthwiseConvolution", "ConvolutionDepthwise"}) {
    EXPECT_STREQ(this->Make(string("type: '") + type + "'")->type(), type);
  }
}

}  // namespace caffe
