// Training that leaves out the gradients which the method drops, against training that computes
// them all: the same weights and history to rounding.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "caffe/plan/plan_options.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "solver/channel_dropback.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

/// Switches skipping for nets that are made while it exists.
class Skipping {
 public:
  explicit Skipping(bool on) : old_(DefaultPlanOptions().skip_gradients) {
    DefaultPlanOptions().skip_gradients = on;
  }
  ~Skipping() { DefaultPlanOptions().skip_gradients = old_; }

 private:
  bool old_;
};

string ConvLayer(const string& name, const string& bottom, const string& param,
                 const string& type = "Convolution", const string& more = "") {
  return "layer { name: '" + name + "' type: '" + type + "' bottom: '" + bottom + "' top: '" +
         name + "' " + more + " convolution_param { weight_filler { type: 'msra' } " + param +
         " } } ";
}

/// Every kind of layer that can be dropped from, and weights that two layers share.
string AllKindsNet(const string& engine) {
  const string e = engine + " ";
  return "net_param { name: 'all_kinds' "
         "  layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "    dummy_data_param { shape { dim: 4 dim: 3 dim: 12 dim: 12 } shape { dim: 4 } "
         "      data_filler { type: 'gaussian' std: 1 } "
         "      data_filler { type: 'constant' value: 1 } } } " +
         ConvLayer("stem", "data", e + "num_output: 48 kernel_size: 3 pad: 1") +
         "  layer { name: 'norm' type: 'BatchNorm' bottom: 'stem' top: 'norm' } "
         "  layer { name: 'scale' type: 'Scale' bottom: 'norm' top: 'norm' "
         "    scale_param { bias_term: true } } "
         "  layer { name: 'relu' type: 'ReLU' bottom: 'norm' top: 'norm' } " +
         ConvLayer("wide", "norm", e + "num_output: 64 kernel_size: 3 pad: 1") +
         ConvLayer("depth", "wide", "kernel_size: 3 pad: 1", "DepthwiseConvolution") +
         ConvLayer("stride", "depth", e + "num_output: 64 kernel_size: 3 stride: 2 pad: 1") +
         ConvLayer("group", "stride", e + "num_output: 64 kernel_size: 3 pad: 1 group: 4") +
         ConvLayer("twin1", "group", e + "num_output: 64 kernel_size: 3 pad: 1 bias_term: false",
                   "Convolution", "param { name: 'w' }") +
         ConvLayer("twin2", "twin1", e + "num_output: 64 kernel_size: 3 pad: 1 bias_term: false",
                   "Convolution", "param { name: 'w' }") +
         ConvLayer("up", "twin2", e + "num_output: 32 kernel_size: 2 stride: 2", "Deconvolution") +
         "  layer { name: 'pool' type: 'Pooling' bottom: 'up' top: 'pool' "
         "    pooling_param { pool: AVE kernel_size: 4 stride: 4 } } "
         "  layer { name: 'fc1' type: 'InnerProduct' bottom: 'pool' top: 'fc1' "
         "    inner_product_param { num_output: 60 weight_filler { type: 'xavier' } } } "
         "  layer { name: 'fc2' type: 'InnerProduct' bottom: 'fc1' top: 'fc2' "
         "    inner_product_param { num_output: 10 transpose: true "
         "      weight_filler { type: 'xavier' } } } "
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc2' bottom: 'label' } } ";
}

string Settings(const string& method, const string& more = "") {
  return "lr_policy: 'fixed' base_lr: 0.01 momentum: 0.9 weight_decay: 0.01 random_seed: 3 "
         "max_iter: 3 snapshot_after_train: false " +
         more + " channel_dropback_param { skip_layers: 0 selection: EACH_LAYER " +
         "layer_drop_rate { value: 0.75 } channel_drop_rate { value: 0.5 } " + method + " } ";
}

template <typename Dtype>
void ExpectClose(const vector<Dtype>& found, const vector<Dtype>& wanted, const string& what) {
  ASSERT_EQ(found.size(), wanted.size());
  Dtype largest = 0;
  for (const Dtype value : wanted) largest = std::max(largest, std::abs(value));
  double worst = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    worst = std::max<double>(worst, std::abs(found[i] - wanted[i]));
  }
  EXPECT_LE(worst, largest * (sizeof(Dtype) == 8 ? 1e-11 : 1e-4)) << what;
}

template <typename Dtype>
void ExpectSameTraining(const string& text) {
  SCOPED_TRACE(text);
  shared_ptr<SGDSolver<Dtype>> solvers[2];
  for (const bool skip : {false, true}) {
    const Skipping skipping(skip);
    solvers[skip] = MakeSolver<Dtype>(text);
    solvers[skip]->Solve();
  }
  ExpectClose(AllData<Dtype>(solvers[1]->net()->learnable_params()),
              AllData<Dtype>(solvers[0]->net()->learnable_params()), "weights");
  ExpectClose(AllData<Dtype>(solvers[1]->history()), AllData<Dtype>(solvers[0]->history()),
              "history");
}

/// Of the channels that the last plan dropped, but for inner products, which are too small here to
/// save anything: those whose gradients are all zero, and the others.
struct Dropped {
  int zero = 0, computed = 0;
};

template <typename Dtype>
Dropped DroppedGradients(SGDSolver<Dtype>* solver) {
  Dropped dropped;
  const ChannelDropBack& method = *solver->channel_dropback();
  for (const EligibleLayer& layer : method.eligibility().layers) {
    if (layer.name.starts_with("fc")) continue;
    const Blob<Dtype>& blob = *solver->net()->learnable_params()[layer.learnable_id];
    for (int c = 0; c < layer.channels; ++c) {
      if (method.plan().keeps(layer, c)) continue;
      bool zero = true;
      for (int i = 0; i < blob.count(); ++i) {
        if (i / layer.inner % layer.channels == c) zero &= blob.cpu_diff()[i] == 0;
      }
      ++(zero ? dropped.zero : dropped.computed);
    }
  }
  return dropped;
}

template <typename TypeParam>
class SkipGradientsTest : public MultiDeviceTest<TypeParam> {};

TYPED_TEST_SUITE(SkipGradientsTest, TestDtypesAndDevices);

TYPED_TEST(SkipGradientsTest, SameWeightsInAllReadings) {
  typedef typename TypeParam::Dtype Dtype;
  const char* const methods[] = {
      "mask: SKIP",
      "mask: GRADIENT rescale: true",
      "mask: UPDATE",
      "semantics: REFERENCE base: 'SGD'",
      "mask: SKIP channel_axis: INPUT",
      "mask: SKIP drop_bias: true freeze_unselected: true",
      "mask: GRADIENT freeze_unselected: true channel_count: EXACT",
  };
  for (const string method : methods) {
    ExpectSameTraining<Dtype>(Settings(method) + AllKindsNet(""));
  }
  // Double precision is plain anyway.
  if (sizeof(Dtype) == 8) return;
  for (const string method : {"mask: SKIP", "mask: GRADIENT channel_axis: INPUT"}) {
    ExpectSameTraining<Dtype>(Settings(method) + AllKindsNet("engine: CAFFE"));
  }
}

TYPED_TEST(SkipGradientsTest, SameWeightsUnderOtherSettings) {
  typedef typename TypeParam::Dtype Dtype;
  for (const string more :
       {"iter_size: 2", "clip_gradients: 0.5", "type: 'Adam' momentum2: 0.99 delta: 0.1",
        "lr_dropout_param { drop_rate { value: 0.25 } }"}) {
    ExpectSameTraining<Dtype>(Settings("mask: SKIP", more) + AllKindsNet(""));
  }
}

TYPED_TEST(SkipGradientsTest, DroppedGradientsAreZeroAndOnlyThenLeftOut) {
  typedef typename TypeParam::Dtype Dtype;
  if (Caffe::mode() == Caffe::GPU) GTEST_SKIP() << "the GPU computes all gradients";
  const string net = AllKindsNet("engine: CAFFE");
  const auto after_a_step = [&](const string& method, bool skip) {
    const Skipping skipping(skip);
    auto solver = MakeSolver<Dtype>(Settings(method) + net);
    solver->Step(1);
    return solver;
  };
  for (const string method : {"mask: SKIP", "mask: GRADIENT channel_axis: INPUT"}) {
    auto skipping = after_a_step(method, true);
    Dropped dropped = DroppedGradients(skipping.get());
    EXPECT_GT(dropped.zero, 0);
    EXPECT_EQ(dropped.computed, 0);
    // By hand, outside of an iteration, all gradients are there.
    skipping->net()->ClearParamDiffs();
    skipping->net()->ForwardBackward();
    dropped = DroppedGradients(skipping.get());
    EXPECT_GT(dropped.computed, 0);
    EXPECT_EQ(dropped.zero, 0);
    dropped = DroppedGradients(after_a_step(method, false).get());
    EXPECT_GT(dropped.computed, 0);
    EXPECT_EQ(dropped.zero, 0);
  }
  // The momentum of dropped channels needs their gradients.
  const Dropped dropped = DroppedGradients(after_a_step("mask: UPDATE", true).get());
  EXPECT_GT(dropped.computed, 0);
  EXPECT_EQ(dropped.zero, 0);
}

TYPED_TEST(SkipGradientsTest, ResumesInTheSameBits) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  const string text =
      Settings("mask: SKIP", "iter_size: 2 snapshot_prefix: '" + (dir / "run") + "'") +
      AllKindsNet("");
  auto whole = MakeSolver<Dtype>(text);
  whole->Solve();
  auto first = MakeSolver<Dtype>(text);
  first->Step(1);
  first->Snapshot();
  auto second = MakeSolver<Dtype>(text);
  second->Solve(dir / "run_iter_1.solverstate");
  EXPECT_EQ(AllData<Dtype>(whole->net()->params()), AllData<Dtype>(second->net()->params()));
  EXPECT_EQ(AllData<Dtype>(whole->history()), AllData<Dtype>(second->history()));
}

/// A user's solver, which goes through Caffe's pipeline.
template <typename Dtype>
class HalfStepSolver : public SGDSolver<Dtype> {
 public:
  explicit HalfStepSolver(const SolverParameter& param) : SGDSolver<Dtype>(param) {}

 protected:
  void ComputeUpdateValue(int param_id, Dtype rate) override {
    SGDSolver<Dtype>::ComputeUpdateValue(param_id, rate / 2);
  }
};

TYPED_TEST(SkipGradientsTest, SolversOfUsers) {
  typedef typename TypeParam::Dtype Dtype;
  for (const string method : {"mask: SKIP", "mask: GRADIENT rescale: true"}) {
    vector<Dtype> weights[2];
    for (const bool skip : {false, true}) {
      const Skipping skipping(skip);
      HalfStepSolver<Dtype> solver(
          ParseSolver(Settings(method, "clip_gradients: 0.5") + AllKindsNet("")));
      solver.Solve();
      weights[skip] = AllData<Dtype>(solver.net()->learnable_params());
    }
    ExpectClose(weights[1], weights[0], "weights");
  }
}

TEST(SkipGradientsErrorTest, AFailedStepLeavesNoHintsBehind) {
  Caffe::set_mode(Caffe::CPU);
  auto solver = MakeSolver<float>(Settings("mask: SKIP") + AllKindsNet("engine: CAFFE"));
  Blob<float>* const weights = solver->net()->learnable_params()[0];
  const float old = weights->cpu_data()[0];
  weights->mutable_cpu_data()[0] = NAN;
  EXPECT_THROW(solver->Step(1), Error);
  weights->mutable_cpu_data()[0] = old;
  solver->net()->ClearParamDiffs();
  solver->net()->ForwardBackward();
  const Dropped dropped = DroppedGradients(solver.get());
  EXPECT_GT(dropped.computed, 0);
  EXPECT_EQ(dropped.zero, 0);
}

}  // namespace
}  // namespace caffe
