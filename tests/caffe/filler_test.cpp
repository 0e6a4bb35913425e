#include "caffe/filler.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {
namespace {

template <typename Dtype>
class FillerTest : public ::testing::Test {
 protected:
  /// Fills a blob as the text form of a FillerParameter says.
  void Fill(const vector<int>& shape, const string& type, FillerParameter param = {}) {
    param.set_type(type);
    blob_.Reshape(shape);
    const shared_ptr<Filler<Dtype>> filler(GetFiller<Dtype>(param));
    filler->Fill(&blob_);
  }
  const Dtype* begin() { return blob_.cpu_data(); }
  const Dtype* end() { return blob_.cpu_data() + blob_.count(); }
  double Mean() { return std::accumulate(begin(), end(), 0.0) / blob_.count(); }
  double Variance() {
    const double mean = Mean();
    double sum = 0;
    for (const Dtype* x = begin(); x != end(); ++x) sum += (*x - mean) * (*x - mean);
    return sum / blob_.count();
  }

  Blob<Dtype> blob_;
};
TYPED_TEST_SUITE(FillerTest, TestDtypes);

TYPED_TEST(FillerTest, Constant) {
  FillerParameter param;
  param.set_value(2.5);
  this->Fill({3, 4}, "constant", param);
  EXPECT_EQ(std::count(this->begin(), this->end(), TypeParam(2.5)), 12);
}

// Bounds of means and variances below are five standard deviations of the estimate.
TYPED_TEST(FillerTest, Uniform) {
  FillerParameter param;
  param.set_min(1);
  param.set_max(3);
  this->Fill({100, 100}, "uniform", param);
  EXPECT_GE(*std::min_element(this->begin(), this->end()), 1);
  EXPECT_LE(*std::max_element(this->begin(), this->end()), 3);
  EXPECT_NEAR(this->Mean(), 2, 5 * std::sqrt(1.0 / 3) / 100);
  EXPECT_NEAR(this->Variance(), 1.0 / 3, 0.02);
}

TYPED_TEST(FillerTest, Gaussian) {
  FillerParameter param;
  param.set_mean(0.5);
  param.set_std(0.1);
  this->Fill({101, 99}, "gaussian", param);
  EXPECT_NEAR(this->Mean(), 0.5, 5 * 0.1 / 100);
  EXPECT_NEAR(this->Variance(), 0.01, 5 * 0.01 * std::sqrt(2.0) / 100);
}

TYPED_TEST(FillerTest, SparseGaussianKeepsItsShare) {
  FillerParameter param;
  param.set_sparse(20);
  this->Fill({100, 100}, "gaussian", param);
  const auto zeros = std::count(this->begin(), this->end(), TypeParam(0));
  EXPECT_NEAR(zeros / 10000.0, 0.8, 5 * std::sqrt(0.2 * 0.8) / 100);
}

TYPED_TEST(FillerTest, PositiveUnitball) {
  this->Fill({5, 30}, "positive_unitball");
  for (int s = 0; s < 5; ++s) {
    const TypeParam* slice = this->begin() + 30 * s;
    EXPECT_NEAR(std::accumulate(slice, slice + 30, 0.0), 1, 1e-5);
    EXPECT_GE(*std::min_element(slice, slice + 30), 0);
  }
}

TYPED_TEST(FillerTest, XavierAndMsraFollowTheFans) {
  const struct {
    FillerParameter_VarianceNorm norm;
    double n;
  } cases[] = {{FillerParameter_VarianceNorm_FAN_IN, 20 * 9},
               {FillerParameter_VarianceNorm_FAN_OUT, 80 * 9},
               {FillerParameter_VarianceNorm_AVERAGE, 50 * 9}};
  for (const auto& c : cases) {
    FillerParameter param;
    param.set_variance_norm(c.norm);
    this->Fill({80, 20, 3, 3}, "xavier", param);
    const double a = std::sqrt(3 / c.n);
    EXPECT_LE(*std::max_element(this->begin(), this->end()), a * (1 + 1e-6));
    EXPECT_GT(*std::max_element(this->begin(), this->end()), a * 0.99);
    EXPECT_NEAR(this->Variance() * c.n, 1, 0.05);
    this->Fill({80, 20, 3, 3}, "msra", param);
    EXPECT_NEAR(this->Variance() * c.n, 2, 5 * 2 * std::sqrt(2.0 / 14400));
  }
}

TYPED_TEST(FillerTest, BilinearWorkedValues) {
  const vector<vector<double>> rows = {
      {0.5, 0.5}, {0.5, 1, 0.5}, {0.25, 0.75, 0.75, 0.25}, {1 / 3., 2 / 3., 1, 2 / 3., 1 / 3.}};
  for (const vector<double>& row : rows) {
    const int k = static_cast<int>(row.size());
    this->Fill({1, 2, k, k}, "bilinear");
    for (int i = 0; i < 2 * k * k; ++i) {
      EXPECT_NEAR(this->begin()[i], row[i % k] * row[i / k % k], 1e-6) << k << " " << i;
    }
  }
}

TYPED_TEST(FillerTest, SameKeySameValues) {
  vector<TypeParam> first;
  for (int round = 0; round < 2; ++round) {
    const RandomScope scope(3, 0);
    this->Fill({1000}, "gaussian");
    if (round == 0) first.assign(this->begin(), this->end());
  }
  EXPECT_TRUE(std::equal(first.begin(), first.end(), this->begin()));
}

TYPED_TEST(FillerTest, RefusesWhatItCannotDo) {
  FillerParameter param;
  param.set_std(0);
  EXPECT_THROW(this->Fill({2}, "gaussian", param), Error);
  param.Clear();
  param.set_sparse(1);
  EXPECT_THROW(this->Fill({2}, "uniform", param), Error);
  EXPECT_THROW(this->Fill({0}, "xavier"), Error);
  EXPECT_THROW(this->Fill({1, 1, 2, 3}, "bilinear"), Error);
  try {
    this->Fill({2}, "xavir");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(string(error.what()).find("'xavier'"), string::npos) << error.what();
  }
}

TYPED_TEST(FillerTest, SkippedFillersTouchNothing) {
  const SkipFilling skip;
  this->Fill({1000, 1000, 100}, "gaussian");
  EXPECT_EQ(this->blob_.data()->head(), SyncedMemory::UNINITIALIZED);
}

}  // namespace
}  // namespace caffe
