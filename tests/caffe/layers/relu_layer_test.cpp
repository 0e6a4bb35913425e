#include "caffe/layers/relu_layer.hpp"

#include <vector>

#include "caffe/filler.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/test/test_gradient_check_util.hpp"

namespace caffe {

template <typename TypeParam>
class ReLULayerTest : public MultiDeviceTest<TypeParam> {
  typedef typename TypeParam::Dtype Dtype;

 protected:
  ReLULayerTest() : bottom_(2, 3, 4, 5) {
    FillerParameter param;
    GaussianFiller<Dtype>(param).Fill(&bottom_);
    bottom_.mutable_cpu_data()[7] = 0;
  }

  Blob<Dtype> bottom_;
  Blob<Dtype> top_;
  vector<Blob<Dtype>*> bottoms_{&bottom_};
  vector<Blob<Dtype>*> tops_{&top_};
};

TYPED_TEST_SUITE(ReLULayerTest, TestDtypesAndDevices);

TYPED_TEST(ReLULayerTest, PassesPositiveAndScalesNegative) {
  typedef typename TypeParam::Dtype Dtype;
  for (const Dtype slope : {Dtype(0), Dtype(0.25)}) {
    LayerParameter param;
    param.mutable_relu_param()->set_negative_slope(slope);
    ReLULayer<Dtype> layer(param);
    layer.SetUp(this->bottoms_, this->tops_);
    layer.Forward(this->bottoms_, this->tops_);
    ASSERT_EQ(this->top_.shape(), this->bottom_.shape());
    for (int i = 0; i < this->bottom_.count(); ++i) {
      const Dtype x = this->bottom_.cpu_data()[i];
      EXPECT_EQ(this->top_.cpu_data()[i], x > 0 ? x : slope * x);
    }
  }
}

TYPED_TEST(ReLULayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const Dtype slope : {Dtype(0), Dtype(0.25)}) {
    LayerParameter param;
    param.mutable_relu_param()->set_negative_slope(slope);
    ReLULayer<Dtype> layer(param);
    GradientChecker<Dtype> checker(1e-2, 1e-3, 1701, 0., 0.01);
    checker.CheckGradientEltwise(&layer, this->bottoms_, this->tops_);
  }
}

TYPED_TEST(ReLULayerTest, GradientAtZeroIsSlope) {
  typedef typename TypeParam::Dtype Dtype;
  LayerParameter param;
  param.mutable_relu_param()->set_negative_slope(0.25);
  ReLULayer<Dtype> layer(param);
  layer.SetUp(this->bottoms_, this->tops_);
  layer.Forward(this->bottoms_, this->tops_);
  caffe_set(this->top_.count(), Dtype(3), this->top_.mutable_cpu_diff());
  layer.Backward(this->tops_, {true}, this->bottoms_);
  EXPECT_EQ(this->bottom_.cpu_diff()[7], Dtype(0.75));
}

TYPED_TEST(ReLULayerTest, InPlaceGivesTheSame) {
  typedef typename TypeParam::Dtype Dtype;
  LayerParameter param;
  ReLULayer<Dtype> layer(param);
  layer.SetUp(this->bottoms_, this->tops_);
  layer.Forward(this->bottoms_, this->tops_);
  caffe_set(this->top_.count(), Dtype(2), this->top_.mutable_cpu_diff());
  layer.Backward(this->tops_, {true}, this->bottoms_);

  Blob<Dtype> both;
  both.CopyFrom(this->bottom_, false, true);
  const vector<Blob<Dtype>*> in_place{&both};
  ReLULayer<Dtype> other(param);
  other.SetUp(in_place, in_place);
  other.Forward(in_place, in_place);
  caffe_set(both.count(), Dtype(2), both.mutable_cpu_diff());
  other.Backward(in_place, {true}, in_place);
  for (int i = 0; i < both.count(); ++i) {
    EXPECT_EQ(both.cpu_data()[i], this->top_.cpu_data()[i]);
    EXPECT_EQ(both.cpu_diff()[i], this->bottom_.cpu_diff()[i]);
  }
}

TYPED_TEST(ReLULayerTest, ANegativeSlopeInPlaceHasNoGradient) {
  typedef typename TypeParam::Dtype Dtype;
  LayerParameter param;
  param.mutable_relu_param()->set_negative_slope(-0.5);
  Blob<Dtype> x(vector<int>{2, 3}), y;
  ReLULayer<Dtype> in_place(param), separate(param);
  in_place.SetUp({&x}, {&x});
  in_place.Forward({&x}, {&x});
  EXPECT_THROW(in_place.Backward({&x}, {true}, {&x}), Error);
  separate.SetUp({&x}, {&y});
  separate.Forward({&x}, {&y});
  separate.Backward({&y}, {true}, {&x});
}

}  // namespace caffe
