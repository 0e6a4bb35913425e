// Layers of one name: refused where weights would be mixed up, and harmless elsewhere.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <memory>
#include <string>

#include "caffe/caffe.hpp"
#include "caffe/layer.hpp"
#include "caffe/weight_transfer.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const char kInput[] =
    "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 4 } } } ";

string Fc(const string& name, const string& top, const string& more = "") {
  return "layer { name: '" + name + "' type: 'InnerProduct' bottom: 'x' top: '" + top + "' " +
         more + " inner_product_param { num_output: 4 weight_filler { type: 'xavier' } } } ";
}

string Relu(const string& name, const string& blob) {
  return "layer { name: '" + name + "' type: 'ReLU' bottom: '" + blob + "' top: '" + blob + "' } ";
}

std::unique_ptr<Net<float>> MakeNet(const string& text, Phase phase = TRAIN) {
  NetParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param)) << text;
  param.mutable_state()->set_phase(phase);
  return std::make_unique<Net<float>>(param);
}

TEST(WeightNamesTest, TwoLayersWithWeightsOfTheirOwnAreRefused) {
  const string error = ErrorOf([] { MakeNet(kInput + Fc("fc", "a") + Fc("fc", "b")); });
  EXPECT_THAT(error, HasSubstr("two layers with parameters are named 'fc' (InnerProduct"));
  EXPECT_THAT(error, HasSubstr("Rename one"));
  // One shared blob of two does not make the other one less ambiguous.
  EXPECT_THAT(ErrorOf([] {
                MakeNet(kInput + Fc("fc", "a", "param { name: 'w' }") +
                        Fc("fc", "b", "param { name: 'w' }"));
              }),
              HasSubstr("are named 'fc'"));
}

TEST(WeightNamesTest, OneNameForEachPhaseIsFine) {
  const string text =
      kInput + Fc("fc", "a", "include { phase: TRAIN }") + Fc("fc", "b", "include { phase: TEST }");
  const auto train = MakeNet(text), test = MakeNet(text, TEST);
  test->ShareTrainedLayersWith(train.get());
  EXPECT_EQ(test->params()[0]->cpu_data(), train->params()[0]->cpu_data());
}

TEST(WeightNamesTest, SharingAcrossNetsNamesBothLayersOfAName) {
  const string wider =
      "layer { name: 'fc' type: 'InnerProduct' bottom: 'x' top: 'b'"
      " inner_product_param { num_output: 5 } } ";
  const auto train = MakeNet(kInput + Fc("fc", "a"));
  EXPECT_THAT(ErrorOf([&] { MakeNet(kInput + wider)->ShareTrainedLayersWith(train.get()); }),
              AllOf(HasSubstr("'fc' (InnerProduct), blob 0 is 5x4"), HasSubstr("is 4x4"),
                    HasSubstr("both have a layer of that name: rename one")));
  const string other = "layer { name: 'fc' type: 'PReLU' bottom: 'x' top: 'b' } ";
  EXPECT_THAT(ErrorOf([&] { MakeNet(kInput + other)->ShareTrainedLayersWith(train.get()); }),
              AllOf(HasSubstr("'fc' (PReLU) has 1 learnable"), HasSubstr("(InnerProduct) has 2"),
                    HasSubstr("rename one")));
}

TEST(WeightNamesTest, SharersThatOnlyTheTestNetHasFollow) {
  const string shared = "param { name: 'w' } param { name: 'b' } ";
  const string both = Fc("fc", "a", shared);
  const string only_test = Fc("more", "c", shared + "include { phase: TEST }");
  // The one that owns the parameter is the first.
  for (const string& text : {kInput + both + only_test, kInput + only_test + both}) {
    const auto train = MakeNet(text), test = MakeNet(text, TEST);
    test->ShareTrainedLayersWith(train.get());
    const float* trained = train->layer_by_name("fc")->blobs()[0]->cpu_data();
    EXPECT_EQ(test->layer_by_name("fc")->blobs()[0]->cpu_data(), trained);
    EXPECT_EQ(test->layer_by_name("more")->blobs()[0]->cpu_data(), trained);
  }
}

/// A layer without weights before or behind one that has some: every way of copying finds the one
/// with weights.
TEST(WeightNamesTest, LayersWithoutWeightsMayBearAnyName) {
  const TempDir dir;
  for (const string text :
       {kInput + Fc("fc", "a") + Relu("fc", "a") + Relu("r", "a") + Relu("r", "a"),
        kInput + Relu("fc", "x") + Fc("fc", "a")}) {
    const auto net = MakeNet(text);
    const float weight = net->params()[0]->cpu_data()[5];
    const auto shared = MakeNet(text, TEST), binary = MakeNet(text), hdf5 = MakeNet(text);
    shared->ShareTrainedLayersWith(net.get());
    EXPECT_EQ(shared->params()[0]->cpu_data(), net->params()[0]->cpu_data());
    NetParameter proto;
    net->ToProto(&proto);
    binary->CopyTrainedLayersFrom(proto);
    net->ToHDF5(dir / "net.h5", true);
    hdf5->CopyTrainedLayersFrom(dir / "net.h5");
    for (const auto* other : {binary.get(), hdf5.get()}) {
      EXPECT_EQ(other->params()[0]->cpu_data()[5], weight);
    }
  }
}

TEST(WeightNamesTest, LayersOfOneNameMayShareAllTheirWeights) {
  const TempDir dir;
  const string shared = "param { name: 'w' } param { name: 'b' }";
  const string text = kInput + Fc("fc", "a", shared) + Fc("fc", "b", shared);
  const auto net = MakeNet(text), binary = MakeNet(text), hdf5 = MakeNet(text);
  NetParameter proto;
  net->ToProto(&proto);
  binary->CopyTrainedLayersFrom(proto);
  net->ToHDF5(dir / "net.h5", true);
  hdf5->CopyTrainedLayersFrom(dir / "net.h5");
  for (const auto* other : {binary.get(), hdf5.get()}) {
    EXPECT_EQ(other->params()[0]->cpu_data()[5], net->params()[0]->cpu_data()[5]);
  }
}

TEST(WeightNamesTest, FilesWithTwoSetsOfWeightsOfOneNameAreRefused) {
  NetParameter both;
  MakeNet(kInput + Fc("fc", "a") + Fc("other", "b"))->ToProto(&both);
  both.mutable_layer(both.layer_size() - 1)->set_name("fc");
  EXPECT_THAT(ErrorOf([&] { MakeNet(kInput + Fc("fc", "a"))->CopyTrainedLayersFrom(both); }),
              HasSubstr("two layers named 'fc'"));
  EXPECT_THAT(ErrorOf([&] { MakeNet(kInput + Fc("elsewhere", "a"))->CopyTrainedLayersFrom(both); }),
              Not(HasSubstr("two layers")));
}

TEST(WeightNamesTest, ResumesWantExactlyTheLayersOfTheNet) {
  const TempDir dir;
  const string two = kInput + Fc("fc", "a") + Fc("more", "b");
  const auto save = [&](const string& text, const string& file) {
    MakeNet(text)->ToHDF5(dir / (file + ".h5"));
    NetParameter proto;
    MakeNet(text)->ToProto(&proto);
    dir.Write(file, proto.SerializeAsString());
  };
  save(two, "two");
  save(kInput + Fc("fc", "a"), "one");
  for (const string suffix : {"", ".h5"}) {
    const auto restore = [&](const string& text, const string& file) {
      return ErrorOf([&] { RestoreWeights(dir / (file + suffix), MakeNet(text).get()); });
    };
    EXPECT_EQ(restore(two, "two"), "");
    EXPECT_THAT(restore(two, "one"),
                HasSubstr("no weights for layers of the net (1 layer):\n    more"));
    EXPECT_THAT(restore(kInput + Fc("fc", "a"), "two"),
                HasSubstr("weights for layers that the net lacks (1 layer):\n    more"));
    EXPECT_THAT(restore(kInput + Fc("fc", "a", "") +
                            "layer { name: 'm' type: 'InnerProduct' "
                            "bottom: 'a' top: 'm' inner_product_param { num_output: 2 } }",
                        "two"),
                HasSubstr("cannot resume"));
  }
}

}  // namespace
}  // namespace caffe
