#include <cmath>
#include <string>
#include <vector>

#include "caffe/net.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/io.hpp"
#include "caffe/util/upgrade_proto.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

constexpr uint16_t kHalf1 = 0x3c00, kHalf2 = 0x4000, kHalf3 = 0x4200, kHalf4 = 0x4400;

void AddHalves(const vector<uint16_t>& bits, LayerParameter* layer) {
  BlobProto* blob = layer->add_blobs();
  blob->mutable_shape()->add_dim(bits.size());
  blob->set_raw_data_type(BlobProto::FLOAT16);
  blob->set_raw_data(string(reinterpret_cast<const char*>(bits.data()), 2 * bits.size()));
}

template <typename TypeParam>
class NvidiaFilesTest : public MultiDeviceTest<TypeParam> {};
TYPED_TEST_SUITE(NvidiaFilesTest, TestDtypesAndDevices);

/// A definition and weights as NVIDIA's fork writes them: batch normalisation with five blobs, in
/// half precision.
TYPED_TEST(NvidiaFilesTest, BatchNormWithFiveBlobsInHalfPrecision) {
  typedef typename TypeParam::Dtype Dtype;
  const TempDir dir;
  const string definition = dir.Write(
      "net.prototxt",
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 2 } } }"
      "layer { name: 'norm' type: 'BatchNorm' bottom: 'x' top: 'y' batch_norm_param {"
      "  scale_filler { value: 1 } bias_filler { value: 0 } engine: CUDNN } }");
  NetParameter weights;
  LayerParameter* norm = weights.add_layer();
  norm->set_name("norm");
  norm->set_type("BatchNorm");
  AddHalves({kHalf1, kHalf2}, norm);  // mean
  AddHalves({kHalf4, kHalf1}, norm);  // variance
  AddHalves({kHalf1}, norm);
  AddHalves({kHalf3, kHalf4}, norm);  // scale
  AddHalves({kHalf2, kHalf3}, norm);  // shift
  WriteProtoToBinaryFile(weights, dir / "net.caffemodel");

  Net<Dtype> net(definition, TEST);
  net.CopyTrainedLayersFrom(dir / "net.caffemodel");
  const Dtype x[] = {3, 4, -1, 2};
  std::copy_n(x, 4, net.blob_by_name("x")->mutable_cpu_data());
  net.Forward();
  const double mean[] = {1, 2}, variance[] = {4, 1}, scale[] = {3, 4}, shift[] = {2, 3};
  for (int i = 0; i < 4; ++i) {
    const int c = i % 2;
    const double y = shift[c] + scale[c] * (x[i] - mean[c]) / std::sqrt(variance[c] + 1e-5);
    EXPECT_NEAR(net.blob_by_name("y")->cpu_data()[i], y, 1e-5);
  }
}

}  // namespace
}  // namespace caffe
