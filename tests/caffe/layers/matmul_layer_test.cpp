#include "caffe/layers/matmul_layer.hpp"

#include <limits>
#include <string>
#include <vector>

#include "tests/caffe/layers/layer_test.hpp"
#include "tests/caffe/oracle_values.hpp"

namespace caffe {

template <typename TypeParam>
class MatMulLayerTest : public LayerTest<TypeParam> {};
TYPED_TEST_SUITE(MatMulLayerTest, TestDtypesAndDevices);

TYPED_TEST(MatMulLayerTest, AgreesWithPyTorch) {
  typedef typename TypeParam::Dtype Dtype;
  const auto arrays = oracle::ReadArrays("transformer_values.txt");
  struct Case {
    const char *name, *param;
    vector<int> a, b, top;
  };
  const char* both = "transpose_a: true transpose_b: true";
  for (const Case& c :
       {Case{"product", "", {2, 3, 4}, {2, 4, 5}, {2, 3, 5}},
        Case{"product_transposed", both, {2, 4, 3}, {2, 5, 4}, {2, 3, 5}},
        Case{"product_shared", "transpose_b: true", {2, 3, 4, 2}, {5, 2}, {2, 3, 4, 5}},
        Case{"product_broadcast", "", {2, 1, 3, 4}, {3, 4, 2}, {2, 3, 3, 2}},
        Case{"product_crossed", "transpose_a: true", {2, 1, 4, 3}, {1, 3, 4, 2}, {2, 3, 3, 2}}}) {
    const string name = c.name;
    auto *a = this->Random(c.a), *b = this->Random(c.b), *top = this->Empty();
    oracle::FillData(name + ".a", 2, a);
    oracle::FillData(name + ".b", 2, b);
    auto layer =
        this->Run("type: 'MatMul' matmul_param { " + string(c.param) + " }", {a, b}, {top});
    ASSERT_EQ(top->shape(), c.top);
    // cuBLAS may multiply floats in TF32 where a program allows it; this one does not.
    const double tolerance = std::numeric_limits<Dtype>::epsilon() * 100 + 1e-8;  // 9 digits
    oracle::ExpectArray(arrays.at(name + ".y"), top->cpu_data(), top->count(), tolerance, name);
    oracle::FillDiff(name + ".dy", 1, top);
    layer->Backward({top}, {true, true}, {a, b});
    oracle::ExpectArray(arrays.at(name + ".da"), a->cpu_diff(), a->count(), tolerance,
                        name + " da");
    oracle::ExpectArray(arrays.at(name + ".db"), b->cpu_diff(), b->count(), tolerance,
                        name + " db");
  }
}

TYPED_TEST(MatMulLayerTest, GradientAgreesWithDifferences) {
  typedef typename TypeParam::Dtype Dtype;
  for (const char* param :
       {"", "transpose_a: true", "transpose_b: true", "transpose_a: true transpose_b: true"}) {
    SCOPED_TRACE(param);
    auto layer = this->Make("type: 'MatMul' matmul_param { " + string(param) + " }");
    GradientChecker<Dtype> checker(1e-2, 1e-3);
    checker.CheckGradient(layer.get(), {this->Random({2, 3, 3}), this->Random({3, 3})},
                          {this->Empty()});
  }
}

TYPED_TEST(MatMulLayerTest, CountsMultiplyAdds) {
  auto *a = this->Random({4, 1, 2, 3}), *b = this->Random({5, 3, 6}), *top = this->Empty();
  auto layer = this->Run("type: 'MatMul'", {a, b}, {top});
  EXPECT_EQ(layer->MultiplyAdds({a, b}, {top}), 4 * 5 * 2 * 3 * 6);
}

TYPED_TEST(MatMulLayerTest, NamesMistakes) {
  const auto expect = [this](const vector<int>& a, const vector<int>& b, const string& message) {
    const string error =
        this->ErrorOfRun("type: 'MatMul'", {this->Random(a), this->Random(b)}, {this->Empty()});
    EXPECT_NE(error.find(message), string::npos) << error;
  };
  expect({2, 3}, {2, 3}, "rows of 3 values cannot be multiplied by columns of 2");
  expect({3}, {3, 2}, "at least 2 axes");
  expect({2, 3, 3}, {4, 3, 3}, "equal, or 1");
  auto* a = this->Random({3, 3});
  EXPECT_NE(this->ErrorOfRun("type: 'MatMul'", {a, this->Random({3, 3})}, {a}).find("in place"),
            string::npos);
}

}  // namespace caffe
