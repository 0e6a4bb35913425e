// Test nets stand on the training net's weights from the start.

#include <gtest/gtest.h>

#include <string>

#include "caffe/caffe.hpp"
#include "caffe/filler.hpp"
#include "caffe/layer.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "tests/solver/solver_fixture.hpp"

namespace caffe {
namespace {

/// An inner product, and one more, `extra`, that only the phase has of which `rule` speaks.
string NetText(const string& rule) {
  const auto layer = [](const string& name, const string& bottom, const string& more) {
    return "layer { name: '" + name + "' type: 'InnerProduct' bottom: '" + bottom + "' top: '" +
           name + "' " + more +
           " inner_product_param { num_output: 3 weight_filler { "
           "type: 'gaussian' std: 1 } } } ";
  };
  return "net_param { layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "  dummy_data_param { shape { dim: 5 dim: 4 } shape { dim: 5 } "
         "    data_filler { type: 'gaussian' std: 1 } data_filler { value: 1 } } } " +
         layer("fc", "data", "") + (rule.empty() ? "" : layer("extra", "fc", rule)) +
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' } } "
         "base_lr: 0.1 lr_policy: 'fixed' max_iter: 10 test_iter: 1 test_interval: 100 ";
}

class TestNetWeightsTest : public CPUDeviceTest<float> {};

TEST_F(TestNetWeightsTest, AreTheTrainingNets) {
  const auto solver = MakeSolver<float>(NetText(""));
  const auto& test_net = *solver->test_nets()[0];
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(test_net.layer_by_name("fc")->blobs()[i]->cpu_data(),
              solver->net()->layer_by_name("fc")->blobs()[i]->cpu_data());
  }
}

TEST_F(TestNetWeightsTest, AreDrawnWhereTheTrainingNetHasNone) {
  const auto solver = MakeSolver<float>(NetText("include { phase: TEST }"));
  const auto& test_net = *solver->test_nets()[0];
  EXPECT_EQ(test_net.layer_by_name("fc")->blobs()[0]->cpu_data(),
            solver->net()->layer_by_name("fc")->blobs()[0]->cpu_data());
  EXPECT_GT(test_net.layer_by_name("extra")->blobs()[0]->asum_data(), 0);
}

/// A layer of a user's, which fills a blob that is none of its weights.
template <typename Dtype>
class PrivateFillLayer : public Layer<Dtype> {
 public:
  using Layer<Dtype>::Layer;
  const char* type() const override { return "PrivateFill"; }
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>&) override {
    FillerParameter three;
    three.set_value(3);
    filler_.reset(GetFiller<Dtype>(three));
    factor_.Reshape({1});
    if (bottom[0]->num_axes() == 2) filler_->Fill(&factor_);
  }
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override {
    top[0]->ReshapeLike(*bottom[0]);
  }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override {
    if (bottom[0]->num_axes() == 1) filler_->Fill(&factor_);
    for (int i = 0; i < top[0]->count(); ++i) {
      top[0]->mutable_cpu_data()[i] = factor_.cpu_data()[0] * bottom[0]->cpu_data()[i];
    }
  }
  void Backward_cpu(const vector<Blob<Dtype>*>&, const vector<bool>&,
                    const vector<Blob<Dtype>*>&) override {}

 private:
  shared_ptr<Filler<Dtype>> filler_;
  Blob<Dtype> factor_;
};
REGISTER_LAYER_CLASS(PrivateFill);

// At set-up, or only in a forward pass.
TEST_F(TestNetWeightsTest, AreAllThatIsNotFilled) {
  for (const string axes : {"dim: 2 dim: 2", "dim: 4"}) {
    SCOPED_TRACE(axes);
    const auto solver = MakeSolver<float>(
        "net_param { layer { name: 'data' type: 'Input' top: 'data' input_param { shape { " + axes +
        " } } } layer { name: 'p' type: 'PrivateFill' bottom: 'data' top: 'p' } } "
        "base_lr: 0.1 lr_policy: 'fixed' max_iter: 10 test_iter: 1 test_interval: 100 ");
    Net<float>& net = *solver->test_nets()[0];
    caffe_set(4, 2.f, net.input_blobs()[0]->mutable_cpu_data());
    EXPECT_EQ(net.Forward()[0]->cpu_data()[3], 6);
  }
}

}  // namespace
}  // namespace caffe
