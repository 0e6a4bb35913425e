#include <vector>

#include "gtest/gtest.h"

#include "caffe/blob.hpp"
#include "caffe/common.hpp"
#include "caffe/filler.hpp"
#include "weighted_square_layer.hpp"

#include "caffe/test/test_caffe_main.hpp"
#include "caffe/test/test_gradient_check_util.hpp"

namespace caffe {

template <typename TypeParam>
class WeightedSquareLayerTest : public MultiDeviceTest<TypeParam> {
  typedef typename TypeParam::Dtype Dtype;

 protected:
  WeightedSquareLayerTest()
      : blob_bottom_(new Blob<Dtype>(2, 3, 4, 5)),
        blob_top_(new Blob<Dtype>()) {
    FillerParameter filler_param;
    GaussianFiller<Dtype> filler(filler_param);
    filler.Fill(this->blob_bottom_);
    blob_bottom_vec_.push_back(blob_bottom_);
    blob_top_vec_.push_back(blob_top_);
    layer_param_.set_type("WeightedSquare");
    layer_param_.mutable_scale_param()->mutable_filler()->set_type("uniform");
    layer_param_.mutable_scale_param()->mutable_filler()->set_min(0.5);
    layer_param_.mutable_scale_param()->mutable_filler()->set_max(2);
  }
  virtual ~WeightedSquareLayerTest() { delete blob_bottom_; delete blob_top_; }

  Blob<Dtype>* const blob_bottom_;
  Blob<Dtype>* const blob_top_;
  vector<Blob<Dtype>*> blob_bottom_vec_;
  vector<Blob<Dtype>*> blob_top_vec_;
  LayerParameter layer_param_;
};

TYPED_TEST_CASE(WeightedSquareLayerTest, TestDtypesAndDevices);

TYPED_TEST(WeightedSquareLayerTest, TestForward) {
  typedef typename TypeParam::Dtype Dtype;
  shared_ptr<Layer<Dtype> > layer =
      LayerRegistry<Dtype>::CreateLayer(this->layer_param_);
  EXPECT_STREQ("WeightedSquare", layer->type());
  layer->SetUp(this->blob_bottom_vec_, this->blob_top_vec_);
  layer->Forward(this->blob_bottom_vec_, this->blob_top_vec_);
  const Dtype* weight = layer->blobs()[0]->cpu_data();
  for (int n = 0; n < 2; ++n) {
    for (int c = 0; c < 3; ++c) {
      for (int h = 0; h < 4; ++h) {
        for (int w = 0; w < 5; ++w) {
          const Dtype x = this->blob_bottom_->data_at(n, c, h, w);
          EXPECT_NEAR(weight[c] * x * x, this->blob_top_->data_at(n, c, h, w),
              1e-5);
        }
      }
    }
  }
}

TYPED_TEST(WeightedSquareLayerTest, TestGradient) {
  typedef typename TypeParam::Dtype Dtype;
  WeightedSquareLayer<Dtype> layer(this->layer_param_);
  GradientChecker<Dtype> checker(1e-2, 1e-3);
  checker.CheckGradientExhaustive(&layer, this->blob_bottom_vec_,
      this->blob_top_vec_);
}

}  // namespace caffe
