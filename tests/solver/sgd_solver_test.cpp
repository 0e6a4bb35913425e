#include "solver/sgd_solvers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "caffe/test/test_caffe_main.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

constexpr int kBatch = 5, kInputs = 4, kClasses = 3, kLabel = 1;

/// Keeps the data of every forward pass.
template <typename Dtype>
class DataRecorder : public Net<Dtype>::Callback {
 public:
  explicit DataRecorder(Net<Dtype>* net) : net_(net) { net->add_after_forward(this); }
  vector<vector<Dtype>> batches;

 protected:
  void run(int layer) override {
    if (layer == 0) batches.push_back(AllData<Dtype>(vector<Blob<Dtype>*>{net_->top_vecs()[0][0]}));
  }

 private:
  Net<Dtype>* net_;
};

/// Softmax regression and its training in plain loops and double precision.
struct SlowTraining {
  vector<double> w, h, g;  // 12 weights, then 3 biases
  double momentum = 0, rate = 0, decay = 0, clip = -1;
  bool l1 = false, nesterov = false;
  int iter_size = 1;

  template <typename Dtype>
  void AddGradient(const vector<Dtype>& data) {
    for (int n = 0; n < kBatch; ++n) {
      double e[kClasses], sum = 0;
      for (int c = 0; c < kClasses; ++c) {
        double z = w[kClasses * kInputs + c];
        for (int i = 0; i < kInputs; ++i) z += w[c * kInputs + i] * data[n * kInputs + i];
        sum += e[c] = std::exp(z);
      }
      for (int c = 0; c < kClasses; ++c) {
        const double d = (e[c] / sum - (c == kLabel)) / kBatch;
        for (int i = 0; i < kInputs; ++i) g[c * kInputs + i] += d * data[n * kInputs + i];
        g[kClasses * kInputs + c] += d;
      }
    }
  }

  void Update() {
    double sum = 0;
    for (const double x : g) sum += x * x;
    const double scale =
        (clip >= 0 && std::sqrt(sum) > clip ? clip / std::sqrt(sum) : 1) / iter_size;
    for (size_t i = 0; i < w.size(); ++i) {
      const bool bias = i >= kClasses * kInputs;
      double gradient = g[i] * scale;
      if (!bias) gradient += decay * (l1 ? (w[i] > 0) - (w[i] < 0) : w[i]);
      const double old = h[i];
      h[i] = momentum * old + rate * (bias ? 2 : 1) * gradient;
      w[i] -= nesterov ? (1 + momentum) * h[i] - momentum * old : h[i];
      g[i] = 0;
    }
  }
};

template <typename TypeParam>
class SgdSolverTest : public MultiDeviceTest<TypeParam> {
 public:
  typedef typename TypeParam::Dtype Dtype;

 protected:
  /// Trains both for some iterations and compares weights and history after each.
  void Compare(const string& settings, SlowTraining slow) {
    auto solver = MakeSolver<Dtype>(
        "lr_policy: 'fixed' base_lr: 0.25 random_seed: 3 "
        "snapshot_after_train: false " +
        settings + RegressionNet());
    DataRecorder<Dtype> recorder(solver->net().get());
    const auto weights = AllData<Dtype>(solver->net()->learnable_params());
    slow.w.assign(weights.begin(), weights.end());
    slow.h.assign(weights.size(), 0);
    slow.g.assign(weights.size(), 0);
    slow.rate = 0.25;
    for (int k = 0; k < 6; ++k) {
      recorder.batches.clear();
      solver->Step(1);
      ASSERT_EQ(recorder.batches.size(), static_cast<size_t>(slow.iter_size));
      for (const auto& batch : recorder.batches) slow.AddGradient(batch);
      slow.Update();
      const auto w = AllData<Dtype>(solver->net()->learnable_params());
      const auto h = AllData<Dtype>(solver->history());
      // Rounding of about 30 operations an iteration, on values of up to about 4.
      const double tolerance = 1000 * std::numeric_limits<Dtype>::epsilon();
      for (size_t i = 0; i < w.size(); ++i) {
        ASSERT_NEAR(w[i], slow.w[i], tolerance)
            << settings << " iteration " << k << " weight " << i;
        ASSERT_NEAR(h[i], slow.h[i], tolerance)
            << settings << " iteration " << k << " weight " << i;
      }
    }
  }
};

TYPED_TEST_SUITE(SgdSolverTest, TestDtypesAndDevices);

TYPED_TEST(SgdSolverTest, AgreesWithASlowLoop) {
  SlowTraining slow;
  this->Compare("", slow);
  slow.momentum = 0.875;
  this->Compare("momentum: 0.875 ", slow);
  slow.decay = 0.5;
  this->Compare("momentum: 0.875 weight_decay: 0.5 ", slow);
  slow.l1 = true;
  this->Compare("momentum: 0.875 weight_decay: 0.5 regularization_type: 'L1' ", slow);
  slow.nesterov = true;
  this->Compare("type: 'Nesterov' momentum: 0.875 weight_decay: 0.5 regularization_type: 'L1' ",
                slow);
}

TYPED_TEST(SgdSolverTest, AccumulatesAndClips) {
  SlowTraining slow;
  slow.momentum = 0.5;
  slow.iter_size = 3;
  this->Compare("momentum: 0.5 iter_size: 3 ", slow);
  slow.clip = 0.25;
  slow.decay = 0.5;
  this->Compare("momentum: 0.5 iter_size: 3 clip_gradients: 0.25 weight_decay: 0.5 ", slow);
}

/// Goes through the pipeline of virtual steps because it is no type of the library.
template <typename Base>
class Pipeline;

template <template <typename> class Base, typename Dtype>
class Pipeline<Base<Dtype>> : public Base<Dtype> {
 public:
  using Base<Dtype>::Base;
  int calls = 0;

 protected:
  void ComputeUpdateValue(int param_id, Dtype rate) override {
    ++calls;
    Base<Dtype>::ComputeUpdateValue(param_id, rate);
  }
};

/// A method that drops something in every iteration, under all its options.
vector<string> Methods() {
  vector<string> methods;
  for (const char* mask : {"UPDATE", "GRADIENT", "SKIP"}) {
    for (const char* more :
         {"", "rescale: true", "drop_bias: true", "freeze_unselected: true",
          "freeze_unselected: true lr_outside_momentum: true rescale: true drop_bias: true"}) {
      methods.push_back(
          "channel_dropback_param { skip_layers: 0 layer_drop_rate { value: 0.75 } "
          "channel_drop_rate { value: 0.5 } mask: " +
          string(mask) + " " + more + " } ");
    }
  }
  return methods;
}

TYPED_TEST(SgdSolverTest, PipelineAgreesWithTheFusedUpdate) {
  typedef typename TypeParam::Dtype Dtype;
  vector<string> settings = {"weight_decay: 0.5 ", "weight_decay: 0.5 regularization_type: 'L1' ",
                             "clip_gradients: 0.25 iter_size: 2 "};
  settings.push_back("lr_dropout_param {} ");
  for (const string& method : Methods()) {
    settings.push_back("weight_decay: 0.5 " + method);
    settings.push_back("weight_decay: 0.5 clip_gradients: 0.25 " + method);
    settings.push_back("lr_dropout_param { drop_rate { value: 0.25 } } " + method);
  }
  for (const string& setting : settings) {
    const string text =
        "lr_policy: 'step' gamma: 0.5 stepsize: 2 base_lr: 0.25 momentum: 0.75 "
        "random_seed: 3 " +
        setting + TwoLayerNet();
    auto fused = MakeSolver<Dtype>(text);
    Pipeline<SGDSolver<Dtype>> pipeline(ParseSolver(text));
    fused->Step(6);
    pipeline.Step(6);
    EXPECT_GT(pipeline.calls, 0);
    EXPECT_EQ(pipeline.iter(), 6);
    const auto a = AllData<Dtype>(fused->net()->learnable_params());
    const auto b = AllData<Dtype>(pipeline.net()->learnable_params());
    const auto ha = AllData<Dtype>(fused->history());
    const auto hb = AllData<Dtype>(pipeline.history());
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_NEAR(a[i], b[i], 100 * std::numeric_limits<Dtype>::epsilon()) << setting << i;
      ASSERT_NEAR(ha[i], hb[i], 100 * std::numeric_limits<Dtype>::epsilon()) << setting << i;
    }
  }
}

/// Trains a type of the library, named or as the base of the method, and its pipeline.
template <template <typename> class Base, typename Dtype>
void CompareWithPipeline(const string& type, int blobs, const string& momentum) {
  for (const string& method : {string(), Methods()[0], Methods()[5], Methods()[10]}) {
    const string settings =
        "lr_policy: 'step' gamma: 0.5 stepsize: 2 base_lr: 0.0625 delta: 1e-3 " + momentum +
        " weight_decay: 0.125 random_seed: 3 " + method;
    auto fused = MakeSolver<Dtype>("type: '" + type + "' " + settings + TwoLayerNet());
    EXPECT_EQ(fused->type(), type);
    Pipeline<Base<Dtype>> pipeline(ParseSolver("type: '" + type + "' " + settings + TwoLayerNet()));
    fused->Step(6);
    pipeline.Step(6);
    EXPECT_GT(pipeline.calls, 0);
    const auto a = AllData<Dtype>(fused->net()->learnable_params());
    const auto h = AllData<Dtype>(fused->history());
    // Two parameters a layer, so many numbers of each weight.
    ASSERT_EQ(fused->history().size(), static_cast<size_t>(4 * blobs));
    ASSERT_EQ(h.size(), a.size() * blobs);
    const auto pipeline_h = AllData<Dtype>(pipeline.history());
    const auto b = AllData<Dtype>(pipeline.net()->learnable_params());
    const double tolerance = 100 * std::numeric_limits<Dtype>::epsilon();
    for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], tolerance) << type << " " << i;
    for (size_t i = 0; i < h.size(); ++i) ASSERT_NEAR(h[i], pipeline_h[i], tolerance) << type;

    if (method.empty()) continue;
    string wrapped = "type: 'ChannelDropBack' " + settings + TwoLayerNet();
    wrapped.insert(wrapped.find("skip_layers"), "base: '" + type + "' ");
    auto named = MakeSolver<Dtype>(wrapped);
    named->Step(6);
    EXPECT_EQ(AllData<Dtype>(named->net()->learnable_params()), a) << type;
    EXPECT_EQ(AllData<Dtype>(named->history()), h) << type;
  }
}

TYPED_TEST(SgdSolverTest, EveryRuleInThreeForms) {
  typedef typename TypeParam::Dtype Dtype;
  CompareWithPipeline<SGDSolver, Dtype>("SGD", 1, "momentum: 0.75");
  CompareWithPipeline<NesterovSolver, Dtype>("Nesterov", 1, "momentum: 0.75");
  CompareWithPipeline<AdaGradSolver, Dtype>("AdaGrad", 1, "");
  CompareWithPipeline<RMSPropSolver, Dtype>("RMSProp", 1, "rms_decay: 0.75");
  CompareWithPipeline<AdaDeltaSolver, Dtype>("AdaDelta", 2, "momentum: 0.75");
  CompareWithPipeline<AdamSolver, Dtype>("Adam", 2, "momentum: 0.75 momentum2: 0.875");
}

TEST(UpdateRuleTest, ConstantsAreChecked) {
  Caffe::set_mode(Caffe::CPU);
  const struct {
    const char *settings, *message;
  } cases[] = {
      {"type: 'AdaGrad' momentum: 0.9", "AdaGrad has no momentum"},
      {"type: 'RMSProp' momentum: 0.9", "RMSProp has no momentum"},
      {"type: 'RMSProp' rms_decay: 1", "RMSProp: rms_decay is 1"},
      {"type: 'Adam' momentum: 1", "Adam: momentum is 1"},
      {"type: 'Adam' momentum2: 1.5", "Adam: momentum2 is 1.5"},
      {"type: 'ChannelDropBack' momentum: 0.9 channel_dropback_param { base: 'AdaGrad' }",
       "AdaGrad has no momentum"},
      {"type: 'Adam' channel_dropback_param { lr_outside_momentum: true layer_drop_rate { value: 1 "
       "} }",
       "Adam has none"},
      {"lr_dropout_param { drop_rate { value: 1.5 } }", "lr_dropout_param.drop_rate"},
      {"lr_dropout_param { drop_rate { policy: 'adaptive' initial: 0 final: 1 } }",
       "lr_policy has no such points"},
  };
  for (const auto& bad : cases) {
    const string error =
        SolverError(string("lr_policy: 'fixed' ") + bad.settings + " " + RegressionNet());
    EXPECT_NE(error.find(bad.message), string::npos) << bad.settings << "\n" << error;
  }
}

/// Has a formula of its own.
template <typename Dtype>
class OwnFormulaSolver : public SGDSolver<Dtype> {
 public:
  using SGDSolver<Dtype>::SGDSolver;
  const char* type() const override { return "OwnFormula"; }

 protected:
  void ComputeUpdateValue(int param_id, Dtype rate) override {
    this->net_->learnable_params()[param_id]->scale_diff(rate);
  }
};

TYPED_TEST(SgdSolverTest, AFormulaThatCannotTakeTheRateOutsideIsRefused) {
  typedef typename TypeParam::Dtype Dtype;
  const string text = "lr_policy: 'fixed' base_lr: 0.25 channel_dropback_param { skip_layers: 0 " +
                      string("layer_drop_rate { value: 1 } lr_outside_momentum: ");
  OwnFormulaSolver<Dtype> refused(ParseSolver(text + "true } " + TwoLayerNet()));
  try {
    refused.Step(1);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_NE(string(error.what()).find("OwnFormula computes its updates itself"), string::npos)
        << error.what();
  }
  OwnFormulaSolver<Dtype>(ParseSolver(text + "false } " + TwoLayerNet())).Step(1);
}

/// Written for Caffe 1.0, where the loop counts iterations.
template <typename Dtype>
class OldSolver : public SGDSolver<Dtype> {
 public:
  using SGDSolver<Dtype>::SGDSolver;
  int updates = 0;
  void ApplyUpdate() override { ++updates; }
};

TYPED_TEST(SgdSolverTest, OldSolversNeedNotCountIterations) {
  OldSolver<typename TypeParam::Dtype> solver(ParseSolver("lr_policy: 'fixed' " + RegressionNet()));
  solver.Step(4);
  EXPECT_EQ(solver.updates, 4);
  EXPECT_EQ(solver.iter(), 4);
}

TYPED_TEST(SgdSolverTest, SnapshotDiffKeepsTheUpdateInTheDiffs) {
  typedef typename TypeParam::Dtype Dtype;
  auto solver = MakeSolver<Dtype>(
      "lr_policy: 'fixed' base_lr: 0.25 momentum: 0.5 random_seed: 3 "
      "snapshot_diff: true " +
      RegressionNet());
  solver->Step(2);
  const auto history = AllData<Dtype>(solver->history());
  size_t i = 0;
  for (const Blob<Dtype>* blob : solver->net()->learnable_params()) {
    for (int j = 0; j < blob->count(); ++j) EXPECT_EQ(blob->cpu_diff()[j], history[i++]);
  }
}

}  // namespace
}  // namespace caffe
