#include <google/protobuf/text_format.h>

#include <fstream>
#include <string>
#include <vector>

#include "caffe/net.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/hdf5.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "tests/caffe/oracle_values.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

template <typename Dtype>
std::unique_ptr<Net<Dtype>> MakeNet(const string& text) {
  NetParameter param;
  Require(google::protobuf::TextFormat::ParseFromString(text, &param), "cannot parse ", text);
  return std::make_unique<Net<Dtype>>(param);
}

string Input(const string& dims) {
  return "layer { name: 'input' type: 'Input' top: 'x' input_param { shape { " + dims + " } } } ";
}

/// An inner product of x with filled weights.
string Fc(const string& name, const string& more = "", int outputs = 3) {
  return "layer { name: '" + name + "' type: 'InnerProduct' bottom: 'x' top: '" + name +
         "_out' inner_product_param { num_output: " + std::to_string(outputs) +
         " weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' } } " + more + " } ";
}

template <typename Dtype>
vector<Dtype> Values(const Blob<Dtype>& blob, bool diff = false) {
  const Dtype* values = diff ? blob.cpu_diff() : blob.cpu_data();
  return vector<Dtype>(values, values + blob.count());
}

template <typename TypeParam>
class NetHdf5Test : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;
  TempDir dir_;
};
TYPED_TEST_SUITE(NetHdf5Test, TestDtypesAndDevices);

TYPED_TEST(NetHdf5Test, ReadsWeightsThatH5pyWrote) {
  typedef typename TypeParam::Dtype Dtype;
  auto net = MakeNet<Dtype>(
      Input("dim: 1 dim: 2 dim: 4 dim: 4") +
      "layer { name: 'conv/3x3' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { "
      "num_output: 4 kernel_size: 3 } } "
      "layer { name: 'fc' type: 'InnerProduct' bottom: 'y' top: 'z' inner_product_param { "
      "num_output: 3 } } ");
  net->CopyTrainedLayersFrom(string(CAFFE_TEST_DATA_DIR) + "/oracles/weights.caffemodel.h5");
  for (const auto& [layer, blob] : {std::pair("conv/3x3", 0), {"conv/3x3", 1}, {"fc", 0}}) {
    const Blob<Dtype>& read = *net->layer_by_name(layer)->blobs()[blob];
    const string name = layer + ("." + std::to_string(blob));
    for (int i = 0; i < read.count(); ++i) {
      ASSERT_EQ(read.cpu_data()[i], Dtype(oracle::Value(name, i, 1))) << name << " at " << i;
    }
  }
  EXPECT_EQ(Values(*net->layer_by_name("fc")->blobs()[1]), (vector<Dtype>{1, -2, 3}));
}

TYPED_TEST(NetHdf5Test, WritesWhatItReads) {
  typedef typename TypeParam::Dtype Dtype;
  const string text = Input("dim: 2 dim: 4") + Fc("a") + Fc("a/b") + Fc("c", "", 1);
  auto net = MakeNet<Dtype>(text), other = MakeNet<Dtype>(text);
  const string path = this->dir_ / "net.h5";
  net->ToHDF5(path);
  other->CopyTrainedLayersFrom(path);
  for (size_t i = 0; i < net->params().size(); ++i) {
    EXPECT_EQ(Values(*net->params()[i]), Values(*other->params()[i])) << i;
  }
  // Equal nets make equal files.
  other->ToHDF5(this->dir_ / "other.h5");
  EXPECT_EQ(this->dir_.Read("net.h5"), this->dir_.Read("other.h5"));
  const Hdf5Object file = OpenHdf5(path);
  EXPECT_EQ(Hdf5Names(file, "data"), (vector<string>{"a", "c", "input", "x_input_0_split"}));
  EXPECT_EQ(Hdf5Names(file, "data/a"), (vector<string>{"0", "1", "b"}));
  EXPECT_EQ(Hdf5Shape(file, "data/a/b/0"), (vector<int>{3, 4}));
  EXPECT_FALSE(HasHdf5Object(file, "diff"));
}

TYPED_TEST(NetHdf5Test, WritesGradientsToo) {
  typedef typename TypeParam::Dtype Dtype;
  auto net = MakeNet<Dtype>(Input("dim: 2 dim: 4") + Fc("a"));
  caffe_set(12, Dtype(5), net->params()[0]->mutable_cpu_diff());
  net->ToHDF5(this->dir_ / "net.h5", true);
  const Hdf5Object file = OpenHdf5(this->dir_ / "net.h5");
  Blob<Dtype> diff;
  hdf5_load_nd_dataset(file, "diff/a/0", 2, 2, &diff, true);
  EXPECT_EQ(Values(diff), vector<Dtype>(12, 5));
}

TYPED_TEST(NetHdf5Test, SharedWeightsAreWrittenOnce) {
  typedef typename TypeParam::Dtype Dtype;
  const string text =
      Input("dim: 2 dim: 4") + Fc("a", "param { name: 'w' }") + Fc("b", "param { name: 'w' }");
  auto net = MakeNet<Dtype>(text), other = MakeNet<Dtype>(text);
  net->ToHDF5(this->dir_ / "net.h5");
  EXPECT_EQ(Hdf5Names(OpenHdf5(this->dir_ / "net.h5"), "data/b"), vector<string>{"1"});
  other->CopyTrainedLayersFrom(this->dir_ / "net.h5");
  for (size_t i = 0; i < net->params().size(); ++i) {
    EXPECT_EQ(Values(*net->params()[i]), Values(*other->params()[i])) << i;
  }
  const string error = ErrorOf([&] {
    MakeNet<Dtype>(Input("dim: 2 dim: 4") + Fc("a") + Fc("b"))
        ->CopyTrainedLayersFrom(this->dir_ / "net.h5");
  });
  EXPECT_NE(error.find("blob 0 of layer 'b' is missing"), string::npos) << error;
}

TYPED_TEST(NetHdf5Test, MatchesLayersByName) {
  typedef typename TypeParam::Dtype Dtype;
  auto net = MakeNet<Dtype>(Input("dim: 2 dim: 4") + Fc("a") + Fc("b"));
  net->ToHDF5(this->dir_ / "net.h5");
  auto other = MakeNet<Dtype>(Input("dim: 2 dim: 4") + Fc("b") + Fc("new"));
  const vector<Dtype> untouched = Values(*other->layer_by_name("new")->blobs()[0]);
  other->CopyTrainedLayersFrom(this->dir_ / "net.h5");
  EXPECT_EQ(Values(*other->layer_by_name("b")->blobs()[0]),
            Values(*net->layer_by_name("b")->blobs()[0]));
  EXPECT_EQ(Values(*other->layer_by_name("new")->blobs()[0]), untouched);
}

TYPED_TEST(NetHdf5Test, NamesMistakes) {
  typedef typename TypeParam::Dtype Dtype;
  const auto contains = [](const string& error, const string& part) {
    EXPECT_NE(error.find(part), string::npos) << error;
  };
  const string x = Input("dim: 2 dim: 4");
  const string path = this->dir_ / "net.h5";
  MakeNet<Dtype>(x + Fc("a"))->ToHDF5(path);
  const auto load = [&](const string& text) {
    return ErrorOf([&] { MakeNet<Dtype>(text)->CopyTrainedLayersFrom(path); });
  };
  contains(load(x + Fc("a", "", 5)), "data set 'data/a/0' has shape 3x4, wanted is 5x4");
  contains(load(x + Fc("a", "", 5)), "net.h5");
  contains(load(x + "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y' }"),
           "has 0 learnable blob(s), the file has 2");
  auto slash = MakeNet<Dtype>(x + Fc("a/"));
  contains(ErrorOf([&] { slash->ToHDF5(path); }), "layer named 'a/'");
  contains(ErrorOf([&] { slash->ToHDF5("/no/such/place/net.h5"); }), "layer named 'a/'");
  auto net = MakeNet<Dtype>(x + Fc("a"));
  contains(ErrorOf([&] { net->ToHDF5("/no/such/place/net.h5"); }), "/no/such/place/net.h5");
  contains(ErrorOf([&] { net->CopyTrainedLayersFromHDF5("none.h5"); }), "there is no such file");
  WriteHdf5(NewHdf5(), path);
  contains(load(x + Fc("a")), "no group 'data'");
  // A file that was cut off.
  net->ToHDF5(path);
  const string whole = this->dir_.Read("net.h5");
  this->dir_.Write("net.h5", whole.substr(0, whole.size() / 2));
  contains(load(x + Fc("a")), "cannot read '" + path + "' as an HDF5 file");
}

}  // namespace
}  // namespace caffe
