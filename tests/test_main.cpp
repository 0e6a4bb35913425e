#include "caffe/test/test_caffe_main.hpp"

#include <cstdio>

namespace {

/// Starts every test from the same random numbers, whichever tests ran before it, and in the
/// default mode.
class FreshContext : public ::testing::EmptyTestEventListener {
 public:
  explicit FreshContext(unsigned int seed) : seed_(seed) {}
  void OnTestStart(const ::testing::TestInfo&) override {
    caffe::Caffe::set_random_seed(seed_);
    caffe::Caffe::set_mode(caffe::Caffe::CPU);
  }

 private:
  const unsigned int seed_;
};

}  // namespace

/// `--gtest_random_seed=N` chooses the seed of all random numbers; 1701 without it.
int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = google::GLOG_ERROR;
  google::InitGoogleLogging(argv[0]);
  const int wanted = ::testing::GTEST_FLAG(random_seed);
  const unsigned int seed = wanted > 0 ? wanted : 1701;
  std::printf("Random seed: %u\n", seed);
  ::testing::UnitTest::GetInstance()->listeners().Append(new FreshContext(seed));
  return RUN_ALL_TESTS();
}
