#include "caffe/net.hpp"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "caffe/test/test_caffe_main.hpp"

namespace caffe {
namespace {

NetParameter Parse(const string& text) {
  NetParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param)) << text;
  return param;
}

string ErrorOf(const string& text, Phase phase = TRAIN) {
  NetParameter param = Parse(text);
  param.mutable_state()->set_phase(phase);
  try {
    Net<float> net(param);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), string::npos) << (text)

/// Random inputs of 4 x 3 and integer labels 0 or 1, as layers `data`.
const char kInputs[] =
    "layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' dummy_data_param {"
    "  shape { dim: 4 dim: 3 } shape { dim: 4 }"
    "  data_filler { type: 'gaussian' std: 1 } data_filler { type: 'constant' value: 1 } } } ";

string Fc(const string& name, const string& bottom, const string& more = "", int outputs = 2) {
  return "layer { name: '" + name + "' type: 'InnerProduct' bottom: '" + bottom + "' top: '" +
         name + "' inner_product_param { num_output: " + std::to_string(outputs) +
         " weight_filler { type: 'gaussian' std: 0.5 } } " + more + " } ";
}

const char kLoss[] =
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' } ";

template <typename TypeParam>
class NetTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;
  void Build(const string& text, Phase phase = TRAIN) {
    NetParameter param = Parse(text);
    param.mutable_state()->set_phase(phase);
    net_.reset(new Net<Dtype>(param));
  }
  vector<Dtype> DiffOf(const Blob<Dtype>& blob) {
    return vector<Dtype>(blob.cpu_diff(), blob.cpu_diff() + blob.count());
  }
  std::unique_ptr<Net<Dtype>> net_;
};
TYPED_TEST_SUITE(NetTest, TestDtypesAndDevices);

TYPED_TEST(NetTest, NamesShapesAndOutputsInAlphabeticalOrder) {
  this->Build(kInputs + Fc("ip", "data") + Fc("b_out", "data", "", 5) + Fc("a_out", "ip") + kLoss);
  const auto& net = *this->net_;
  EXPECT_EQ(net.num_inputs(), 0);
  ASSERT_EQ(net.num_outputs(), 3);
  EXPECT_EQ(net.blob_names()[net.output_blob_indices()[0]], "a_out");
  EXPECT_EQ(net.blob_names()[net.output_blob_indices()[1]], "b_out");
  EXPECT_EQ(net.blob_names()[net.output_blob_indices()[2]], "loss");
  EXPECT_TRUE(net.has_layer("data_data_0_split"));
  EXPECT_TRUE(net.has_blob("ip_ip_0_split_1"));
  EXPECT_FALSE(net.has_blob("ip2"));
  EXPECT_EQ(net.blob_by_name("ip2"), nullptr);
  EXPECT_EQ(net.layer_by_name("loss")->type(), string("SoftmaxWithLoss"));
  EXPECT_EQ(net.blob_by_name("b_out")->shape(), (vector<int>{4, 5}));
  EXPECT_EQ(net.learnable_params().size(), 6u);
}

TYPED_TEST(NetTest, BackwardRunsWhereALossAndAParameterAre) {
  this->Build(kInputs + Fc("ip", "data") + Fc("unused", "data") + kLoss);
  const auto& net = *this->net_;
  const auto needs = [&](const string& layer) {
    const auto& names = net.layer_names();
    return bool(
        net.layer_need_backward()[std::find(names.begin(), names.end(), layer) - names.begin()]);
  };
  EXPECT_TRUE(needs("loss"));
  EXPECT_TRUE(needs("ip"));
  EXPECT_FALSE(needs("unused"));
  EXPECT_FALSE(needs("data_data_0_split"));
  EXPECT_FALSE(needs("data"));
}

TYPED_TEST(NetTest, PropagateDownFalseStopsTheGradient) {
  const string net =
      kInputs + Fc("first", "data") + Fc("ip", "first", "propagate_down: false") + kLoss;
  this->Build(net);
  this->net_->ForwardBackward();
  EXPECT_EQ(this->net_->learnable_params()[0]->asum_diff(), 0);
  EXPECT_GT(this->net_->learnable_params()[2]->asum_diff(), 0);
  EXPECT_FALSE(this->net_->bottom_need_backward()[2][0]);
}

TYPED_TEST(NetTest, FrozenParametersGetNoGradient) {
  this->Build(kInputs + Fc("ip", "data", "param { lr_mult: 0 } param { lr_mult: 1 }") + kLoss);
  this->net_->ForwardBackward();
  EXPECT_EQ(this->net_->learnable_params()[0]->asum_diff(), 0);
  EXPECT_GT(this->net_->learnable_params()[1]->asum_diff(), 0);
}

TYPED_TEST(NetTest, ForceBackwardReachesTheData) {
  this->Build("force_backward: true " + (kInputs + Fc("ip", "data")) + kLoss);
  this->net_->ForwardBackward();
  EXPECT_GT(this->net_->blob_by_name("data")->asum_diff(), 0);
}

TYPED_TEST(NetTest, LossWeightsScaleLossAndGradient) {
  typedef typename TypeParam::Dtype Dtype;
  const string input = kInputs + Fc("ip", "data");
  const string loss =
      "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' ";
  this->Build(input + loss + "}");
  const Dtype plain_loss = this->net_->ForwardBackward();
  const vector<Dtype> plain = this->DiffOf(*this->net_->learnable_params()[0]);
  this->Build(input + loss + "loss_weight: 3 }");
  EXPECT_NEAR(this->net_->ForwardBackward(), 3 * plain_loss, 1e-5);
  const vector<Dtype> scaled = this->DiffOf(*this->net_->learnable_params()[0]);
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_NEAR(scaled[i], 3 * plain[i], 1e-5);
}

// A loss whose top another layer reads counts once, with its own weight.
TYPED_TEST(NetTest, AWeightedLossThatIsReadCountsOnce) {
  typedef typename TypeParam::Dtype Dtype;
  const string input = kInputs + Fc("ip", "data");
  const string loss =
      "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' "
      "loss_weight: 3 } ";
  this->Build(input + loss);
  const Dtype alone = this->net_->ForwardBackward();
  const vector<Dtype> wanted = this->DiffOf(*this->net_->learnable_params()[0]);
  this->Build(input + loss + "layer { name: 'quiet' type: 'Silence' bottom: 'loss' }");
  EXPECT_NEAR(this->net_->ForwardBackward(), alone, 1e-5);
  const vector<Dtype> found = this->DiffOf(*this->net_->learnable_params()[0]);
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-5);
}

TYPED_TEST(NetTest, SharedParametersAddTheirGradients) {
  typedef typename TypeParam::Dtype Dtype;
  const string named = "param { name: 'w' } param { name: 'b' }";
  const string sum = "layer { name: 'ip' type: 'Eltwise' bottom: 'one' bottom: 'two' top: 'ip' } ";
  this->Build(kInputs + Fc("one", "data", named) + Fc("two", "data", named) + sum + kLoss);
  auto& net = *this->net_;
  ASSERT_EQ(net.learnable_params().size(), 2u);
  ASSERT_EQ(net.params().size(), 4u);
  EXPECT_EQ(net.param_owners(), (vector<int>{-1, -1, 0, 1}));
  EXPECT_EQ(net.params()[0]->data().get(), net.params()[2]->data().get());
  net.ForwardBackward();
  const vector<Dtype> both = this->DiffOf(*net.learnable_params()[0]);
  // With equal weights in two branches, each branch contributes half.
  net.ClearParamDiffs();
  EXPECT_EQ(net.learnable_params()[0]->asum_diff(), 0);
  const auto& names = net.layer_names();
  const int two = std::find(names.begin(), names.end(), "two") - names.begin();
  net.BackwardFromTo(static_cast<int>(names.size()) - 1, two);
  const vector<Dtype> one = this->DiffOf(*net.learnable_params()[0]);
  for (size_t i = 0; i < both.size(); ++i) EXPECT_NEAR(both[i], 2 * one[i], 1e-5);
}

TYPED_TEST(NetTest, PartialRunsEqualAWholeOne) {
  typedef typename TypeParam::Dtype Dtype;
  this->Build(kInputs + Fc("first", "data", "", 6) +
              "layer { name: 'relu' type: 'ReLU' bottom: 'first' top: 'first' } " +
              Fc("ip", "first") + kLoss);
  auto& net = *this->net_;
  const Dtype whole = net.Forward().back()->cpu_data()[0];
  Dtype parts = net.ForwardFromTo(1, 2);
  parts += net.ForwardFrom(3);
  EXPECT_EQ(parts, whole);
  // A blob in between, changed by hand, counts from there on.
  net.blob_by_name("first")->scale_data(0);
  net.ForwardFrom(3);
  const Blob<Dtype>& ip = *net.blob_by_name("ip");
  for (int i = 0; i < ip.count(); ++i) EXPECT_EQ(ip.cpu_data()[i], 0);
}

TYPED_TEST(NetTest, WeightsGoThroughAFileFormAndBack) {
  typedef typename TypeParam::Dtype Dtype;
  const string text = kInputs + Fc("ip", "data") + kLoss;
  this->Build(text);
  NetParameter stored;
  this->net_->ToProto(&stored);
  Net<Dtype> other(Parse(text));
  caffe_set(6, Dtype(0), other.learnable_params()[0]->mutable_cpu_data());
  other.CopyTrainedLayersFrom(stored);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(other.learnable_params()[0]->cpu_data()[i],
              this->net_->learnable_params()[0]->cpu_data()[i]);
  }
  Net<Dtype> wide(Parse(kInputs + Fc("ip", "data", "", 3) + kLoss));
  try {
    wide.CopyTrainedLayersFrom(stored);
    FAIL();
  } catch (const Error& error) {
    EXPECT_CONTAINS(string(error.what()), "weights of 2x3 do not fit 3x3");
  }
  wide.layer_by_name("ip");
  Net<Dtype> tester(Parse(text));
  tester.ShareTrainedLayersWith(this->net_.get());
  EXPECT_EQ(tester.params()[0]->data().get(), this->net_->params()[0]->data().get());
}

TYPED_TEST(NetTest, ANetThatContinuesFromProgressDrawsTheSameNumbers) {
  typedef typename TypeParam::Dtype Dtype;
  const string text = kInputs + Fc("ip", "data") + kLoss;
  this->Build(text);
  for (int i = 0; i < 3; ++i) this->net_->Forward();
  NetProgress progress;
  this->net_->GetProgress(&progress);
  EXPECT_EQ(progress.forward_passes(), 3u);
  this->net_->Forward();
  const Blob<Dtype>& wanted = *this->net_->blob_by_name("data");
  Net<Dtype> other(this->net_->layers().empty() ? NetParameter() : [&] {
    NetParameter param = Parse(text);
    param.mutable_state()->set_phase(TRAIN);
    return param;
  }());
  other.Forward();
  EXPECT_NE(other.blob_by_name("data")->cpu_data()[0], wanted.cpu_data()[0]);
  other.SetProgress(progress);
  other.Forward();
  for (int i = 0; i < wanted.count(); ++i) {
    EXPECT_EQ(other.blob_by_name("data")->cpu_data()[i], wanted.cpu_data()[i]);
  }
}

// Weights follow from the seed and the layer's name alone.
TYPED_TEST(NetTest, AnotherLayerDoesNotChangeInitialWeights) {
  typedef typename TypeParam::Dtype Dtype;
  this->Build(kInputs + Fc("ip", "data") + kLoss);
  Net<Dtype> larger(Parse(kInputs + Fc("extra", "data") + Fc("ip", "data") + kLoss));
  const Blob<Dtype>& found = *larger.layer_by_name("ip")->blobs()[0];
  for (int i = 0; i < found.count(); ++i) {
    EXPECT_EQ(found.cpu_data()[i], this->net_->learnable_params()[0]->cpu_data()[i]);
  }
}

TEST(NetErrorTest, WiringMistakesAreNamed) {
  EXPECT_CONTAINS(ErrorOf(kInputs + Fc("ip", "dta") + kLoss), "did you mean 'data'?");
  EXPECT_CONTAINS(ErrorOf(kInputs + Fc("data", "label")), "multiple sources");
  EXPECT_CONTAINS(ErrorOf("layer { name: 'x' type: 'Convolutoin' }"), "'Convolution'");
  EXPECT_CONTAINS(ErrorOf(kInputs + Fc("ip", "data", "propagate_down: true propagate_down: true")),
                  "propagate_down is given 2 time(s)");
  EXPECT_CONTAINS(ErrorOf(kInputs + Fc("ip", "data", "param {} param {} param {}")),
                  "3 param { } blocks");
  EXPECT_CONTAINS(ErrorOf(kInputs + Fc("ip", "data", "loss_weight: 1 loss_weight: 2")),
                  "loss_weight is given 2 time(s)");
  EXPECT_CONTAINS(ErrorOf(kInputs + Fc("ip", "data", "include { phase: TRAIN } exclude {}")),
                  "not both");
  EXPECT_CONTAINS(
      ErrorOf(string(kInputs) + "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'data' }"),
      "exactly 2 bottom(s), this one has 1");
}

// The in-place layer would change what the reader before it has already been given.
TEST(NetErrorTest, InPlaceOnABlobThatAnEarlierLayerReads) {
  EXPECT_CONTAINS(ErrorOf(kInputs + Fc("ip", "data") + Fc("reader", "ip") +
                          "layer { name: 'relu' type: 'ReLU' bottom: 'ip' top: 'ip' } " + kLoss),
                  "relu (ReLU): top 'ip'");
}

TEST(NetErrorTest, SharedParametersMustAgree) {
  const auto pair = [](const string& first, const string& second, int outputs) {
    return kInputs + Fc("ip", "data", first) + Fc("two", "data", second, outputs) + kLoss;
  };
  EXPECT_CONTAINS(ErrorOf(pair("param { name: 'w' }", "param { name: 'w' }", 3)),
                  "is 3x3 here but 2x3 in layer 'ip'");
  EXPECT_CONTAINS(
      ErrorOf(pair("param { name: 'w' lr_mult: 2 }", "param { name: 'w' lr_mult: 1 }", 2)),
      "lr_mult 1 here but 2 in an earlier layer");
  EXPECT_EQ(ErrorOf(pair("param { name: 'w' lr_mult: 2 }", "param { name: 'w' }", 2)), "no error");
  EXPECT_EQ(ErrorOf(pair("param { name: 'w' }", "param { name: 'w' share_mode: PERMISSIVE }", 2)),
            "no error");
}

TEST(NetFilterTest, RulesOfPhaseLevelAndStage) {
  const auto kept = [](const string& state, const string& rules) {
    NetParameter filtered;
    Net<float>::FilterNet(
        Parse("state { " + state + " } layer { name: 'x' type: 'Silence' " + rules + " }"),
        &filtered);
    return filtered.layer_size() == 1;
  };
  EXPECT_TRUE(kept("", ""));
  EXPECT_TRUE(kept("", "include { }"));
  EXPECT_FALSE(kept("", "exclude { }"));
  EXPECT_TRUE(kept("phase: TRAIN", "include { phase: TRAIN }"));
  EXPECT_FALSE(kept("phase: TEST", "include { phase: TRAIN }"));
  EXPECT_TRUE(kept("phase: TEST", "exclude { phase: TRAIN }"));
  EXPECT_TRUE(kept("phase: TEST", "include { phase: TRAIN } include { phase: TEST }"));
  EXPECT_FALSE(kept("level: 1", "include { min_level: 2 }"));
  EXPECT_TRUE(kept("level: 2", "include { min_level: 2 max_level: 2 }"));
  EXPECT_FALSE(kept("level: 3", "include { max_level: 2 }"));
  EXPECT_TRUE(kept("stage: 'a' stage: 'b'", "include { stage: 'a' stage: 'b' }"));
  EXPECT_FALSE(kept("stage: 'a'", "include { stage: 'a' stage: 'b' }"));
  EXPECT_FALSE(kept("stage: 'a'", "include { not_stage: 'a' }"));
  EXPECT_TRUE(kept("stage: 'a'", "exclude { not_stage: 'a' }"));
}

TEST(NetFilterTest, ALayersOwnPhaseStays) {
  NetParameter param = Parse(kInputs + Fc("ip", "data", "phase: TRAIN") + Fc("other", "data"));
  param.mutable_state()->set_phase(TEST);
  Net<float> net(param);
  EXPECT_EQ(net.layer_by_name("ip")->layer_param().phase(), TRAIN);
  EXPECT_EQ(net.layer_by_name("other")->layer_param().phase(), TEST);
}

}  // namespace
}  // namespace caffe
