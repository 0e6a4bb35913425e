#include "caffe/layers/memory_data_layer.hpp"

#include <numeric>
#include <opencv2/core/core.hpp>

#include "caffe/net.hpp"
#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class MemoryDataLayerTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  MemoryDataLayerTest() : data_(6 * 8), labels_(6) {
    std::iota(data_.begin(), data_.end(), 0);
    std::iota(labels_.begin(), labels_.end(), 0);
  }

  static LayerParameter Param(const string& more = "") {
    return LayerText(
        "type: 'MemoryData' "
        "memory_data_param { batch_size: 2 channels: 2 height: 2 width: 2 } " +
        more);
  }
  /// A datum whose pixels are all `value`.
  static Datum Constant(int value, int label) {
    Datum datum;
    datum.set_channels(2);
    datum.set_height(2);
    datum.set_width(2);
    datum.set_data(string(8, static_cast<char>(value)));
    datum.set_label(label);
    return datum;
  }

  vector<Dtype> data_, labels_;
  Blob<Dtype> top_, label_;
  vector<Blob<Dtype>*> tops_{&top_, &label_};
};

TYPED_TEST_SUITE(MemoryDataLayerTest, TestDtypesAndDevices);

TYPED_TEST(MemoryDataLayerTest, ServesRowsOverAndOver) {
  MemoryDataLayer<typename TypeParam::Dtype> layer(this->Param());
  layer.SetUp({}, this->tops_);
  EXPECT_EQ(this->top_.shape(), (vector<int>{2, 2, 2, 2}));
  EXPECT_EQ(this->label_.shape(), vector<int>{2});
  layer.Reset(this->data_.data(), this->labels_.data(), 6);
  for (int batch = 0; batch < 5; ++batch) {
    layer.Forward({}, this->tops_);
    for (int i = 0; i < 16; ++i) EXPECT_EQ(this->top_.cpu_data()[i], batch % 3 * 16 + i);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(this->label_.cpu_data()[i], batch % 3 * 2 + i);
  }
}

TYPED_TEST(MemoryDataLayerTest, TransformsDatumsAndImages) {
  MemoryDataLayer<typename TypeParam::Dtype> layer(
      this->Param("transform_param { scale: 0.5 mean_value: 2 }"));
  layer.SetUp({}, this->tops_);
  layer.AddDatumVector(
      {this->Constant(10, 3), this->Constant(20, 4), this->Constant(30, 5), this->Constant(40, 6)});
  EXPECT_NE(ErrorOf([&] {
              layer.AddDatumVector({this->Constant(1, 1), this->Constant(1, 1)});
            }).find("not been served"),
            string::npos);
  EXPECT_NE(ErrorOf([&] { layer.set_batch_size(1); }).find("not been served"), string::npos);
  layer.Forward({}, this->tops_);
  EXPECT_EQ(this->top_.cpu_data()[0], 4);
  EXPECT_EQ(this->top_.cpu_data()[8], 9);
  EXPECT_EQ(this->label_.cpu_data()[1], 4);
  layer.Forward({}, this->tops_);
  EXPECT_EQ(this->top_.cpu_data()[15], 19);

  layer.set_batch_size(1);
  layer.AddMatVector({cv::Mat(2, 2, CV_8UC2, cv::Scalar(6, 8))}, {9});
  layer.Forward({}, this->tops_);
  EXPECT_EQ(this->top_.shape(), (vector<int>{1, 2, 2, 2}));
  EXPECT_EQ(this->top_.cpu_data()[0], 2);
  EXPECT_EQ(this->top_.cpu_data()[7], 3);
  EXPECT_EQ(this->label_.cpu_data()[0], 9);
}

TYPED_TEST(MemoryDataLayerTest, FeedsANet) {
  typedef typename TypeParam::Dtype Dtype;
  NetParameter param;
  LayerParameter* data = param.add_layer();
  *data = this->Param();
  data->set_name("data");
  data->add_top("data");
  data->add_top("label");
  *param.add_layer() = LayerText(
      "name: 'sum' type: 'Scale' bottom: 'data' top: 'twice' param { lr_mult: 0 } "
      "scale_param { filler { value: 2 } }");
  Net<Dtype> net(param);
  auto layer = std::dynamic_pointer_cast<MemoryDataLayer<Dtype>>(net.layer_by_name("data"));
  ASSERT_NE(layer, nullptr);
  layer->Reset(this->data_.data(), this->labels_.data(), 6);
  for (int batch = 0; batch < 2; ++batch) {
    net.Forward();
    EXPECT_EQ(net.blob_by_name("twice")->cpu_data()[3], 2 * (batch * 16 + 3));
  }
}

TYPED_TEST(MemoryDataLayerTest, NamesMistakes) {
  typedef typename TypeParam::Dtype Dtype;
  MemoryDataLayer<Dtype> layer(this->Param());
  layer.SetUp({}, this->tops_);
  const auto contains = [](const string& error, const string& part) {
    EXPECT_NE(error.find(part), string::npos) << error;
  };
  contains(ErrorOf([&] { layer.Forward({}, this->tops_); }), "There are no rows");
  contains(ErrorOf([&] { layer.Reset(this->data_.data(), this->labels_.data(), 5); }),
           "given 5 rows");
  contains(ErrorOf([&] { layer.Reset(nullptr, this->labels_.data(), 2); }), "pointers");
  contains(ErrorOf([&] { layer.AddDatumVector({this->Constant(1, 1)}); }), "1 items were added");
  contains(ErrorOf([&] { layer.AddDatumVector({}); }), "0 items were added");
  contains(ErrorOf([&] { layer.AddMatVector({cv::Mat(), cv::Mat()}, {1}); }), "1 labels");
  contains(ErrorOf([&] { layer.AddDatumVector(vector<Datum>(2)); }), "datum has the shape 0x0x0");
  contains(this->ErrorOfRun("type: 'MemoryData' memory_data_param { batch_size: 2 channels: 3 }",
                            {}, {this->Empty(), this->Empty()}),
           "height 0");
  LayerParameter cropped = this->Param();
  cropped.mutable_transform_param()->set_crop_size(1);
  MemoryDataLayer<Dtype> cropping(cropped);
  cropping.SetUp({}, this->tops_);
  contains(ErrorOf([&] {
             cropping.AddDatumVector({this->Constant(1, 1), this->Constant(1, 1)});
           }),
           "crops to 1 x 1. Give height and width as they are after cropping");
}

}  // namespace caffe
