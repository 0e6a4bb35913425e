#include <string>
#include <vector>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

#include "caffe/caffe.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "sign_solver.hpp"

namespace caffe {

template <typename TypeParam>
class SignSolverTest : public MultiDeviceTest<TypeParam> {};

TYPED_TEST_CASE(SignSolverTest, TestDtypesAndDevices);

TYPED_TEST(SignSolverTest, TestStep) {
  typedef typename TypeParam::Dtype Dtype;
  const string proto =
      "type: 'Sign' base_lr: 0.25 lr_policy: 'fixed' max_iter: 2 random_seed: 1 "
      "snapshot_after_train: false "
      "net_param { "
      "  layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
      "    dummy_data_param { "
      "      shape { dim: 4 dim: 3 dim: 2 dim: 2 } shape { dim: 4 } "
      "      data_filler { type: 'constant' value: 0.5 } "
      "      data_filler { type: 'constant' value: 1 } } } "
      "  layer { name: 'square' type: 'WeightedSquare' bottom: 'data' top: 'square' "
      "    scale_param { filler { type: 'uniform' min: 0.5 max: 2 } } } "
      "  layer { name: 'ip' type: 'InnerProduct' bottom: 'square' top: 'ip' "
      "    param { lr_mult: 1 } param { lr_mult: 2 } "
      "    inner_product_param { num_output: 3 "
      "      weight_filler { type: 'gaussian' std: 1 } } } "
      "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' "
      "    top: 'loss' } }";
  SolverParameter param;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(proto, &param));
  param.set_solver_mode(Caffe::mode() == Caffe::GPU ?
      SolverParameter_SolverMode_GPU : SolverParameter_SolverMode_CPU);
  shared_ptr<Solver<Dtype> > solver(
      SolverRegistry<Dtype>::CreateSolver(param));
  EXPECT_STREQ("Sign", solver->type());

  Net<Dtype>& net = *solver->net();
  net.ClearParamDiffs();
  net.ForwardBackward();
  const vector<Blob<Dtype>*>& params = net.learnable_params();
  ASSERT_EQ(3, params.size());
  vector<shared_ptr<Blob<Dtype> > > before;
  for (int i = 0; i < params.size(); ++i) {
    before.push_back(shared_ptr<Blob<Dtype> >(new Blob<Dtype>()));
    before[i]->CopyFrom(*params[i], false, true);
    before[i]->CopyFrom(*params[i], true, true);
  }

  solver->Step(1);
  EXPECT_EQ(1, solver->iter());
  for (int i = 0; i < params.size(); ++i) {
    const Dtype rate = i == 2 ? 0.5 : 0.25;
    for (int j = 0; j < params[i]->count(); ++j) {
      const Dtype gradient = before[i]->cpu_diff()[j];
      ASSERT_NE(0, gradient);
      EXPECT_NEAR(before[i]->cpu_data()[j] - (gradient > 0 ? rate : -rate),
          params[i]->cpu_data()[j], 1e-5) << "parameter " << i << ", " << j;
    }
  }
}

}  // namespace caffe
