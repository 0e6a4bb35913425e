// A value that is not a number stays one on its way through every activation, however it is
// computed: layer by layer, fused with a normalisation, or folded into a convolution.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "caffe/net.hpp"
#include "tests/caffe/layers/layer_test.hpp"
#include "tests/caffe/native/move_into_blocks.hpp"
#include "tests/caffe/plan/plan_nets.hpp"

namespace caffe {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

const char* const kActivations[] = {
    "type: 'ReLU'",
    "type: 'ReLU' relu_param { negative_slope: 0.1 }",
    "type: 'ReLU6'",
    "type: 'ELU'",
    "type: 'Clip' clip_param { min: -1 max: 2 }",
    "type: 'Swish'",
    "type: 'PReLU'",
    "type: 'Sigmoid'",
    "type: 'TanH'",
    "type: 'BNLL'",
    "type: 'AbsVal'",
    "type: 'GELU'",
    "type: 'Exp'",
    "type: 'Power' power_param { power: 2 }",
    "type: 'Softmax'",
    "type: 'Dropout' dropout_param { dropout_ratio: 0.01 }",
};

template <typename TypeParam>
class NanLayersTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(NanLayersTest, TestDtypesAndDevices);

TYPED_TEST(NanLayersTest, PassesThroughEveryActivationAndItsGradient) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* text : kActivations) {
    SCOPED_TRACE(text);
    Blob<Dtype>* bottom = this->Random({2, 19, 3, 3});
    Blob<Dtype>* top = this->Empty();
    const int bad = 77;
    bottom->mutable_cpu_data()[bad] = Dtype(kNan);
    const auto layer = this->Make(text);
    layer->SetUp({bottom}, {top});
    layer->Forward({bottom}, {top});
    EXPECT_TRUE(std::isnan(top->cpu_data()[bad]));
    for (int i = 0; i < top->count(); ++i) top->mutable_cpu_diff()[i] = 1;
    layer->Backward({top}, {true}, {bottom});
    // Piecewise linear ones pass the gradient on; the others' slope is not a number.
    EXPECT_NE(bottom->cpu_diff()[bad], Dtype(0));
  }
}

/// Layers that choose among values: the result at place 0 sees the NaN that stands at place 0.
const char* const kChoices[] = {
    "type: 'Pooling' pooling_param { pool: MAX kernel_size: 3 pad: 1 }",
    "type: 'Pooling' pooling_param { pool: AVE kernel_size: 3 pad: 1 }",
    "type: 'Pooling' phase: TRAIN pooling_param { pool: STOCHASTIC kernel_size: 2 }",
    "type: 'Pooling' phase: TEST pooling_param { pool: STOCHASTIC kernel_size: 2 }",
    "type: 'Eltwise' eltwise_param { operation: MAX }",
    "type: 'Threshold'",
    "type: 'ArgMax' argmax_param { out_max_val: true axis: 3 }",
};

TYPED_TEST(NanLayersTest, PassesThroughEveryChoice) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* text : kChoices) {
    const bool is_eltwise = string(text).find("Eltwise") != string::npos;
    for (int bad_bottom = 0; bad_bottom < (is_eltwise ? 3 : 1); ++bad_bottom) {
      SCOPED_TRACE(text + std::to_string(bad_bottom));
      vector<Blob<Dtype>*> bottoms;
      for (int i = 0; i < (is_eltwise ? 3 : 1); ++i) {
        bottoms.push_back(this->Random({2, 17, 4, 4}));
        for (int k = 0; k < bottoms[i]->count(); ++k) {
          Dtype* value = bottoms[i]->mutable_cpu_data() + k;
          *value = std::abs(*value);
        }
      }
      bottoms[bad_bottom]->mutable_cpu_data()[0] = Dtype(kNan);
      Blob<Dtype>* top = this->Empty();
      this->Run(text, bottoms, {top});
      EXPECT_TRUE(std::isnan(top->cpu_data()[0]));
      EXPECT_FALSE(std::isnan(top->cpu_data()[top->count() - 1]));
    }
  }
}

TEST(NanPoolingTest, PassesThroughPoolingInBlocks) {
  Caffe::set_mode(Caffe::CPU);
  for (const int block : {8, 16}) {
    for (const int bad : {0, 5, 15}) {
      SCOPED_TRACE(bad);
      Blob<float> bottom(vector<int>{2, 17, 4, 4}), top;
      for (int k = 0; k < bottom.count(); ++k) {
        bottom.mutable_cpu_data()[k] = static_cast<float>(k % 11);
      }
      bottom.mutable_cpu_data()[bad] = kNan;
      const auto layer = LayerRegistry<float>::CreateLayer(
          LayerText("type: 'Pooling' pooling_param { pool: MAX global_pooling: true }"));
      layer->SetUp({&bottom}, {&top});
      MoveIntoBlocks(bottom.data().get(), bottom.shape(), block);
      layer->Forward({&bottom}, {&top});
      EXPECT_TRUE(std::isnan(top.cpu_data()[0]));
      EXPECT_EQ(top.cpu_data()[1], 10);
    }
  }
}

const char* const kFusedActivations[] = {"ReLU", "ReLU6", "Clip", "Swish"};

string FusedNet(const string& activation, bool depthwise, bool sum) {
  const string param = activation == "Clip" ? "clip_param { min: -1 max: 2 }" : "";
  string text = Images() + Conv("first", "data", 32) + Norm("bn_first", "first") +
                LayerText("act_first", activation, {"first"}, "first", param) +
                (depthwise ? Depthwise("second", "first", 32) : Conv("second", "first", 32)) +
                Norm("bn_second", "second");
  string last = "second";
  if (sum) {
    text += Sum("sum", "second", "first");
    last = "sum";
  }
  return text + LayerText("act_second", activation, {last}, last, param) + Classifier(last);
}

class NanNetsTest : public CPUDeviceTest<float> {
 protected:
  static int CountNan(const Blob<float>& blob) {
    return static_cast<int>(std::count_if(blob.cpu_data(), blob.cpu_data() + blob.count(),
                                          [](float x) { return std::isnan(x); }));
  }
};

TEST_F(NanNetsTest, EveryFormAgrees) {
  for (const Phase phase : {TRAIN, TEST}) {
    for (const char* activation : kFusedActivations) {
      for (const bool depthwise : {false, true}) {
        for (const bool sum : {false, true}) {
          const string text = FusedNet(activation, depthwise, sum);
          SCOPED_TRACE(text + Phase_Name(phase));
          const auto plain = Make(text, {.fusion = false}, phase);
          const auto fused = Make(text, {}, phase);
          NetParameter weights;
          plain->ToProto(&weights);
          fused->CopyTrainedLayersFrom(weights);
          for (Net<float>* net : {plain.get(), fused.get()}) {
            Blob<float>* data = net->blob_by_name("data").get();
            for (int i = 0; i < data->count(); ++i) {
              data->mutable_cpu_data()[i] = static_cast<float>(i % 13) / 6 - 1;
            }
            net->Forward();  // a clean pass first
            EXPECT_EQ(CountNan(*net->blob_by_name("fc")), 0);
            data->mutable_cpu_data()[70] = kNan;
            net->Forward();
          }
          EXPECT_GT(CountNan(*plain->blob_by_name("fc")), 0);
          EXPECT_EQ(CountNan(*fused->blob_by_name("fc")), CountNan(*plain->blob_by_name("fc")));
        }
      }
    }
  }
}

TEST_F(NanNetsTest, FoldsAgainWhenTheNanIsGone) {
  const auto net = Make(FusedNet("ReLU", false, false), {}, TEST);
  Blob<float>* data = net->blob_by_name("data").get();
  const auto folded = [&] {
    int count = 0;
    for (const auto& step : net->plan().steps()) count += step->ran();
    return count;
  };
  net->Forward();
  const int before = folded();
  EXPECT_GT(before, 0);
  data->mutable_cpu_data()[70] = kNan;
  net->Forward();
  data->mutable_cpu_data()[70] = 1;
  net->Forward();
  EXPECT_EQ(folded(), before);
  EXPECT_EQ(CountNan(*net->blob_by_name("fc")), 0);
}

TEST_F(NanNetsTest, ANanAmongTheWeightsShows) {
  for (const char* activation : kFusedActivations) {
    SCOPED_TRACE(activation);
    const auto net = Make(FusedNet(activation, false, false), {}, TEST);
    net->Forward();
    net->layer_by_name("second")->blobs()[0]->mutable_cpu_data()[3] = kNan;
    net->Forward();
    EXPECT_GT(CountNan(*net->blob_by_name("fc")), 0);
  }
}

TEST_F(NanNetsTest, AStoredVarianceBelowZeroCountsAsZero) {
  const string text = FusedNet("ReLU", false, false);
  vector<float> scores[2];
  for (const bool fusion : {false, true}) {
    Caffe::set_random_seed(5);
    const auto net = Make(text, {.fusion = fusion}, TEST);
    const auto& blobs = net->layer_by_name("bn_first")->blobs();
    blobs[1]->mutable_cpu_data()[2] = -3;
    blobs[2]->mutable_cpu_data()[0] = 1;
    net->Forward();
    const Blob<float>& fc = *net->blob_by_name("fc");
    EXPECT_EQ(CountNan(fc), 0);
    scores[fusion].assign(fc.cpu_data(), fc.cpu_data() + fc.count());
  }
  for (size_t i = 0; i < scores[0].size(); ++i) {
    EXPECT_NEAR(scores[1][i], scores[0][i], 1e-3 * (1 + std::fabs(scores[0][i])));
  }
}

}  // namespace
}  // namespace caffe
