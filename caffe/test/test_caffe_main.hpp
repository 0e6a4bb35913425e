#ifndef CAFFE_TEST_TEST_CAFFE_MAIN_HPP_
#define CAFFE_TEST_TEST_CAFFE_MAIN_HPP_

/// Fixtures that run one test on every device and number type:
///
///   template <typename TypeParam>
///   class FooLayerTest : public MultiDeviceTest<TypeParam> { ... };
///   TYPED_TEST_SUITE(FooLayerTest, TestDtypesAndDevices);
///   TYPED_TEST(FooLayerTest, Adds) { typedef typename TypeParam::Dtype Dtype; ... }

#include <gtest/gtest.h>

#include <string>

#include "caffe/common.hpp"

#ifndef ABS_TEST_DATA_DIR
#define ABS_TEST_DATA_DIR "tests/data"
#endif
#ifndef EXAMPLES_SOURCE_DIR
#define EXAMPLES_SOURCE_DIR "examples/"
#endif
/// The GPU that tests use; -1: the first usable one.
#ifndef CUDA_TEST_DEVICE
#define CUDA_TEST_DEVICE -1
#endif

int main(int argc, char** argv);

namespace caffe {

/// Why tests cannot use a GPU here, or an empty text if they can.
inline const string& NoGpuReason() {
  static const string reason = []() -> string {
#ifdef CPU_ONLY
    return "this build has no GPU code";
#else
    const int wanted = CUDA_TEST_DEVICE;
    const int found = wanted >= 0 && Caffe::CheckDevice(wanted) ? wanted : Caffe::FindDevice();
    return found < 0 ? "no usable GPU" : "";
#endif
  }();
  return reason;
}

/// A test on the device TypeParam::device. Where there is no usable GPU, tests of a GPU are
/// skipped and say so; their fixtures are still built, in CPU mode.
template <typename TypeParam>
class MultiDeviceTest : public ::testing::Test {
 public:
  typedef typename TypeParam::Dtype Dtype;

 protected:
  MultiDeviceTest() {
    if (TypeParam::device == Caffe::GPU && !NoGpuReason().empty()) {
      Caffe::set_mode(Caffe::CPU);
      // In the constructor, so that a fixture may override SetUp() without calling ours.
      Skip();
    } else {
      Caffe::set_mode(TypeParam::device);
    }
  }
  virtual ~MultiDeviceTest() {}

 private:
  static void Skip() { GTEST_SKIP() << "GPU test: " << NoGpuReason(); }
};

typedef ::testing::Types<float, double> TestDtypes;

template <typename TypeParam>
struct CPUDevice {
  typedef TypeParam Dtype;
  static const Caffe::Brew device = Caffe::CPU;
};

template <typename Dtype>
class CPUDeviceTest : public MultiDeviceTest<CPUDevice<Dtype>> {};

template <typename TypeParam>
struct GPUDevice {
  typedef TypeParam Dtype;
  static const Caffe::Brew device = Caffe::GPU;
};

template <typename Dtype>
class GPUDeviceTest : public MultiDeviceTest<GPUDevice<Dtype>> {};

typedef ::testing::Types<CPUDevice<float>, CPUDevice<double>, GPUDevice<float>, GPUDevice<double>>
    TestDtypesAndDevices;

}  // namespace caffe

#endif  // CAFFE_TEST_TEST_CAFFE_MAIN_HPP_
