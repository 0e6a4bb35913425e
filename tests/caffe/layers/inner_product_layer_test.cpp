#include "caffe/layers/inner_product_layer.hpp"

#include <limits>
#include <string>
#include <vector>

#include "caffe/filler.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/test/test_gradient_check_util.hpp"

namespace caffe {

template <typename TypeParam>
class InnerProductLayerTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  InnerProductLayerTest() : bottom_(2, 3, 4, 5) {
    Caffe::set_random_seed(1701);
    FillerParameter filler;
    UniformFiller<Dtype>(filler).Fill(&bottom_);
  }

  static LayerParameter Param(int num_output, bool transpose = false, int axis = 1,
                              bool bias = true) {
    LayerParameter param;
    InnerProductParameter* p = param.mutable_inner_product_param();
    p->set_num_output(num_output);
    p->set_transpose(transpose);
    p->set_axis(axis);
    p->set_bias_term(bias);
    p->mutable_weight_filler()->set_type("uniform");
    p->mutable_bias_filler()->set_type("uniform");
    p->mutable_bias_filler()->set_min(1);
    p->mutable_bias_filler()->set_max(2);
    return param;
  }

  /// y = x W^T + b and its gradients against loops; all values lie in [0, 2].
  void Check(const LayerParameter& param) {
    const InnerProductParameter& p = param.inner_product_param();
    InnerProductLayer<Dtype> layer(param);
    layer.SetUp(bottoms_, tops_);
    layer.Forward(bottoms_, tops_);
    const int axis = bottom_.CanonicalAxisIndex(p.axis());
    const int m = bottom_.count(0, axis), k = bottom_.count(axis), n = p.num_output();
    vector<int> shape(bottom_.shape().begin(), bottom_.shape().begin() + axis);
    shape.push_back(n);
    ASSERT_EQ(top_.shape(), shape);
    ASSERT_EQ(layer.blobs()[0]->shape(), p.transpose() ? (vector<int>{k, n}) : (vector<int>{n, k}));
    const double epsilon = std::numeric_limits<Dtype>::epsilon();
    const Dtype* x = bottom_.cpu_data();
    const Dtype* w = layer.blobs()[0]->cpu_data();
    const auto at = [&](int o, int i) { return p.transpose() ? i * n + o : o * k + i; };
    for (int r = 0; r < m; ++r) {
      for (int o = 0; o < n; ++o) {
        double want = p.bias_term() ? layer.blobs()[1]->cpu_data()[o] : Dtype(0);
        for (int i = 0; i < k; ++i) want += double(x[r * k + i]) * w[at(o, i)];
        EXPECT_NEAR(top_.cpu_data()[r * n + o], want, epsilon * (k + 2) * want);
      }
    }
    std::copy_n(top_.cpu_data(), top_.count(), top_.mutable_cpu_diff());
    const Dtype* g = top_.cpu_diff();
    layer.Backward(tops_, {true}, bottoms_);
    layer.Backward(tops_, {true}, bottoms_);
    for (int o = 0; o < n; ++o) {
      for (int i = 0; i < k; ++i) {
        double want = 0;
        for (int r = 0; r < m; ++r) want += 2 * double(g[r * n + o]) * x[r * k + i];
        EXPECT_NEAR(layer.blobs()[0]->cpu_diff()[at(o, i)], want, epsilon * (2 * m + 2) * want);
      }
      double want = 0;
      for (int r = 0; r < m; ++r) want += 2 * double(g[r * n + o]);
      if (p.bias_term()) {
        EXPECT_NEAR(layer.blobs()[1]->cpu_diff()[o], want, epsilon * (2 * m + 2) * want);
      }
    }
    for (int r = 0; r < m; ++r) {
      for (int i = 0; i < k; ++i) {
        double want = 0;
        for (int o = 0; o < n; ++o) want += double(g[r * n + o]) * w[at(o, i)];
        EXPECT_NEAR(bottom_.cpu_diff()[r * k + i], want, epsilon * (n + 2) * want);
      }
    }
  }

  Blob<Dtype> bottom_;
  Blob<Dtype> top_;
  vector<Blob<Dtype>*> bottoms_{&bottom_};
  vector<Blob<Dtype>*> tops_{&top_};
};

TYPED_TEST_SUITE(InnerProductLayerTest, TestDtypesAndDevices);

TYPED_TEST(InnerProductLayerTest, AgreesWithLoops) {
  for (const bool transpose : {false, true}) {
    for (const int axis : {0, 1, 2, -1}) {
      SCOPED_TRACE(testing::Message() << "transpose " << transpose << ", axis " << axis);
      this->Check(this->Param(7, transpose, axis));
    }
    this->Check(this->Param(1, transpose, 1, false));
  }
}

TYPED_TEST(InnerProductLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const bool transpose : {false, true}) {
    InnerProductLayer<Dtype> layer(this->Param(3, transpose, 2));
    // The objective is a square of each value, so that differences are exact for any step.
    GradientChecker<Dtype> checker(0.5, 1e-3);
    checker.CheckGradient(&layer, this->bottoms_, this->tops_);
  }
}

TYPED_TEST(InnerProductLayerTest, GradientsThatNobodyWantsStay) {
  typedef typename TypeParam::Dtype Dtype;
  InnerProductLayer<Dtype> layer(this->Param(3));
  layer.SetUp(this->bottoms_, this->tops_);
  layer.Forward(this->bottoms_, this->tops_);
  caffe_set(this->top_.count(), Dtype(1), this->top_.mutable_cpu_diff());
  layer.set_param_propagate_down(0, false);
  layer.Backward(this->tops_, {false}, this->bottoms_);
  EXPECT_EQ(layer.blobs()[0]->asum_diff(), Dtype(0));
  EXPECT_EQ(layer.blobs()[1]->asum_diff(), Dtype(6));
  EXPECT_EQ(this->bottom_.asum_diff(), Dtype(0));
}

TYPED_TEST(InnerProductLayerTest, BatchSizeMayChangeButNotInputs) {
  typedef typename TypeParam::Dtype Dtype;
  InnerProductLayer<Dtype> layer(this->Param(3));
  layer.SetUp(this->bottoms_, this->tops_);
  EXPECT_EQ(layer.MultiplyAdds(this->bottoms_, this->tops_), 2 * 3 * 60);
  this->bottom_.Reshape({5, 60});
  layer.Forward(this->bottoms_, this->tops_);
  EXPECT_EQ(this->top_.shape(), (vector<int>{5, 3}));
  this->bottom_.Reshape({5, 61});
  try {
    layer.Forward(this->bottoms_, this->tops_);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(string(error.what()).find("for 60 inputs an item, the bottom has 61"), string::npos)
        << error.what();
  }
}

TYPED_TEST(InnerProductLayerTest, NamesMistakes) {
  typedef typename TypeParam::Dtype Dtype;
  InnerProductLayer<Dtype> empty(this->Param(0));
  EXPECT_THROW(empty.SetUp(this->bottoms_, this->tops_), Error);
  LayerParameter param = this->Param(3, false, 1, false);
  Blob<Dtype> weights(vector<int>{3, 59});
  weights.ToProto(param.add_blobs());
  InnerProductLayer<Dtype> wrong(param);
  EXPECT_THROW(wrong.SetUp(this->bottoms_, this->tops_), Error);
}

}  // namespace caffe
