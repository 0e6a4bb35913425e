// Work that the host and several streams share is ordered, however late a stream runs.

#include <gtest/gtest.h>

#include <vector>

#include "caffe/layers/data_layer.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/format.hpp"
#include "caffe/util/math_functions.hpp"
#include "tests/caffe/data_test_util.hpp"

namespace caffe {
namespace {

template <typename TypeParam>
class WorkOrderTest : public MultiDeviceTest<TypeParam> {};
TYPED_TEST_SUITE(WorkOrderTest, TestDtypesAndDevices);

/// Nobody waits for the device between the batches, and far more are read than are kept ahead.
TYPED_TEST(WorkOrderTest, ABatchStaysUntilTheDeviceHasReadIt) {
  typedef typename TypeParam::Dtype Dtype;
  constexpr int kBatches = 24;
  const TemporaryDirectory dir;
  Records records;
  for (int i = 0; i < kBatches; ++i) {
    records.emplace_back(format_int(i, 5), MakeDatum(1, 4, 4, i, i).SerializeAsString());
  }
  WriteLmdb(dir / "db", records);
  LayerParameter param;
  param.set_type("Data");
  param.mutable_data_param()->set_source(dir / "db");
  param.mutable_data_param()->set_batch_size(1);
  param.mutable_data_param()->set_prefetch(2);
  DataLayer<Dtype> layer(param);
  Blob<Dtype> data, label;
  layer.SetUp({}, {&data, &label});
  std::vector<shared_ptr<Blob<Dtype>>> seen;
  for (int i = 0; i < kBatches; ++i) {
    layer.Forward({}, {&data, &label});
    seen.push_back(std::make_shared<Blob<Dtype>>(data.shape()));
    seen.back()->CopyFrom(data);
  }
  for (int i = 0; i < kBatches; ++i) {
    for (int k = 0; k < 16; ++k) ASSERT_EQ(seen[i]->cpu_data()[k], (i + 7 * k) % 251) << i;
  }
}

/// A program may write to a blob on the host as soon as it has asked for it on the device.
TYPED_TEST(WorkOrderTest, HostMemoryMayChangeOnceTheDeviceHasIt) {
  typedef typename TypeParam::Dtype Dtype;
  Blob<Dtype> source(std::vector<int>{100});
  std::vector<shared_ptr<Blob<Dtype>>> copies;
  for (int i = 0; i < 5; ++i) {
    caffe_set(100, Dtype(i), source.mutable_cpu_data());
    copies.push_back(std::make_shared<Blob<Dtype>>(source.shape()));
    copies.back()->CopyFrom(source);
  }
  for (int i = 0; i < 5; ++i) EXPECT_EQ(copies[i]->cpu_data()[99], Dtype(i));
}

}  // namespace
}  // namespace caffe
