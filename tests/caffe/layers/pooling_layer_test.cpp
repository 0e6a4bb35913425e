#include "caffe/layers/pooling_layer.hpp"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "caffe/filler.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/test/test_gradient_check_util.hpp"

namespace caffe {

LayerParameter PoolParam(const string& text, Phase phase = TRAIN) {
  LayerParameter param;
  param.set_phase(phase);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, param.mutable_pooling_param()));
  return param;
}

template <typename TypeParam>
class PoolingLayerTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  PoolingLayerTest() { Caffe::set_random_seed(1701); }

  void Fill(const vector<int>& shape, const vector<Dtype>& values) {
    bottom_.Reshape(shape);
    ASSERT_EQ(size_t(bottom_.count()), values.size());
    std::copy(values.begin(), values.end(), bottom_.mutable_cpu_data());
  }
  /// All different, so that maxima are clear-cut for differences as well.
  void FillShuffled(const vector<int>& shape) {
    bottom_.Reshape(shape);
    for (int i = 0; i < bottom_.count(); ++i) {
      bottom_.mutable_cpu_data()[i] = Dtype(i * 37 % bottom_.count()) / 8 - 2;
    }
  }
  void ExpectTop(const vector<Dtype>& want) {
    ASSERT_EQ(size_t(top_.count()), want.size());
    for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(top_.cpu_data()[i], want[i], 1e-6) << i;
  }
  void ExpectError(const string& text, const string& message, const vector<int>& shape) {
    bottom_.Reshape(shape);
    PoolingLayer<Dtype> layer(PoolParam(text));
    try {
      layer.SetUp(bottoms_, tops_);
      ADD_FAILURE() << "no error for " << text;
    } catch (const Error& error) {
      EXPECT_NE(string(error.what()).find(message), string::npos) << error.what();
    }
  }

  /// MAX and AVE with kernel (kh, kw), stride s and pad p against loops.
  void Check(int kh, int kw, int s, int p) {
    const string text = "kernel_h: " + std::to_string(kh) + " kernel_w: " + std::to_string(kw) +
                        " stride: " + std::to_string(s) + " pad: " + std::to_string(p);
    SCOPED_TRACE(text);
    FillShuffled({2, 3, 9, 7});
    const int height = 9, width = 7;
    PoolingLayer<Dtype> max(PoolParam(text)), ave(PoolParam(text + " pool: AVE"));
    Blob<Dtype> index, mean;
    const vector<Blob<Dtype>*> both{&top_, &index}, means{&mean};
    max.SetUp(bottoms_, both);
    ave.SetUp(bottoms_, means);
    max.Forward(bottoms_, both);
    ave.Forward(bottoms_, means);
    vector<double> max_diff(bottom_.count()), ave_diff(bottom_.count());
    for (int i = 0; i < top_.count(); ++i) {
      const int plane = i / (top_.height() * top_.width());
      const int top = i / top_.width() % top_.height() * s - p, left = i % top_.width() * s - p;
      Dtype best = -FLT_MAX, sum = 0;
      int at = -1, counted = 0;
      for (int y = top; y < top + kh; ++y) {
        for (int x = left; x < left + kw; ++x) {
          counted += y < height + p && x < width + p;
          if (y < 0 || y >= height || x < 0 || x >= width) continue;
          const Dtype value = bottom_.cpu_data()[(plane * height + y) * width + x];
          sum += value;
          if (value > best) {
            best = value;
            at = y * width + x;
          }
        }
      }
      ASSERT_EQ(top_.cpu_data()[i], best);
      ASSERT_EQ(index.cpu_data()[i], Dtype(at));
      ASSERT_NEAR(mean.cpu_data()[i], sum / counted, 1e-5);
      const int g = i % 5 - 2;
      if (at >= 0) max_diff[plane * height * width + at] += g;
      for (int y = std::max(top, 0); y < std::min(top + kh, height); ++y) {
        for (int x = std::max(left, 0); x < std::min(left + kw, width); ++x) {
          ave_diff[(plane * height + y) * width + x] += double(g) / counted;
        }
      }
      top_.mutable_cpu_diff()[i] = mean.mutable_cpu_diff()[i] = Dtype(g);
    }
    max.Backward(both, {true}, bottoms_);
    for (int i = 0; i < bottom_.count(); ++i) ASSERT_EQ(bottom_.cpu_diff()[i], max_diff[i]);
    ave.Backward(means, {true}, bottoms_);
    for (int i = 0; i < bottom_.count(); ++i) {
      ASSERT_NEAR(bottom_.cpu_diff()[i], ave_diff[i], 1e-5);
    }
    // One top: the layer keeps the indices itself.
    PoolingLayer<Dtype> single(PoolParam(text));
    Blob<Dtype> alone;
    const vector<Blob<Dtype>*> alones{&alone};
    single.SetUp(bottoms_, alones);
    single.Forward(bottoms_, alones);
    std::copy_n(top_.cpu_diff(), top_.count(), alone.mutable_cpu_diff());
    single.Backward(alones, {true}, bottoms_);
    for (int i = 0; i < bottom_.count(); ++i) ASSERT_EQ(bottom_.cpu_diff()[i], max_diff[i]);
    // What the GPU runs, on the host.
    const PoolShape shape{6, height, width, top_.height(), top_.width(), kh, kw, s, s, p, p};
    indexed_pool_gather<Cpu>(shape, top_.cpu_diff(), index.cpu_data(), bottom_.mutable_cpu_diff());
    for (int i = 0; i < bottom_.count(); ++i) ASSERT_EQ(bottom_.cpu_diff()[i], max_diff[i]);
  }

  Blob<Dtype> bottom_;
  Blob<Dtype> top_;
  vector<Blob<Dtype>*> bottoms_{&bottom_};
  vector<Blob<Dtype>*> tops_{&top_};
};

TYPED_TEST_SUITE(PoolingLayerTest, TestDtypesAndDevices);

TYPED_TEST(PoolingLayerTest, OutputSizes) {
  typedef typename TypeParam::Dtype Dtype;
  struct {
    int in, kernel, stride, pad, up, down;
  } const cases[] = {{5, 2, 2, 0, 3, 2}, {55, 3, 2, 0, 27, 27}, {112, 3, 2, 0, 56, 55},
                     {6, 3, 2, 1, 4, 3}, {8, 2, 2, 1, 5, 5},    {5, 3, 3, 1, 2, 2},
                     {7, 2, 2, 1, 4, 4}, {5, 1, 3, 0, 3, 2}};
  for (const auto& c : cases) {
    for (const bool floor : {false, true}) {
      const string text = "kernel_size: " + std::to_string(c.kernel) +
                          " stride: " + std::to_string(c.stride) +
                          " pad: " + std::to_string(c.pad) + (floor ? " round_mode: FLOOR" : "");
      SCOPED_TRACE(text);
      this->bottom_.Reshape(1, 1, c.in, c.in);
      PoolingLayer<Dtype> layer(PoolParam(text));
      layer.SetUp(this->bottoms_, this->tops_);
      EXPECT_EQ(this->top_.height(), floor ? c.down : c.up);
      EXPECT_EQ(this->top_.width(), floor ? c.down : c.up);
    }
  }
}

TYPED_TEST(PoolingLayerTest, AgreesWithLoops) {
  this->Check(2, 2, 2, 0);
  this->Check(3, 3, 2, 0);
  this->Check(3, 2, 1, 1);
  this->Check(3, 3, 2, 1);
  this->Check(4, 5, 3, 2);
  this->Check(9, 7, 1, 0);
}

// Caffe drops NaN here, and so hides from a run that it has failed.
TYPED_TEST(PoolingLayerTest, FirstOfEqualMaximaWinsAndNanAlways) {
  typedef typename TypeParam::Dtype Dtype;
  const Dtype nan = std::numeric_limits<Dtype>::quiet_NaN();
  this->Fill({1, 1, 2, 6}, {nan, 3, nan, nan, 2, 5, 3, 1, nan, nan, 5, 1});
  Blob<Dtype> index;
  PoolingLayer<Dtype> layer(PoolParam("kernel_size: 2 stride: 2"));
  layer.SetUp(this->bottoms_, {&this->top_, &index});
  layer.Forward(this->bottoms_, {&this->top_, &index});
  EXPECT_TRUE(std::isnan(this->top_.cpu_data()[0]));
  EXPECT_EQ(index.cpu_data()[0], Dtype(0));
  EXPECT_TRUE(std::isnan(this->top_.cpu_data()[1]));
  EXPECT_EQ(index.cpu_data()[1], Dtype(9));  // the last, as in PyTorch
  EXPECT_EQ(this->top_.cpu_data()[2], Dtype(5));
  EXPECT_EQ(index.cpu_data()[2], Dtype(5));
}

TYPED_TEST(PoolingLayerTest, EmptyWindows) {
  typedef typename TypeParam::Dtype Dtype;
  this->Fill({1, 1, 1, 5}, {1, 2, 3, 4, 5});
  const string size = "kernel_h: 1 kernel_w: 1 stride_h: 1 stride_w: 3";
  PoolingLayer<Dtype> max(PoolParam(size));
  max.SetUp(this->bottoms_, this->tops_);
  max.Forward(this->bottoms_, this->tops_);
  this->ExpectTop({1, 4, Dtype(-FLT_MAX)});
  PoolingLayer<Dtype> ave(PoolParam(size + " pool: AVE"));
  ave.SetUp(this->bottoms_, this->tops_);
  ave.Forward(this->bottoms_, this->tops_);
  this->ExpectTop({1, 4, 0});
}

TYPED_TEST(PoolingLayerTest, AverageCountsPaddingButNotBeyond) {
  typedef typename TypeParam::Dtype Dtype;
  this->Fill({1, 1, 1, 6}, {1, 2, 3, 4, 5, 6});
  PoolingLayer<Dtype> layer(
      PoolParam("pool: AVE kernel_h: 1 kernel_w: 3 stride_h: 1 stride_w: 2 pad_h: 0 pad_w: 1"));
  layer.SetUp(this->bottoms_, this->tops_);
  layer.Forward(this->bottoms_, this->tops_);
  this->ExpectTop({Dtype(3) / 3, Dtype(9) / 3, Dtype(15) / 3, Dtype(6) / 2});
}

TYPED_TEST(PoolingLayerTest, GlobalFollowsTheBottom) {
  typedef typename TypeParam::Dtype Dtype;
  PoolingLayer<Dtype> layer(PoolParam("pool: AVE global_pooling: true"));
  this->Fill({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  layer.SetUp(this->bottoms_, this->tops_);
  layer.Forward(this->bottoms_, this->tops_);
  this->ExpectTop({2.5, 6.5});
  this->Fill({1, 1, 1, 3}, {1, 2, 6});
  layer.Forward(this->bottoms_, this->tops_);
  this->ExpectTop({3});
  this->top_.mutable_cpu_diff()[0] = 6;
  layer.Backward(this->tops_, {true}, this->bottoms_);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(this->bottom_.cpu_diff()[i], 2, 1e-6);
}

TYPED_TEST(PoolingLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* text :
       {"kernel_size: 3 stride: 2 pad: 1", "pool: AVE kernel_size: 3 stride: 2 pad: 1",
        "pool: AVE global_pooling: true", "pool: AVE kernel_size: 4 stride: 1 pad: 3"}) {
    SCOPED_TRACE(text);
    this->FillShuffled({1, 2, 5, 4});
    PoolingLayer<Dtype> layer(PoolParam(text));
    GradientChecker<Dtype> checker(1e-2, 1e-3);
    checker.CheckGradientExhaustive(&layer, this->bottoms_, this->tops_);
  }
}

TYPED_TEST(PoolingLayerTest, StochasticDrawsInProportion) {
  typedef typename TypeParam::Dtype Dtype;
  const int windows = 4000;
  this->bottom_.Reshape(windows, 1, 2, 2);
  const Dtype window[] = {1, 0, 4, 5};
  for (int i = 0; i < this->bottom_.count(); ++i) {
    this->bottom_.mutable_cpu_data()[i] = window[i % 4];
  }
  PoolingLayer<Dtype> layer(PoolParam("pool: STOCHASTIC kernel_size: 2 stride: 2"));
  layer.SetUp(this->bottoms_, this->tops_);
  layer.Forward(this->bottoms_, this->tops_);
  int drawn[6] = {};
  for (int i = 0; i < windows; ++i) ++drawn[int(this->top_.cpu_data()[i])];
  EXPECT_EQ(drawn[1] + drawn[4] + drawn[5], windows);
  // Five standard deviations of a binomial count are at most 158.
  EXPECT_NEAR(drawn[1], windows / 10, 160);
  EXPECT_NEAR(drawn[4], windows * 4 / 10, 160);
  EXPECT_NEAR(drawn[5], windows / 2, 160);
  caffe_set(windows, Dtype(3), this->top_.mutable_cpu_diff());
  layer.Backward(this->tops_, {true}, this->bottoms_);
  for (int i = 0; i < this->bottom_.count(); ++i) {
    const bool chosen = this->top_.cpu_data()[i / 4] == window[i % 4];
    ASSERT_EQ(this->bottom_.cpu_diff()[i], Dtype(chosen ? 3 : 0));
  }
}

TYPED_TEST(PoolingLayerTest, StochasticTestIsWeightedMean) {
  typedef typename TypeParam::Dtype Dtype;
  this->Fill({1, 1, 2, 4}, {1, 0, 0, 0, 4, 5, 0, 0});
  PoolingLayer<Dtype> layer(PoolParam("pool: STOCHASTIC kernel_size: 2 stride: 2", TEST));
  layer.SetUp(this->bottoms_, this->tops_);
  layer.Forward(this->bottoms_, this->tops_);
  this->ExpectTop({Dtype(42) / 10, 0});
  EXPECT_THROW(layer.Backward(this->tops_, {true}, this->bottoms_), Error);
}

TYPED_TEST(PoolingLayerTest, NamesMistakes) {
  const vector<int> shape{1, 1, 6, 6};
  this->ExpectError("", "no kernel size", shape);
  this->ExpectError("kernel_size: 2 kernel_h: 2", "both given", shape);
  this->ExpectError("kernel_h: 2", "Only one of kernel_h and kernel_w", shape);
  this->ExpectError("kernel_size: 0", "positive", shape);
  this->ExpectError("kernel_size: 2 stride: 0", "positive", shape);
  this->ExpectError("kernel_size: 2 stride_w: 2", "Only one of stride_h", shape);
  this->ExpectError("kernel_size: 2 pad: 2", "not smaller than the kernel", shape);
  this->ExpectError("kernel_size: 2 pad: 1 pool: STOCHASTIC", "STOCHASTIC", shape);
  this->ExpectError("global_pooling: true kernel_size: 2", "whole plane", shape);
  this->ExpectError("global_pooling: true stride: 2", "stride 1 only", shape);
  this->ExpectError("kernel_size: 9", "does not fit", shape);
  this->ExpectError("kernel_size: 2", "4 axes", {1, 6, 6});
  this->ExpectError("kernel_size: 0 kernel_h: 3 kernel_w: 3", "both given", shape);
}

}  // namespace caffe
