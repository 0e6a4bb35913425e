#include "caffe/blob.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "caffe/filler.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/raw_values.hpp"

namespace caffe {
namespace {

template <typename F>
string MessageOf(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

template <typename Dtype>
class BlobShapeTest : public ::testing::Test {};
TYPED_TEST_SUITE(BlobShapeTest, TestDtypes);

TYPED_TEST(BlobShapeTest, CountsAndText) {
  Blob<TypeParam> blob;
  EXPECT_EQ(blob.count(), 0);
  blob.Reshape(vector<int>{});
  EXPECT_EQ(blob.count(), 1);
  EXPECT_EQ(blob.shape_string(), "(1)");
  blob.Reshape({64, 1, 28, 28});
  EXPECT_EQ(blob.shape_string(), "64 1 28 28 (50176)");
  EXPECT_EQ(blob.count(1), 784);
  EXPECT_EQ(blob.count(1, 3), 28);
  EXPECT_EQ(blob.shape(-1), 28);
  EXPECT_EQ(blob.offset(1, 0, 2, 3), 784 + 59);
  EXPECT_EQ(blob.offset(vector<int>{1, 0, 2, 3}), 784 + 59);
  blob.Reshape({5, 0, 2});
  EXPECT_EQ(blob.count(), 0);
}

TYPED_TEST(BlobShapeTest, LegacyAxes) {
  Blob<TypeParam> blob(vector<int>{3, 4});
  EXPECT_EQ(blob.num(), 3);
  EXPECT_EQ(blob.channels(), 4);
  EXPECT_EQ(blob.height(), 1);
  EXPECT_EQ(blob.width(), 1);
  blob.Reshape({1, 2, 3, 4, 5});
  EXPECT_THROW(blob.num(), Error);
}

TYPED_TEST(BlobShapeTest, ImpossibleShapesAreRefused) {
  Blob<TypeParam> blob;
  EXPECT_THROW(blob.Reshape({2, -1}), Error);
  EXPECT_THROW(blob.Reshape({65536, 65536}), Error);
  EXPECT_THROW(blob.Reshape(vector<int>(33, 1)), Error);
  blob.Reshape({2, 3});
  EXPECT_NE(MessageOf([&] { blob.shape(2); }).find("axis 2"), string::npos);
  EXPECT_THROW(blob.shape(-3), Error);
}

TYPED_TEST(BlobShapeTest, ShrinkingKeepsTheMemory) {
  Blob<TypeParam> blob(vector<int>{10});
  blob.mutable_cpu_data()[3] = 7;
  const TypeParam* before = blob.cpu_data();
  blob.Reshape({4});
  EXPECT_EQ(blob.cpu_data(), before);
  EXPECT_EQ(blob.cpu_data()[3], TypeParam(7));
  blob.Reshape({10});
  EXPECT_EQ(blob.cpu_data(), before);
}

TYPED_TEST(BlobShapeTest, MemoryStartsAsZero) {
  Blob<TypeParam> blob(vector<int>{1000});
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(blob.cpu_data()[i], TypeParam(0));
}

TYPED_TEST(BlobShapeTest, LegacyProtoRules) {
  BlobProto proto;
  proto.set_num(1);
  proto.set_channels(1);
  proto.set_height(2);
  proto.set_width(3);
  for (int i = 0; i < 6; ++i) proto.add_data(i);
  Blob<TypeParam> matrix(vector<int>{2, 3});
  EXPECT_TRUE(matrix.ShapeEquals(proto));
  matrix.FromProto(proto, false);
  EXPECT_EQ(matrix.cpu_data()[5], TypeParam(5));
  EXPECT_FALSE(Blob<TypeParam>(vector<int>{3, 2}).ShapeEquals(proto));
  Blob<TypeParam> any;
  any.FromProto(proto);
  EXPECT_EQ(any.shape(), (vector<int>{1, 1, 2, 3}));
  proto.mutable_data()->RemoveLast();
  const string message = MessageOf([&] { any.FromProto(proto); });
  EXPECT_NE(message.find("5 values"), string::npos) << message;
}

TYPED_TEST(BlobShapeTest, ProtoRoundTripIsExact) {
  Blob<TypeParam> blob(vector<int>{4, 5}), copy;
  FillerParameter filler;
  filler.set_type("gaussian");
  GaussianFiller<TypeParam>(filler).Fill(&blob);
  caffe_set(blob.count(), TypeParam(0.1), blob.mutable_cpu_diff());
  BlobProto proto;
  blob.ToProto(&proto, true);
  EXPECT_FALSE(proto.has_num());
  EXPECT_EQ(proto.data_size() + proto.double_data_size(), 20);
  copy.FromProto(proto);
  EXPECT_EQ(copy.shape(), blob.shape());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(copy.cpu_data()[i], blob.cpu_data()[i]);
    EXPECT_EQ(copy.cpu_diff()[i], blob.cpu_diff()[i]);
  }
}

// Half-precision bits and values from NumPy's float16.
TYPED_TEST(BlobShapeTest, RawHalvesOfNvidiasFork) {
  const uint16_t bits[] = {0x3c00, 0xc100, 0x2e66, 0x7bff, 0x0001, 0x8000, 0x03ff, 0x7c00};
  const double values[] = {1,
                           -2.5,
                           0.0999755859375,
                           65504,
                           5.960464477539063e-08,
                           -0.0,
                           6.097555160522461e-05,
                           std::numeric_limits<double>::infinity()};
  BlobProto proto;
  proto.mutable_shape()->add_dim(8);
  proto.set_raw_data_type(BlobProto::FLOAT16);
  proto.set_raw_data(string(reinterpret_cast<const char*>(bits), sizeof(bits)));
  proto.set_raw_diff_type(BlobProto::DOUBLE);
  proto.set_raw_diff(string(reinterpret_cast<const char*>(values), sizeof(values)));
  Blob<TypeParam> blob;
  blob.FromProto(proto);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(blob.cpu_data()[i], TypeParam(values[i]));
    EXPECT_EQ(std::signbit(blob.cpu_data()[i]), std::signbit(values[i]));
    EXPECT_EQ(blob.cpu_diff()[i], TypeParam(values[i]));
  }
  EXPECT_TRUE(std::isnan(HalfToFloat(0x7e00)));

  proto.set_raw_data(proto.raw_data().substr(1));
  EXPECT_NE(MessageOf([&] { blob.FromProto(proto); }).find("15 bytes of FLOAT16"), string::npos);
  proto.set_raw_data_type(BlobProto::INT);
  EXPECT_NE(MessageOf([&] { blob.FromProto(proto); }).find("type INT"), string::npos);
  const float floats[] = {1, 2, 3, 4, 5, 6, 7, 8};
  proto.set_raw_data_type(BlobProto::FLOAT);
  proto.set_raw_data(string(reinterpret_cast<const char*>(floats), sizeof(floats)));
  blob.FromProto(proto);
  EXPECT_EQ(blob.cpu_data()[7], TypeParam(8));
  // Values in Caffe's own fields go first.
  for (int i = 0; i < 8; ++i) proto.add_data(10);
  blob.FromProto(proto);
  EXPECT_EQ(blob.cpu_data()[7], TypeParam(10));
}

template <typename TypeParam>
class BlobMathTest : public MultiDeviceTest<TypeParam> {};
TYPED_TEST_SUITE(BlobMathTest, TestDtypesAndDevices);

TYPED_TEST(BlobMathTest, SumsScalesAndUpdates) {
  typedef typename TypeParam::Dtype Dtype;
  Blob<Dtype> blob(vector<int>{3});
  const Dtype data[] = {1, -2, 3}, diff[] = {0.5, 0.5, -1};
  std::copy(data, data + 3, blob.mutable_cpu_data());
  std::copy(diff, diff + 3, blob.mutable_cpu_diff());
  if (TypeParam::device == Caffe::GPU) {
    blob.gpu_data();
    blob.gpu_diff();
  }
  EXPECT_EQ(blob.asum_data(), Dtype(6));
  EXPECT_EQ(blob.sumsq_data(), Dtype(14));
  EXPECT_EQ(blob.asum_diff(), Dtype(2));
  EXPECT_EQ(blob.sumsq_diff(), Dtype(1.5));
  blob.scale_diff(2);
  blob.Update();
  EXPECT_EQ(blob.cpu_data()[0], Dtype(0));
  EXPECT_EQ(blob.cpu_data()[1], Dtype(-3));
  EXPECT_EQ(blob.cpu_data()[2], Dtype(5));
}

TYPED_TEST(BlobMathTest, CopyAndShare) {
  typedef typename TypeParam::Dtype Dtype;
  Blob<Dtype> source(vector<int>{2, 2}), target, narrow(vector<int>{3});
  caffe_set(4, Dtype(2), source.mutable_cpu_data());
  caffe_set(4, Dtype(3), source.mutable_cpu_diff());
  target.CopyFrom(source, false, true);
  target.CopyFrom(source, true);
  EXPECT_EQ(target.cpu_data()[3], Dtype(2));
  EXPECT_EQ(target.cpu_diff()[3], Dtype(3));
  EXPECT_THROW(narrow.CopyFrom(source), Error);

  // A single number, as losses are, into a blob that has no shape yet.
  Blob<Dtype> loss(vector<int>{}), fresh;
  loss.mutable_cpu_data()[0] = 3;
  EXPECT_THROW(fresh.CopyFrom(loss), Error);
  fresh.CopyFrom(loss, false, true);
  EXPECT_EQ(fresh.count(), 1);
  EXPECT_EQ(fresh.cpu_data()[0], 3);
  EXPECT_THROW(narrow.ShareData(source), Error);
  target.ShareData(source);
  source.mutable_cpu_data()[0] = 9;
  EXPECT_EQ(target.cpu_data()[0], Dtype(9));
}

/// A native copy whose plain form is 0, 1, 2, ...
class CountingCopy : public NativeCopy {
 public:
  explicit CountingCopy(int n) : n_(n) {}
  bool on_gpu() const override { return false; }
  void ToPlain(void* plain) const override {
    for (int i = 0; i < n_; ++i) static_cast<float*>(plain)[i] = static_cast<float>(i);
  }
  size_t bytes() const override { return n_ * sizeof(float); }

 private:
  int n_;
};

TEST(NativeCopyTest, IsConvertedOnceAndCounted) {
  Blob<float> blob(vector<int>{4}), view;
  blob.data()->set_native(std::make_shared<CountingCopy>(4));
  EXPECT_EQ(blob.data()->head(), SyncedMemory::HEAD_AT_NATIVE);
  view.Reshape({2, 2});
  view.ShareData(blob);
  const uint64_t before = SyncedMemory::conversions();
  EXPECT_EQ(view.cpu_data()[3], 3.0f);
  EXPECT_EQ(blob.cpu_data()[2], 2.0f);
  EXPECT_EQ(SyncedMemory::conversions(), before + 1);
  EXPECT_NE(blob.data()->native(), nullptr) << "reading leaves the native copy current";
}

TEST(NativeCopyTest, AMutablePlainPointerMakesPlainTheNewest) {
  Blob<float> blob(vector<int>{4});
  blob.data()->set_native(std::make_shared<CountingCopy>(4));
  blob.mutable_cpu_data()[1] = 10;
  EXPECT_EQ(blob.data()->native(), nullptr);
  EXPECT_EQ(blob.cpu_data()[1], 10.0f);
  EXPECT_EQ(blob.cpu_data()[2], 2.0f);
  blob.data()->attach_native(std::make_shared<CountingCopy>(4));
  EXPECT_EQ(blob.cpu_data()[1], 10.0f) << "an attached copy leaves the plain values current";
}

}  // namespace
}  // namespace caffe
