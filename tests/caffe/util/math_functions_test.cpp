#include "caffe/util/math_functions.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "caffe/syncedmem.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/rng.hpp"

// The device's function, where the build has one.
#ifdef CPU_ONLY
#define ON_GPU(call) ADD_FAILURE() << "this build has no GPU code"
#else
#define ON_GPU(call) call
#endif
#define ON_DEVICE(cpu_call, gpu_call) \
  if (this->on_gpu()) {               \
    ON_GPU(gpu_call);                 \
  } else {                            \
    cpu_call;                         \
  }

namespace caffe {
namespace {

/// Arrays x, y (inputs) and z (output) where the tested device works, and the same inputs for
/// the oracles.
template <typename TypeParam>
class MathFunctionsTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  static constexpr int kCount = 1027;

  MathFunctionsTest() {
    Caffe::set_random_seed(1701);
    caffe_rng_uniform<Dtype>(kCount, -3, 3, HostX());
    caffe_rng_uniform<Dtype>(kCount, 0.5, 2, HostY());
    host_x_.assign(HostX(), HostX() + kCount);
    host_y_.assign(HostY(), HostY() + kCount);
  }

  static bool on_gpu() { return TypeParam::device == Caffe::GPU; }
  Dtype* HostX() { return static_cast<Dtype*>(x_.mutable_cpu_data()); }
  Dtype* HostY() { return static_cast<Dtype*>(y_.mutable_cpu_data()); }
  const Dtype* X() { return static_cast<const Dtype*>(on_gpu() ? x_.gpu_data() : x_.cpu_data()); }
  const Dtype* Y() { return static_cast<const Dtype*>(on_gpu() ? y_.gpu_data() : y_.cpu_data()); }
  Dtype* Z() {
    return static_cast<Dtype*>(on_gpu() ? z_.mutable_gpu_data() : z_.mutable_cpu_data());
  }

  /// z[i] must be oracle(x[i], y[i]) up to a few roundings.
  template <typename Oracle>
  void ExpectZ(const Oracle& oracle) {
    const Dtype* z = static_cast<const Dtype*>(z_.cpu_data());
    for (int i = 0; i < kCount; ++i) {
      const double expected = oracle(double(host_x_[i]), double(host_y_[i]));
      const double tolerance = 8 * std::numeric_limits<Dtype>::epsilon();
      ASSERT_NEAR(expected, z[i], tolerance * std::max(1.0, std::abs(expected))) << i;
    }
  }

  SyncedMemory x_{kCount * sizeof(Dtype)};
  SyncedMemory y_{kCount * sizeof(Dtype)};
  SyncedMemory z_{kCount * sizeof(Dtype)};
  std::vector<Dtype> host_x_, host_y_;
};

TYPED_TEST_SUITE(MathFunctionsTest, TestDtypesAndDevices);

TYPED_TEST(MathFunctionsTest, FunctionsOfOneArray) {
  const int n = this->kCount;
  ON_DEVICE(caffe_abs(n, this->X(), this->Z()), caffe_gpu_abs(n, this->X(), this->Z()));
  this->ExpectZ([](double x, double) { return std::abs(x); });
  ON_DEVICE(caffe_exp(n, this->X(), this->Z()), caffe_gpu_exp(n, this->X(), this->Z()));
  this->ExpectZ([](double x, double) { return std::exp(x); });
  ON_DEVICE(caffe_log(n, this->Y(), this->Z()), caffe_gpu_log(n, this->Y(), this->Z()));
  this->ExpectZ([](double, double y) { return std::log(y); });
  ON_DEVICE(caffe_sqrt(n, this->Y(), this->Z()), caffe_gpu_sqrt(n, this->Y(), this->Z()));
  this->ExpectZ([](double, double y) { return std::sqrt(y); });
  ON_DEVICE(caffe_cpu_fabs(n, this->X(), this->Z()), caffe_gpu_fabs(n, this->X(), this->Z()));
  this->ExpectZ([](double x, double) { return std::abs(x); });
}

TYPED_TEST(MathFunctionsTest, SignsOfAllKinds) {
  typedef typename TypeParam::Dtype Dtype;
  this->HostX()[0] = this->host_x_[0] = Dtype(0);
  this->HostX()[1] = this->host_x_[1] = -Dtype(0);
  const int n = this->kCount;
  ON_DEVICE(caffe_cpu_sign(n, this->X(), this->Z()), caffe_gpu_sign(n, this->X(), this->Z()));
  this->ExpectZ([](double x, double) { return x > 0 ? 1 : x < 0 ? -1 : 0; });
  ON_DEVICE(caffe_cpu_sgnbit(n, this->X(), this->Z()), caffe_gpu_sgnbit(n, this->X(), this->Z()));
  this->ExpectZ([](double x, double) { return std::signbit(x); });
}

TYPED_TEST(MathFunctionsTest, FunctionsOfTwoArrays) {
  const int n = this->kCount;
  const auto x = [this] { return this->X(); };
  const auto y = [this] { return this->Y(); };
  const auto z = [this] { return this->Z(); };
  ON_DEVICE(caffe_add(n, x(), y(), z()), caffe_gpu_add(n, x(), y(), z()));
  this->ExpectZ([](double a, double b) { return a + b; });
  ON_DEVICE(caffe_sub(n, x(), y(), z()), caffe_gpu_sub(n, x(), y(), z()));
  this->ExpectZ([](double a, double b) { return a - b; });
  ON_DEVICE(caffe_mul(n, x(), y(), z()), caffe_gpu_mul(n, x(), y(), z()));
  this->ExpectZ([](double a, double b) { return a * b; });
  ON_DEVICE(caffe_div(n, x(), y(), z()), caffe_gpu_div(n, x(), y(), z()));
  this->ExpectZ([](double a, double b) { return a / b; });
}

TYPED_TEST(MathFunctionsTest, ArraysAndNumbers) {
  typedef typename TypeParam::Dtype Dtype;
  const int n = this->kCount;
  const auto x = [this] { return this->X(); };
  const auto y = [this] { return this->Y(); };
  const auto z = [this] { return this->Z(); };
  ON_DEVICE(caffe_set(n, Dtype(4), z()), caffe_gpu_set(n, Dtype(4), z()));
  this->ExpectZ([](double, double) { return 4; });
  ON_DEVICE(caffe_add_scalar(n, Dtype(-1), z()), caffe_gpu_add_scalar(n, Dtype(-1), z()));
  this->ExpectZ([](double, double) { return 3; });
  ON_DEVICE(caffe_axpy(n, Dtype(2), x(), z()), caffe_gpu_axpy(n, Dtype(2), x(), z()));
  this->ExpectZ([](double a, double) { return 3 + 2 * a; });
  ON_DEVICE(caffe_cpu_axpby(n, Dtype(3), y(), Dtype(0.5), z()),
            caffe_gpu_axpby(n, Dtype(3), y(), Dtype(0.5), z()));
  this->ExpectZ([](double a, double b) { return 3 * b + 0.5 * (3 + 2 * a); });
  ON_DEVICE(caffe_cpu_scale(n, Dtype(-2), x(), z()), caffe_gpu_scale(n, Dtype(-2), x(), z()));
  this->ExpectZ([](double a, double) { return -2 * a; });
  ON_DEVICE(caffe_scal(n, Dtype(5), z()), caffe_gpu_scal(n, Dtype(5), z()));
  this->ExpectZ([](double a, double) { return -10 * a; });
  ON_DEVICE(caffe_powx(n, y(), Dtype(1.5), z()), caffe_gpu_powx(n, y(), Dtype(1.5), z()));
  this->ExpectZ([](double, double b) { return std::pow(b, 1.5); });
  ON_DEVICE(caffe_copy(n, x(), z()), caffe_copy(n, x(), z()));
  this->ExpectZ([](double a, double) { return a; });
}

TYPED_TEST(MathFunctionsTest, Sums) {
  typedef typename TypeParam::Dtype Dtype;
  const int n = this->kCount;
  double dot = 0, asum = 0;
  for (int i = 0; i < n; ++i) {
    dot += double(this->host_x_[i]) * this->host_y_[i];
    asum += std::abs(double(this->host_x_[i]));
  }
  Dtype found_dot = 0, found_asum = 0;
  ON_DEVICE(found_dot = caffe_cpu_dot(n, this->X(), this->Y()),
            caffe_gpu_dot(n, this->X(), this->Y(), &found_dot));
  ON_DEVICE(found_asum = caffe_cpu_asum(n, this->X()), caffe_gpu_asum(n, this->X(), &found_asum));
  // Roundings of a sum grow with the square root of its length.
  const double tolerance = std::sqrt(n) * asum * std::numeric_limits<Dtype>::epsilon();
  EXPECT_NEAR(dot, found_dot, tolerance);
  EXPECT_NEAR(asum, found_asum, tolerance);
}

/// C (5 x 6) = 2 op(A) op(B) + 3 C and y = 2 op(A) x + 3 y in all transpositions, on pieces of
/// x and y.
TYPED_TEST(MathFunctionsTest, Products) {
  typedef typename TypeParam::Dtype Dtype;
  const int m = 5, n = 6, k = 7;
  const double tolerance = 64 * std::numeric_limits<Dtype>::epsilon();
  for (bool trans_a : {false, true}) {
    for (bool trans_b : {false, true}) {
      ON_DEVICE(caffe_set(this->kCount, Dtype(1), this->Z()),
                caffe_gpu_set(this->kCount, Dtype(1), this->Z()));
      const CBLAS_TRANSPOSE op_a = trans_a ? CblasTrans : CblasNoTrans;
      const CBLAS_TRANSPOSE op_b = trans_b ? CblasTrans : CblasNoTrans;
      ON_DEVICE(caffe_cpu_gemm<Dtype>(op_a, op_b, m, n, k, 2, this->X(), this->Y(), 3, this->Z()),
                caffe_gpu_gemm<Dtype>(op_a, op_b, m, n, k, 2, this->X(), this->Y(), 3, this->Z()));
      const Dtype* z = static_cast<const Dtype*>(this->z_.cpu_data());
      for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
          double sum = 3;
          for (int p = 0; p < k; ++p) {
            sum += 2.0 * this->host_x_[trans_a ? p * m + i : i * k + p] *
                   this->host_y_[trans_b ? j * k + p : p * n + j];
          }
          EXPECT_NEAR(sum, z[i * n + j], tolerance) << i << " " << j << trans_a << trans_b;
        }
      }
    }
    ON_DEVICE(caffe_set(this->kCount, Dtype(1), this->Z()),
              caffe_gpu_set(this->kCount, Dtype(1), this->Z()));
    const CBLAS_TRANSPOSE op = trans_a ? CblasTrans : CblasNoTrans;
    ON_DEVICE(caffe_cpu_gemv<Dtype>(op, m, n, 2, this->X(), this->Y(), 3, this->Z()),
              caffe_gpu_gemv<Dtype>(op, m, n, 2, this->X(), this->Y(), 3, this->Z()));
    const Dtype* z = static_cast<const Dtype*>(this->z_.cpu_data());
    for (int i = 0; i < (trans_a ? n : m); ++i) {
      double sum = 3;
      for (int j = 0; j < (trans_a ? m : n); ++j) {
        sum += 2.0 * this->host_x_[trans_a ? j * n + i : i * n + j] * this->host_y_[j];
      }
      EXPECT_NEAR(sum, z[i], tolerance) << i << trans_a;
    }
  }
}

/// Both devices draw the numbers of the host's functions.
TYPED_TEST(MathFunctionsTest, RandomNumbersDoNotDependOnTheDevice) {
  typedef typename TypeParam::Dtype Dtype;
  const int n = this->kCount;
  std::vector<Dtype> expected(n);
  Caffe::set_random_seed(9);
  caffe_rng_uniform<Dtype>(n, -1, 2, expected.data());
  Caffe::set_random_seed(9);
  ON_DEVICE(caffe_rng_uniform<Dtype>(n, -1, 2, this->Z()),
            caffe_gpu_rng_uniform<Dtype>(n, -1, 2, this->Z()));
  const Dtype* z = static_cast<const Dtype*>(this->z_.cpu_data());
  for (int i = 0; i < n; ++i) ASSERT_EQ(expected[i], z[i]);

  Caffe::set_random_seed(9);
  caffe_rng_gaussian<Dtype>(n, 1, 2, expected.data());
  Caffe::set_random_seed(9);
  ON_DEVICE(caffe_rng_gaussian<Dtype>(n, 1, 2, this->Z()),
            caffe_gpu_rng_gaussian<Dtype>(n, 1, 2, this->Z()));
  z = static_cast<const Dtype*>(this->z_.cpu_data());
  const double tolerance = 32 * std::numeric_limits<Dtype>::epsilon();
  for (int i = 0; i < n; ++i) ASSERT_NEAR(expected[i], z[i], tolerance);

  std::vector<int> expected_coins(n);
  SyncedMemory coins(n * sizeof(int));
  Caffe::set_random_seed(9);
  caffe_rng_bernoulli<Dtype>(n, 0.3, expected_coins.data());
  Caffe::set_random_seed(9);
  ON_DEVICE(caffe_rng_bernoulli<Dtype>(n, 0.3, static_cast<int*>(coins.mutable_cpu_data())),
            caffe_gpu_rng_bernoulli<Dtype>(n, 0.3, static_cast<int*>(coins.mutable_gpu_data())));
  for (int i = 0; i < n; ++i) {
    ASSERT_EQ(expected_coins[i], static_cast<const int*>(coins.cpu_data())[i]);
  }
}

TEST(DevicesTest, AMissingDeviceIsToldClearly) {
  EXPECT_FALSE(Caffe::CheckDevice(-1));
  EXPECT_FALSE(Caffe::CheckDevice(4096));
  EXPECT_EQ(-1, Caffe::FindDevice(4096));
  try {
    Caffe::SetDevice(4096);
    FAIL() << "device 4096 was accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string::npos, std::string(error.what()).find("GPU")) << error.what();
  }
}

}  // namespace
}  // namespace caffe
