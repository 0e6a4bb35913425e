#include "caffe/layers/attention_layer.hpp"

#include <cmath>
#include <limits>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "caffe/device/device.hpp"
#include "caffe/layers/attention_cpu.hpp"
#include "tests/caffe/layers/layer_test.hpp"
#include "tests/caffe/oracle_values.hpp"

namespace caffe {

/// Attention and its gradients as loops that store all weights, in double.
struct ReferenceAttention {
  std::vector<double> out, dq, dk, dv;

  template <typename Dtype>
  ReferenceAttention(const AttentionShape& s, const AttentionDropout<Dtype>& dropout,
                     const std::vector<Dtype>& q, const std::vector<Dtype>& k,
                     const std::vector<Dtype>& v, const std::vector<Dtype>& g)
      : out(q.size()), dq(q.size()), dk(k.size()), dv(k.size()) {
    const int width = s.width();
    const double scale = 1 / std::sqrt(double(s.head_dim));
    for (int64_t head = 0; head < s.num * s.heads; ++head) {
      const auto at = [&](int rows, int row) {
        return (head / s.heads * rows + row) * width + head % s.heads * s.head_dim;
      };
      for (int i = 0; i < s.queries; ++i) {
        const int64_t qi = at(s.queries, i);
        const int seen = s.causal ? std::min(i + 1, s.keys) : s.keys;
        std::vector<double> p(seen), f(seen), dp(seen);
        double sum = 0, delta = 0;
        for (int j = 0; j < seen; ++j) {
          double score = 0;
          for (int c = 0; c < s.head_dim; ++c) score += double(q[qi + c]) * k[at(s.keys, j) + c];
          p[j] = std::exp(score * scale);
          sum += p[j];
        }
        for (int j = 0; j < seen; ++j) {
          const int64_t kj = at(s.keys, j);
          p[j] /= sum;
          f[j] = dropout.factor((head * s.queries + i) * s.keys + j);
          for (int c = 0; c < s.head_dim; ++c) {
            out[qi + c] += f[j] * p[j] * v[kj + c];
            dv[kj + c] += f[j] * p[j] * g[qi + c];
            dp[j] += f[j] * g[qi + c] * v[kj + c];
          }
          delta += p[j] * dp[j];
        }
        for (int j = 0; j < seen; ++j) {
          const int64_t kj = at(s.keys, j);
          const double ds = p[j] * (dp[j] - delta) * scale;
          for (int c = 0; c < s.head_dim; ++c) {
            dq[qi + c] += ds * k[kj + c];
            dk[kj + c] += ds * q[qi + c];
          }
        }
      }
    }
  }
};

struct AttentionCase {
  AttentionShape shape;
  double dropout;
};

std::ostream& operator<<(std::ostream& out, const AttentionCase& c) {
  const AttentionShape& s = c.shape;
  return out << s.num << " items, " << s.heads << " heads of " << s.head_dim << ", " << s.queries
             << " queries, " << s.keys << " keys" << (s.causal ? ", causal" : "") << ", dropout "
             << c.dropout;
}

class AttentionKernelsTest : public testing::TestWithParam<AttentionCase> {
 protected:
  /// The blocks of the CPU, and the tiles that a GPU runs, against the loops.
  template <typename Dtype>
  void Check() {
    const AttentionShape& s = GetParam().shape;
    AttentionDropout<Dtype> dropout;
    if (GetParam().dropout > 0) {
      dropout = {Philox(RandomKey(1701, RandomPurpose::kForward), 3), 8,
                 BernoulliBound(GetParam().dropout), Dtype(1 / (1 - GetParam().dropout))};
    }
    std::mt19937 engine(1701);
    std::normal_distribution<Dtype> normal;
    const auto random = [&](int rows) {
      std::vector<Dtype> values(s.num * rows * s.width());
      for (Dtype& value : values) value = normal(engine);
      return values;
    };
    const auto q = random(s.queries), g = random(s.queries), k = random(s.keys), v = random(s.keys);
    const ReferenceAttention want(s, dropout, q, k, v, g);
    for (const bool tiles : {false, true}) {
      SCOPED_TRACE(tiles ? "tiles" : "blocks");
      const Dtype unset = std::numeric_limits<Dtype>::quiet_NaN();
      std::vector<Dtype> out(q.size(), unset), log_sum(s.num * s.heads * s.queries, unset),
          delta(log_sum), dq(out), dk(k.size(), unset), dv(dk);
      const AttentionOperands<const Dtype> in{q.data(), k.data(), v.data()};
      const AttentionResult<Dtype> result{out.data(), log_sum.data()};
      const AttentionResult<const Dtype> kept{out.data(), log_sum.data()};
      const AttentionOperands<Dtype> diff{dq.data(), dk.data(), dv.data()};
      if (tiles) {
        attention_forward<Cpu>(s, dropout, in, result);
        attention_backward<Cpu>(s, dropout, in, kept, g.data(), delta.data(), diff);
      } else {
        AttentionForwardCpu(s, dropout, in, result);
        AttentionBackwardCpu(s, dropout, in, kept, g.data(), diff);
      }
      Compare(want.out, out, "out");
      Compare(want.dq, dq, "gradient of q");
      Compare(want.dk, dk, "gradient of k");
      Compare(want.dv, dv, "gradient of v");
    }
  }

  /// Values are of order 1 and come from sums of head_dim, then of keys or queries, terms.
  template <typename Dtype>
  void Compare(const std::vector<double>& want, const std::vector<Dtype>& got, const char* what) {
    const AttentionShape& s = GetParam().shape;
    const double bound =
        std::numeric_limits<Dtype>::epsilon() * (s.head_dim + std::max(s.keys, s.queries)) * 4;
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(got[i], want[i], bound * std::max(1.0, std::abs(want[i])))
          << what << ", element " << i;
    }
  }
};

TEST_P(AttentionKernelsTest, AgreeWithLoops) {
  Check<float>();
  Check<double>();
}

INSTANTIATE_TEST_SUITE_P(Shapes, AttentionKernelsTest,
                         testing::Values(AttentionCase{{2, 3, 5, 7, 4, false}, 0},
                                         AttentionCase{{1, 1, 1, 1, 1, false}, 0},
                                         AttentionCase{{2, 2, 65, 65, 32, false}, 0},
                                         AttentionCase{{1, 2, 33, 70, 5, false}, 0},
                                         AttentionCase{{1, 1, 260, 600, 3, false}, 0},
                                         AttentionCase{{2, 1, 40, 40, 8, true}, 0},
                                         AttentionCase{{1, 1, 300, 300, 2, true}, 0},
                                         AttentionCase{{1, 2, 20, 45, 6, true}, 0},
                                         AttentionCase{{1, 2, 45, 20, 6, true}, 0},
                                         AttentionCase{{1, 2, 34, 34, 160, false}, 0},
                                         AttentionCase{{2, 2, 37, 41, 8, false}, 0.3},
                                         AttentionCase{{1, 2, 40, 300, 4, true}, 0.5}));

TEST(AttentionKernels, RefuseHeadsThatFitNoTile) {
  const AttentionShape shape{1, 1, 1, 1, 100000, false};
  const string error = ErrorOf([&] {
    attention_forward<Cpu>(shape, AttentionDropout<float>(), AttentionOperands<const float>{},
                           AttentionResult<float>{});
  });
  EXPECT_NE(error.find("Heads of 100000 columns"), string::npos) << error;
}

template <typename TypeParam>
class AttentionLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(AttentionLayerTest, TestDtypesAndDevices);

TYPED_TEST(AttentionLayerTest, AgreesWithPyTorch) {
  typedef typename TypeParam::Dtype Dtype;
  const auto arrays = oracle::ReadArrays("transformer_values.txt");
  struct Case {
    const char *name, *param;
    vector<int> q, kv;
  };
  for (const Case& c : {Case{"attend", "num_heads: 3", {2, 5, 12}, {2, 7, 12}},
                        Case{"attend_causal", "num_heads: 2 causal: true", {2, 6, 8}, {2, 6, 8}},
                        Case{"attend_causal_wide", "causal: true", {1, 4, 3}, {1, 6, 3}}}) {
    const string name = c.name;
    vector<Blob<Dtype>*> bottom{this->Random(c.q), this->Random(c.kv), this->Random(c.kv)};
    Blob<Dtype>* top = this->Empty();
    const char* inputs[] = {".q", ".k", ".v"};
    for (int i = 0; i < 3; ++i) oracle::FillData(name + inputs[i], 2, bottom[i]);
    auto layer =
        this->Run("type: 'Attention' attention_param { " + string(c.param) + " }", bottom, {top});
    const double tolerance = std::numeric_limits<Dtype>::epsilon() * 64 + 1e-8;  // 9 digits
    oracle::ExpectArray(arrays.at(name + ".y"), top->cpu_data(), top->count(), tolerance,
                        name + " y");
    oracle::FillDiff(name + ".dy", 1, top);
    layer->Backward({top}, {true, true, true}, bottom);
    const char* gradients[] = {".dq", ".dk", ".dv"};
    for (int i = 0; i < 3; ++i) {
      oracle::ExpectArray(arrays.at(name + gradients[i]), bottom[i]->cpu_diff(), bottom[i]->count(),
                          tolerance, name + gradients[i]);
    }
  }
}

TYPED_TEST(AttentionLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* param : {"num_heads: 2", "causal: true", "num_heads: 2 dropout_ratio: 0.4"}) {
    SCOPED_TRACE(param);
    LayerParameter text = LayerText("type: 'Attention' attention_param { " + string(param) + " }");
    text.set_phase(TRAIN);
    auto layer = LayerRegistry<Dtype>::CreateLayer(text);
    GradientChecker<Dtype> checker(1e-2, 2e-3);
    checker.CheckGradient(
        layer.get(), {this->Random({2, 4, 6}), this->Random({2, 5, 6}), this->Random({2, 5, 6})},
        {this->Empty()});
  }
}

TYPED_TEST(AttentionLayerTest, DropsWhileTrainingOnly) {
  typedef typename TypeParam::Dtype Dtype;
  const auto q = this->Random({4, 16, 8}), k = this->Random({4, 16, 8});
  auto* ones = this->Values({4, 16, 8}, vector<double>(4 * 16 * 8, 1));
  const auto run = [&](Phase phase, double ratio) {
    LayerParameter param = LayerText(
        "type: 'Attention' attention_param { dropout_ratio: " + std::to_string(ratio) + " }");
    param.set_phase(phase);
    auto layer = LayerRegistry<Dtype>::CreateLayer(param);
    auto* top = this->Empty();
    layer->SetUp({q, k, ones}, {top});
    layer->Forward({q, k, ones}, {top});
    double sum = 0;
    for (int i = 0; i < top->count(); ++i) sum += top->cpu_data()[i];
    return std::make_pair(sum / top->count(), double(top->cpu_data()[0]));
  };
  // Rows of weights have the sum 1; dropout keeps it on average only.
  EXPECT_NEAR(run(TEST, 0.5).second, 1, 1e-5);
  EXPECT_NEAR(run(TRAIN, 0).second, 1, 1e-5);
  EXPECT_GT(std::abs(run(TRAIN, 0.5).second - 1), 1e-3);
  EXPECT_NEAR(run(TRAIN, 0.5).first, 1, 0.2);
}

TYPED_TEST(AttentionLayerTest, CountsMultiplyAdds) {
  auto *q = this->Random({2, 3, 8}), *k = this->Random({2, 5, 8}), *top = this->Empty();
  auto layer = this->Run("type: 'Attention' attention_param { num_heads: 4 }", {q, k, k}, {top});
  EXPECT_EQ(layer->MultiplyAdds({q, k, k}, {top}), 2 * (2 * 3 * 5 * 8));
}

TYPED_TEST(AttentionLayerTest, NamesMistakes) {
  const auto expect = [this](const string& param, const vector<int>& q, const vector<int>& k,
                             const vector<int>& v, const string& message) {
    const string error =
        this->ErrorOfRun("type: 'Attention' attention_param { " + param + " }",
                         {this->Random(q), this->Random(k), this->Random(v)}, {this->Empty()});
    EXPECT_NE(error.find(message), string::npos) << error;
  };
  expect("num_heads: 0", {1, 2, 4}, {1, 2, 4}, {1, 2, 4}, "num_heads is 0");
  expect("num_heads: 3", {1, 2, 4}, {1, 2, 4}, {1, 2, 4}, "divided among num_heads 3");
  expect("dropout_ratio: 1", {1, 2, 4}, {1, 2, 4}, {1, 2, 4}, "dropout_ratio is 1");
  expect("", {2, 4}, {1, 2, 4}, {1, 2, 4}, "3 axes");
  expect("", {1, 2, 4}, {1, 2, 4}, {1, 3, 4}, "k and v must have the same shape");
  expect("", {1, 2, 4}, {2, 2, 4}, {2, 2, 4}, "agree in batch");
  expect("", {1, 2, 4}, {1, 2, 6}, {1, 2, 6}, "agree in batch");
}

}  // namespace caffe
