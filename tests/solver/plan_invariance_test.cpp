// What a run drops must not depend on how it runs: threads, device, interruptions, other layers.

#include <gtest/gtest.h>
#include <omp.h>

#include <map>
#include <string>
#include <vector>

#include "caffe/test/test_caffe_main.hpp"
#include "solver/channel_dropback.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

constexpr int kIterations = 10;

string Settings(const string& method) {
  return "lr_policy: 'fixed' base_lr: 0.0625 momentum: 0.75 random_seed: 5 max_iter: 10 "
         "snapshot_after_train: false channel_dropback_param { skip_layers: 0 "
         "layer_drop_rate { value: 0.75 } channel_drop_rate { value: 0.5 } " +
         method + " } ";
}

/// The dropped channels of each layer that the current plan chose.
typedef std::map<string, vector<int>> Dropped;

template <typename Dtype>
Dropped DroppedIn(const SGDSolver<Dtype>& solver) {
  const ChannelDropBack& method = *solver.channel_dropback();
  Dropped dropped;
  for (const DropPlan::Selected& selected : method.plan().selected) {
    const EligibleLayer& layer = method.eligibility().layers[selected.layer];
    vector<int>& channels = dropped[layer.name];
    for (int c = 0; c < layer.channels; ++c) {
      if (!method.plan().keeps(layer, c)) channels.push_back(c);
    }
  }
  return dropped;
}

/// Iteration by iteration, what the solver drops from where it stands.
template <typename Dtype>
vector<Dropped> Run(SGDSolver<Dtype>* solver) {
  vector<Dropped> plans;
  while (solver->iter() < kIterations) {
    solver->Step(1);
    plans.push_back(DroppedIn(*solver));
  }
  return plans;
}

/// What the host draws, whoever asks.
vector<Dropped> PlansOnTheHost(const string& text) {
  Caffe::set_mode(Caffe::CPU);
  auto solver = MakeSolver<float>(text);
  return Run(solver.get());
}

template <typename TypeParam>
class PlanInvarianceTest : public MultiDeviceTest<TypeParam> {};

TYPED_TEST_SUITE(PlanInvarianceTest, TestDtypesAndDevices);

TYPED_TEST(PlanInvarianceTest, DeviceAndThreads) {
  typedef typename TypeParam::Dtype Dtype;
  const int threads = omp_get_max_threads();
  for (const string& method : {string(), string("selection: EACH_LAYER channel_count: EXACT")}) {
    const string text = Settings(method) + TwoLayerNet();
    const vector<Dropped> expected = PlansOnTheHost(text);
    Caffe::set_mode(TypeParam::device);
    for (const int count : {1, 2, 7}) {
      omp_set_num_threads(count);
      auto solver = MakeSolver<Dtype>(text);
      EXPECT_EQ(Run(solver.get()), expected) << count << " threads";
    }
    omp_set_num_threads(threads);
  }
}

TYPED_TEST(PlanInvarianceTest, ResumedAtAnyIteration) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  const string text = "snapshot_prefix: '" + (dir / "run") + "' " + Settings("") + TwoLayerNet();
  auto whole = MakeSolver<Dtype>(text);
  const vector<Dropped> expected = Run(whole.get());
  for (int stop = 1; stop < kIterations; ++stop) {
    auto first = MakeSolver<Dtype>(text);
    first->Step(stop);
    first->Snapshot();
    auto second = MakeSolver<Dtype>(text);
    second->Restore((dir / ("run_iter_" + std::to_string(stop) + ".solverstate")).c_str());
    EXPECT_EQ(Run(second.get()), vector<Dropped>(expected.begin() + stop, expected.end())) << stop;
  }
}

/// The net with another inner product beside the two, and layers without channels.
string LargerNet() {
  string net = TwoLayerNet();
  const string extra =
      "layer { name: 'beside' type: 'InnerProduct' bottom: 'data' top: 'beside' "
      "  inner_product_param { num_output: 7 weight_filler { type: 'gaussian' } } } "
      "layer { name: 'scale' type: 'Scale' bottom: 'beside' top: 'beside' } "
      "layer { name: 'reduced' type: 'InnerProduct' bottom: 'beside' top: 'reduced' "
      "  inner_product_param { num_output: 1 } param { lr_mult: 0 } param { lr_mult: 0 } } ";
  net.insert(net.find("layer { name: 'loss'"), extra);
  return net;
}

TYPED_TEST(PlanInvarianceTest, AnotherLayerInTheNet) {
  typedef typename TypeParam::Dtype Dtype;
  const string each = Settings("selection: EACH_LAYER");
  auto small = MakeSolver<Dtype>(each + TwoLayerNet());
  auto large = MakeSolver<Dtype>(each + LargerNet());
  vector<Dropped> expected = Run(small.get()), plans = Run(large.get());
  for (Dropped& dropped : plans) dropped.erase("beside");
  EXPECT_EQ(plans, expected);

  // Where one layer is drawn, a new one changes the plan only when it is drawn itself.
  expected = PlansOnTheHost(Settings("") + TwoLayerNet());
  plans = PlansOnTheHost(Settings("") + LargerNet());
  int unchanged = 0;
  for (int k = 0; k < kIterations; ++k) {
    if (plans[k].count("beside")) continue;
    // The gate is that of the layer that won: closed, it may have been the new one's.
    if (plans[k].empty()) continue;
    EXPECT_EQ(plans[k], expected[k]) << k;
    ++unchanged;
  }
  EXPECT_GT(unchanged, 0);

  // A layer that is not eligible changes nothing.
  plans = PlansOnTheHost(Settings("layer { name: 'beside' eligible: false }") + LargerNet());
  EXPECT_EQ(plans, expected);
}

}  // namespace
}  // namespace caffe
