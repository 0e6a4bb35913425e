#include "solver/not_finite.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>

#include "caffe/test/test_caffe_main.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

/// Weights grow by a factor of 1e30 in every iteration.
string Exploding(const string& settings = "") {
  return "lr_policy: 'fixed' base_lr: 1e15 weight_decay: 1e15 random_seed: 1 max_iter: 20 "
         "snapshot_after_train: false " +
         settings + TwoLayerNet();
}

template <typename TypeParam>
class NotFiniteTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  string ErrorOf(SGDSolver<Dtype>* solver) {
    try {
      solver->Solve();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

TYPED_TEST_SUITE(NotFiniteTest, TestDtypesAndDevices);

TYPED_TEST(NotFiniteTest, NamesTheLayerAndTheKindOfValue) {
  typedef typename TypeParam::Dtype Dtype;
  auto solver = MakeSolver<Dtype>("lr_policy: 'fixed' " + TwoLayerNet());
  Net<Dtype>& net = *solver->net();
  net.ForwardBackward();
  EXPECT_EQ(DescribeNotFinite(net), "All weights, outputs and gradients are finite.");
  const Dtype inf = std::numeric_limits<Dtype>::infinity();

  // Gradients: the backward pass comes to fc2 first.
  net.params()[1]->mutable_cpu_diff()[0] = std::nan("");
  net.params()[2]->mutable_cpu_diff()[3] = inf;
  net.params()[2]->mutable_cpu_diff()[4] = inf;
  EXPECT_EQ(DescribeNotFinite(net),
            "The first layer that is not finite is fc2 (InnerProduct): 2 of the 18 values of the "
            "gradient of its parameter 0 are not finite.");
  // Outputs come before gradients.
  net.blob_by_name("fc2")->mutable_cpu_data()[14] = std::nan("");
  EXPECT_EQ(DescribeNotFinite(net),
            "The first layer that is not finite is fc2 (InnerProduct): 1 of the 15 values of its "
            "output 'fc2' are not finite.");
  // The first layer of all.
  net.params()[1]->mutable_cpu_data()[5] = -inf;
  EXPECT_EQ(DescribeNotFinite(net),
            "The first layer that is not finite is fc1 (InnerProduct): 1 of the 6 values of its "
            "parameter 1 are not finite.");
}

TYPED_TEST(NotFiniteTest, EndsTheTrainingAndNamesTheNewestGoodSnapshot) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  const string prefix = dir / "run";
  // The weights themselves become infinite in a certain iteration, and are saved after each.
  auto solver =
      MakeSolver<Dtype>("lr_policy: 'fixed' base_lr: 1 random_seed: 1 max_iter: 10 " +
                        ("snapshot: 1 snapshot_prefix: '" + prefix + "' ") + TwoLayerNet());
  solver->Step(2);
  Blob<Dtype>* weights = solver->net()->learnable_params()[2];
  weights->mutable_cpu_data()[7] = std::numeric_limits<Dtype>::quiet_NaN();
  EXPECT_THROW(solver->Snapshot(), Error);
  solver->set_continue_on_nan(true);
  solver->Snapshot();  // over that of iteration 2, which was good
  solver->set_continue_on_nan(false);
  const string error = this->ErrorOf(solver.get());
  for (const string& part :
       {string("iteration 2: the loss is nan."), string("is fc2 (InnerProduct): 1 of the 18"),
        "The newest good snapshot of this run is '" + prefix + "_iter_1.solverstate'.",
        string("--continue_on_nan")}) {
    EXPECT_NE(error.find(part), string::npos) << error;
  }
  EXPECT_EQ(solver->iter(), 2);
}

TYPED_TEST(NotFiniteTest, ASnapshotOfBrokenWeightsIsRefused) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  auto solver = MakeSolver<Dtype>("lr_policy: 'fixed' snapshot_prefix: '" + (dir / "run") + "' " +
                                  TwoLayerNet());
  solver->net()->learnable_params()[2]->mutable_cpu_data()[7] =
      -std::numeric_limits<Dtype>::infinity();
  try {
    solver->Snapshot();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(string(error.what()).find("fc2 (InnerProduct): 1 of the 18"), string::npos)
        << error.what();
  }
  EXPECT_TRUE(std::filesystem::is_empty(std::filesystem::path(dir / "run").parent_path()));
}

TYPED_TEST(NotFiniteTest, StopsBeforeTheUpdate) {
  typedef typename TypeParam::Dtype Dtype;
  auto solver = MakeSolver<Dtype>(Exploding());
  const string error = this->ErrorOf(solver.get());
  EXPECT_NE(error.find("There is no snapshot with finite weights of this run."), string::npos)
      << error;
  EXPECT_LT(solver->iter(), 20);
  EXPECT_NE(error.find("iteration " + std::to_string(solver->iter()) + ":"), string::npos) << error;
}

TYPED_TEST(NotFiniteTest, GoesOnIfAskedTo) {
  typedef typename TypeParam::Dtype Dtype;
  LogCapture log;
  auto solver = MakeSolver<Dtype>(Exploding("display: 1 "));
  solver->set_continue_on_nan(true);
  solver->Solve();
  EXPECT_EQ(solver->iter(), 20);
  EXPECT_EQ(log.Count("Going on, as asked for."), 1) << "told once";
}

TYPED_TEST(NotFiniteTest, TheLossAfterTheLastUpdateCounts) {
  typedef typename TypeParam::Dtype Dtype;
  int last = 0;  // the iteration whose loss is not finite
  {
    auto solver = MakeSolver<Dtype>(Exploding());
    EXPECT_NE(this->ErrorOf(solver.get()), "");
    last = solver->iter();
  }
  SolverParameter param = ParseSolver(Exploding("display: 1 "));
  param.set_max_iter(last);
  SGDSolver<Dtype> solver(param);
  EXPECT_NE(this->ErrorOf(&solver), "");
}

}  // namespace
}  // namespace caffe
