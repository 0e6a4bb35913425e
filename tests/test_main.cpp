#include "caffe/test/test_caffe_main.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

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

/// A filter for the cases that run on a GPU: those whose type parameter or name says so.
std::string GpuCases() {
  const auto says_gpu = [](const std::string& text) {
    return text.find("GPU") != std::string::npos || text.find("Gpu") != std::string::npos;
  };
  std::string filter;
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    const bool on_gpu = suite.type_param() != nullptr && says_gpu(suite.type_param());
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const std::string name = std::string(suite.name()) + "." + suite.GetTestInfo(j)->name();
      if (on_gpu || says_gpu(name)) filter += name + ":";
    }
  }
  return filter;
}

}  // namespace

/// `--gtest_random_seed=N` chooses the seed of all random numbers; 1701 without it.
/// CAFFE_TEST_DEVICE=GPU in the environment leaves out what runs on the CPU, unless
/// --gtest_filter says what to run.
int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = google::GLOG_ERROR;
  google::InitGoogleLogging(argv[0]);
  const int wanted = ::testing::GTEST_FLAG(random_seed);
  const unsigned int seed = wanted > 0 ? wanted : 1701;
  std::printf("Random seed: %u\n", seed);
  ::testing::UnitTest::GetInstance()->listeners().Append(new FreshContext(seed));
  const char* const device = std::getenv("CAFFE_TEST_DEVICE");
  if (device != nullptr && std::string(device) == "GPU" && ::testing::GTEST_FLAG(filter) == "*") {
    ::testing::GTEST_FLAG(filter) = GpuCases();
  }
  return RUN_ALL_TESTS();
}
