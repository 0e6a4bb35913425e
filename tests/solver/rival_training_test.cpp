// Trainings with all layers that regularise by chance.

#include <gtest/gtest.h>

#include <string>

#include "caffe/layers/drop_block_layer.hpp"
#include "caffe/layers/drop_path_layer.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "solver/eligibility.hpp"
#include "tests/rival_net.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

string Definition(const TempDir& dir, const string& layers) {
  return "base_lr: 0.02 momentum: 0.9 lr_policy: 'fixed' max_iter: 8 iter_size: 2 random_seed: 7 "
         "test_interval: 4 test_iter: 1 snapshot_prefix: '" +
         (dir / "run") +
         "' net_param { layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "    dummy_data_param { shape { dim: 6 dim: 3 dim: 6 dim: 6 } shape { dim: 6 } "
         "      data_filler { type: 'gaussian' std: 1 } "
         "      data_filler { type: 'constant' value: 1 } } } " +
         layers + "} ";
}

template <typename TypeParam>
class RivalTrainingTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  void TearDown() override { DefaultPlanOptions() = {}; }

  template <class Type>
  static const Type& LayerOf(const Net<Dtype>& net, const string& name) {
    return dynamic_cast<const Type&>(*net.layer_by_name(name));
  }
};

TYPED_TEST_SUITE(RivalTrainingTest, TestDtypesAndDevices);

TYPED_TEST(RivalTrainingTest, ResumesInBitIdenticalWeights) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  const string text = Definition(dir, RivalNet("0.7"));
  auto whole = MakeSolver<Dtype>(text);
  whole->Solve();
  for (const int stop : {1, 4, 7}) {
    auto first = MakeSolver<Dtype>(text);
    first->Step(stop);
    first->Snapshot();
    auto second = MakeSolver<Dtype>(text);
    second->Solve(dir / ("run_iter_" + std::to_string(stop) + ".solverstate"));
    EXPECT_EQ(AllData<Dtype>(whole->net()->params()), AllData<Dtype>(second->net()->params()));
    EXPECT_EQ(AllData<Dtype>(whole->history()), AllData<Dtype>(second->history()));
    EXPECT_EQ(AllData<Dtype>(whole->test_nets()[0]->output_blobs()),
              AllData<Dtype>(second->test_nets()[0]->output_blobs()));
  }
}

TYPED_TEST(RivalTrainingTest, WithoutDropsIsThePlainNet) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  // What runs as one step is equal to rounding only.
  DefaultPlanOptions().fusion = false;
  auto plain = MakeSolver<Dtype>(Definition(dir, RivalNet("1", true, false)));
  auto rivals = MakeSolver<Dtype>(Definition(dir, RivalNet("1", false, false)));
  auto dropping = MakeSolver<Dtype>(Definition(dir, RivalNet("0.7", false, false)));
  for (auto* solver : {&plain, &rivals, &dropping}) (*solver)->Step(3);
  const auto wanted = AllData<Dtype>(plain->net()->params());
  EXPECT_EQ(wanted, AllData<Dtype>(rivals->net()->params()));
  EXPECT_NE(wanted, AllData<Dtype>(dropping->net()->params()));
}

TYPED_TEST(RivalTrainingTest, FusedStepsGiveTheSame) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  vector<Dtype> weights[2];
  for (const bool fusion : {false, true}) {
    DefaultPlanOptions().fusion = fusion;
    auto solver = MakeSolver<Dtype>(Definition(dir, RivalNet("0.7")));
    solver->Step(1);
    weights[fusion] = AllData<Dtype>(solver->net()->params());
  }
  for (size_t i = 0; i < weights[0].size(); ++i) {
    ASSERT_NEAR(weights[0][i], weights[1][i], 1e-4 * std::max(1.0, std::abs(double(weights[0][i]))))
        << i;
  }
}

TYPED_TEST(RivalTrainingTest, SharedMemoryGivesTheSameBits) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  vector<Dtype> weights[2];
  for (const bool share : {false, true}) {
    DefaultPlanOptions().share_memory = share;
    auto solver = MakeSolver<Dtype>(Definition(dir, RivalNet("0.7")));
    solver->Solve();
    weights[share] = AllData<Dtype>(solver->net()->params());
  }
  EXPECT_EQ(weights[0], weights[1]);
}

// Iterations count, not the two batches of each.
TYPED_TEST(RivalTrainingTest, SchedulesFollowTheSolver) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  auto solver = MakeSolver<Dtype>(Definition(dir, RivalNet("0.6")));
  using Path = DropPathLayer<Dtype>;
  using Block = DropBlockLayer<Dtype>;
  const Net<Dtype>& net = *solver->net();
  EXPECT_NEAR(this->template LayerOf<Path>(net, "conv3_DropPath").drop_rate(), 0.4, 1e-6);
  for (int iteration = 0; iteration < 8; ++iteration) {
    solver->Step(1);
    const double done = iteration / 8.0;
    EXPECT_NEAR(this->template LayerOf<Path>(net, "conv3_DropPath").drop_rate(), 0.4 * done, 1e-6);
    EXPECT_NEAR(this->template LayerOf<Block>(net, "conv2_DropBlock").keep(), 1 - 0.4 * done, 1e-6);
    EXPECT_NEAR(this->template LayerOf<Path>(net, "conv5_DropPath").drop_rate(), 0.2, 1e-6);
  }
  // The test net had its pass before iteration 4.
  const Net<Dtype>& test = *solver->test_nets()[0];
  EXPECT_NEAR(this->template LayerOf<Path>(test, "conv3_DropPath").drop_rate(), 0.2, 1e-6);
  solver->Solve();
  EXPECT_NEAR(this->template LayerOf<Path>(test, "conv3_DropPath").drop_rate(), 0.4, 1e-6);
}

TEST(DropConnectEligibility, IsThatOfAnInnerProduct) {
  EXPECT_TRUE(IsEligibleType("DropConnect"));
  const TempDir dir;
  auto solver = MakeSolver<float>(
      "type: 'ChannelDropBack' channel_dropback_param { skip_layers: 0 selection: EACH_LAYER "
      "layer_drop_rate { value: 1 } channel_drop_rate { value: 0.5 } } " +
      Definition(dir, RivalNet("0.7")));
  solver->Step(1);
  const std::vector<LearnableLayer> layers = LearnableLayers(*solver->net());
  EXPECT_EQ(layers.back().type, "DropConnect");
  EXPECT_GE(layers.back().bias_id, 0);
}

}  // namespace
}  // namespace caffe
