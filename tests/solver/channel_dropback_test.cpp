#include "solver/channel_dropback.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/db.hpp"
#include "solver/channel_dropback_solver.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

/// Two convolutions and a classifier, with normalisation in between.
string ConvNet() {
  const string conv =
      "convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: 'xavier' } } } ";
  return "net_param { name: 'conv' "
         "  layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "    dummy_data_param { shape { dim: 4 dim: 2 dim: 6 dim: 6 } shape { dim: 4 } "
         "      data_filler { type: 'gaussian' std: 1 } "
         "      data_filler { type: 'constant' value: 1 } } } "
         "  layer { name: 'conv1' type: 'Convolution' bottom: 'data' top: 'conv1' " +
         conv +
         "  layer { name: 'scale1' type: 'Scale' bottom: 'conv1' top: 'conv1' } "
         "  layer { name: 'conv2' type: 'Convolution' bottom: 'conv1' top: 'conv2' " +
         conv +
         "  layer { name: 'fc' type: 'InnerProduct' bottom: 'conv2' top: 'fc' "
         "    inner_product_param { num_output: 3 weight_filler { type: 'xavier' } } } "
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' "
         "    top: 'loss' } } ";
}

const char kSettings[] =
    "lr_policy: 'fixed' base_lr: 0.25 momentum: 0.75 weight_decay: 0.125 random_seed: 5 "
    "snapshot_after_train: false ";

string Method(double layer_rate, double channel_rate, const string& more = "") {
  return "channel_dropback_param { layer_drop_rate { value: " + std::to_string(layer_rate) +
         " } channel_drop_rate { value: " + std::to_string(channel_rate) + " } " + more + " } ";
}

/// An LMDB of random images, 1 x 2 x 2, of two classes.
void WriteDatabase(const string& path, int samples) {
  std::unique_ptr<db::DB> database(db::GetDB("lmdb"));
  database->Open(path, db::NEW);
  std::unique_ptr<db::Transaction> transaction(database->NewTransaction());
  for (int i = 0; i < samples; ++i) {
    Datum datum;
    datum.set_channels(1);
    datum.set_height(2);
    datum.set_width(2);
    datum.set_label(i % 2);
    datum.set_data(string(4, static_cast<char>(i)));
    transaction->Put(std::to_string(i), datum.SerializeAsString());
  }
  transaction->Commit();
}

template <typename TypeParam>
class ChannelDropBackTest : public MultiDeviceTest<TypeParam> {};

TYPED_TEST_SUITE(ChannelDropBackTest, TestDtypesAndDevices);

TYPED_TEST(ChannelDropBackTest, RateZeroIsBitIdenticalToTheBase) {
  typedef typename TypeParam::Dtype Dtype;
  for (const string& base : {string("SGD"), string("Nesterov")}) {
    auto plain = MakeSolver<Dtype>("type: '" + base + "' " + kSettings + ConvNet());
    auto dropping =
        MakeSolver<Dtype>("type: 'ChannelDropBack' " + string(kSettings) +
                          Method(0, 0.5, "skip_layers: 0 base: '" + base + "'") + ConvNet());
    EXPECT_STREQ(dropping->type(), "ChannelDropBack");
    plain->Step(4);
    dropping->Step(4);
    EXPECT_EQ(AllData<Dtype>(plain->net()->learnable_params()),
              AllData<Dtype>(dropping->net()->learnable_params()));
    EXPECT_EQ(AllData<Dtype>(plain->history()), AllData<Dtype>(dropping->history()));
  }
}

// Paper, section 3.2: dropped channels stay, their momentum goes on, all else is plain SGD.
TYPED_TEST(ChannelDropBackTest, MasksTheUpdateAndNothingElse) {
  typedef typename TypeParam::Dtype Dtype;
  auto plain = MakeSolver<Dtype>(kSettings + ConvNet());
  auto dropping = MakeSolver<Dtype>(
      kSettings + Method(1, 0.5, "skip_layers: 1 selection: EACH_LAYER") + ConvNet());
  const auto& before = plain->net()->learnable_params();
  vector<vector<Dtype>> old;
  for (const Blob<Dtype>* blob : before) {
    old.emplace_back(blob->cpu_data(), blob->cpu_data() + blob->count());
  }
  plain->Step(1);
  dropping->Step(1);
  EXPECT_EQ(AllData<Dtype>(plain->history()), AllData<Dtype>(dropping->history()));

  const ChannelDropBack& method = *dropping->channel_dropback();
  ASSERT_EQ(method.eligibility().layers.size(), 2u);
  int64_t dropped = 0;
  for (size_t p = 0; p < old.size(); ++p) {
    const EligibleLayer* eligible = nullptr;
    for (const EligibleLayer& layer : method.eligibility().layers) {
      if (layer.learnable_id == static_cast<int>(p)) eligible = &layer;
    }
    const Dtype* with = dropping->net()->learnable_params()[p]->cpu_data();
    const Dtype* without = before[p]->cpu_data();
    const int channels = eligible ? eligible->channels : 1;
    const int inner = static_cast<int>(old[p].size()) / channels;
    for (int c = 0; c < channels; ++c) {
      const bool keep = !eligible || method.plan().keeps(*eligible, c);
      dropped += !keep;
      for (int i = c * inner; i < (c + 1) * inner; ++i) {
        ASSERT_EQ(with[i], keep ? without[i] : old[p][i]) << p << " " << i;
        if (!keep) ASSERT_NE(old[p][i], without[i]) << "the test shows nothing";
      }
    }
  }
  EXPECT_GT(dropped, 0);
  EXPECT_EQ(dropped, method.plan().dropped_channels);
}

TYPED_TEST(ChannelDropBackTest, TransposedInnerProductDropsItsOutputs) {
  typedef typename TypeParam::Dtype Dtype;
  const string net =
      "net_param { layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
      "    dummy_data_param { shape { dim: 4 dim: 5 } shape { dim: 4 } "
      "      data_filler { type: 'gaussian' std: 1 } data_filler { type: 'constant' value: 1 } } } "
      "  layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' "
      "    inner_product_param { num_output: 8 transpose: true "
      "      weight_filler { type: 'gaussian' std: 1 } } } "
      "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' } } ";
  auto solver = MakeSolver<Dtype>(kSettings + Method(1, 0.5, "skip_layers: 0") + net);
  const auto old = AllData<Dtype>(solver->net()->learnable_params());
  solver->Step(1);
  const auto now = AllData<Dtype>(solver->net()->learnable_params());
  const ChannelDropBack& method = *solver->channel_dropback();
  const EligibleLayer& layer = method.eligibility().layers[0];
  ASSERT_EQ(layer.channels, 8);
  EXPECT_GT(method.plan().dropped_channels, 0);
  for (int i = 0; i < 5 * 8; ++i) EXPECT_EQ(now[i] == old[i], !method.plan().keeps(layer, i % 8));
}

TEST(ChannelDropBackDefaultsTest, OneLineGivesThePaper) {
  Caffe::set_mode(Caffe::CPU);
  auto solver = MakeSolver<float>(
      "type: 'ChannelDropBack' base_lr: 0.1 lr_policy: 'multistep' gamma: 0.1 stepvalue: 30 "
      "stepvalue: 60 max_iter: 100 channel_dropback_param { skip_layers: 1 } " +
      ConvNet());
  const ChannelDropBack& method = *solver->channel_dropback();
  EXPECT_EQ(method.options().base, "SGD");
  EXPECT_EQ(method.options().selection, ChannelDropBackParameter::ONE_LAYER);
  EXPECT_FLOAT_EQ(method.Rates(0).layer, 0.01);
  EXPECT_FLOAT_EQ(method.Rates(30).layer, 0.155);
  EXPECT_FLOAT_EQ(method.Rates(99).layer, 0.3);
  EXPECT_FLOAT_EQ(method.Rates(50).channel, 0.5);
  // Four layers are skipped by default; this net has only three.
  const string error = SolverError(
      "type: 'ChannelDropBack' base_lr: 0.1 lr_policy: 'fixed' "
      "max_iter: 100 " +
      ConvNet());
  EXPECT_NE(error.find("no layer is eligible"), string::npos) << error;
}

TEST(ChannelDropBackDefaultsTest, WithoutDecaysTheRateRisesInALine) {
  Caffe::set_mode(Caffe::CPU);
  auto solver = MakeSolver<float>(
      "type: 'ChannelDropBack' base_lr: 0.1 lr_policy: 'cosine' "
      "max_iter: 100 channel_dropback_param { skip_layers: 0 } " +
      ConvNet());
  EXPECT_FLOAT_EQ(solver->channel_dropback()->Rates(0).layer, 0.01);
  EXPECT_FLOAT_EQ(solver->channel_dropback()->Rates(50).layer, 0.155);
}

/// The training net reads 10 samples in batches of 4: 3 iterations make an epoch.
TEST(ChannelDropBackDefaultsTest, OneLineGivesTheReference) {
  Caffe::set_mode(Caffe::CPU);
  const TempDir dir;
  WriteDatabase(dir / "lmdb", 10);
  const string net =
      "net_param { layer { name: 'data' type: 'Data' top: 'data' top: 'label' "
      "    data_param { source: '" +
      (dir / "lmdb") +
      "' backend: LMDB batch_size: 4 } } "
      "  layer { name: 'fc1' type: 'InnerProduct' bottom: 'data' top: 'fc1' "
      "    inner_product_param { num_output: 4 weight_filler { type: 'xavier' } } } "
      "  layer { name: 'fc2' type: 'InnerProduct' bottom: 'fc1' top: 'fc2' "
      "    inner_product_param { num_output: 4 weight_filler { type: 'xavier' } } } "
      "  layer { name: 'fc3' type: 'InnerProduct' bottom: 'fc2' top: 'fc3' "
      "    inner_product_param { num_output: 2 weight_filler { type: 'xavier' } } } "
      "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc3' bottom: 'label' } } ";
  auto solver = MakeSolver<float>(
      "type: 'ChannelDropBack' base_lr: 1e-4 momentum: 0.9 lr_policy: 'multistep' gamma: 0.1 "
      "stepvalue: 6 stepvalue: 15 max_iter: 30 channel_dropback_param { semantics: REFERENCE } " +
      net);
  const ChannelDropBack& method = *solver->channel_dropback();
  EXPECT_EQ(method.options().base, "Nesterov");
  // Falls in epochs 2 and 5; the rate rises two epochs later each time.
  const struct {
    int iteration;
    double rate;
  } expected[] = {{0, 0.03}, {11, 0.03}, {12, 0.15}, {20, 0.15}, {21, 0.3}, {29, 0.3}};
  for (const auto& at : expected) EXPECT_NEAR(method.Rates(at.iteration).layer, at.rate, 1e-7);
  // The weights of fc1 and fc2 are parameters 0 and 2, not above 3.
  ASSERT_EQ(method.eligibility().layers.size(), 1u);
  EXPECT_EQ(method.eligibility().layers[0].name, "fc3");
  solver->Step(30);
}

TEST(ChannelDropBackLogTest, TableAndStatusLines) {
  Caffe::set_mode(Caffe::CPU);
  LogCapture log;
  auto solver = MakeSolver<float>("display: 2 " + string(kSettings) +
                                  Method(1, 1, "skip_layers: 1") + ConvNet());
  solver->Step(3);
  EXPECT_EQ(log.Count("conv1   Convolution   6x2x3x3  -         no: one of the first 1 layers"), 1);
  EXPECT_EQ(log.Count("scale1  Scale         6        -         no: type Scale"), 1);
  EXPECT_EQ(log.Count("conv2   Convolution   6x6x3x3  6         yes, probability 0.5"), 1);
  EXPECT_EQ(log.Count("fc      InnerProduct  3x24     3         yes, probability 0.5"), 1);
  EXPECT_EQ(log.Count("ChannelDropBack: layer drop rate = 1, channel drop rate = 1, masked "), 2);
  EXPECT_EQ(log.Count(" % of channels in 1 iteration"), 1);
  EXPECT_EQ(log.Count(" % of channels in 2 iterations"), 1);
}

TEST(ChannelDropBackErrorsTest, RefusedBeforeTheFirstIteration) {
  Caffe::set_mode(Caffe::CPU);
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"skip_layers: 0 layer_drop_rate { value: 2 }", "layer_drop_rate (policy 'fixed')"},
      {"skip_layers: 0 layer_drop_rate { policy: 'adaptive' initial: 0 final: 1 }",
       "lr_policy has no such points"},
      {"skip_layers: 0 layer_drop_rate { value: 0 } layer { name: 'cnv1' }",
       "did you mean 'conv1'"},
      {"skip_layers: 0 layer_drop_rate { value: 0 } channel_axis: INPUT drop_bias: true",
       "set channel_axis: OUTPUT"},
      {"semantics: REFERENCE", "iterations_per_epoch: N milestone: A milestone: B"},
      {"skip_layers: 0 layer_drop_rate { value: 0 } channel_axis: INPUT layer { name: 'scale1' "
       "eligible: true }",
       "layer 'scale1' is to be eligible, but its weights have no INPUT axis"},
      {"skip_layers: 0 layer_drop_rate { value: 0 } base: 'Nesterov'", "base is Nesterov"},
      {"skip_layers: 0", "set max_iter or layer_drop_rate"},
  };
  for (const auto& bad : cases) {
    const string error =
        SolverError(string(kSettings) + "channel_dropback_param { " + bad.text + " } " + ConvNet());
    EXPECT_NE(error.find(bad.message), string::npos) << bad.text << "\n" << error;
  }
  const string error = SolverError("type: 'ChannelDropBack' " + string(kSettings) +
                                   "channel_dropback_param { base: 'Adm' } " + ConvNet());
  EXPECT_NE(error.find("unknown update rule 'Adm'"), string::npos) << error;
}

}  // namespace
}  // namespace caffe
