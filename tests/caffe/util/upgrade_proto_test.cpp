#include "caffe/util/upgrade_proto.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;

NetParameter ParseNet(const string& text) {
  NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

/// Expects that upgrading `before` gives `after`, and that `after` needs no upgrade.
void ExpectUpgrade(const string& before, const string& after, bool all_fit = true) {
  NetParameter net = ParseNet(before);
  EXPECT_TRUE(NetNeedsUpgrade(net));
  EXPECT_EQ(UpgradeNetAsNeeded("test", &net), all_fit);
  EXPECT_EQ(net.DebugString(), ParseNet(after).DebugString());
}

TEST(UpgradeProto, NewNetsStayAsTheyAre) {
  NetParameter net = ParseNet("layer { name: 'a' type: 'Convolution' }");
  const string before = net.DebugString();
  EXPECT_FALSE(NetNeedsUpgrade(net));
  EXPECT_TRUE(UpgradeNetAsNeeded("test", &net));
  EXPECT_EQ(net.DebugString(), before);
}

TEST(UpgradeProto, InputShapesBecomeALayer) {
  ExpectUpgrade(
      "name: 'n' input: 'a' input: 'b' input_shape { dim: 1 dim: 2 } input_shape { dim: 7 }"
      "input_dim: 9 layer { name: 'x' }",
      "name: 'n' layer { name: 'input' type: 'Input' top: 'a' top: 'b'"
      "  input_param { shape { dim: 1 dim: 2 } shape { dim: 7 } } } layer { name: 'x' }");
}

TEST(UpgradeProto, InputDimsBecomeALayer) {
  ExpectUpgrade(
      "input: 'a' input: 'b' input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4"
      " input_dim: 5 input_dim: 6 input_dim: 7 input_dim: 8",
      "layer { name: 'input' type: 'Input' top: 'a' top: 'b' input_param {"
      "  shape { dim: 1 dim: 2 dim: 3 dim: 4 } shape { dim: 5 dim: 6 dim: 7 dim: 8 } } }");
}

TEST(UpgradeProto, InputNamesWithoutShapesGo) {
  ExpectUpgrade("input: 'a' layer { name: 'x' }", "layer { name: 'x' }");
}

TEST(UpgradeProto, InputsWithTooFewDimensionsAreErrors) {
  NetParameter net = ParseNet("input: 'a' input_dim: 1 input_dim: 2");
  EXPECT_THAT(ErrorOf([&] { UpgradeNetInput(&net); }), HasSubstr("1 input and 2 input_dim"));
}

TEST(UpgradeProto, BatchNormIsNeverLearned) {
  NetParameter net = ParseNet(
      "layer { type: 'BatchNorm' param { lr_mult: 1 } param { } param { } }"
      "layer { type: 'BatchNorm' param { lr_mult: 2 } }");
  EXPECT_TRUE(NetNeedsBatchNormUpgrade(net));
  UpgradeNetAsNeeded("test", &net);
  for (const ParamSpec& spec : net.layer(0).param()) {
    EXPECT_EQ(spec.lr_mult(), 0);
    EXPECT_EQ(spec.decay_mult(), 0);
  }
  EXPECT_EQ(net.layer(1).param(0).lr_mult(), 2) << "only exactly three entries are touched";
}

TEST(UpgradeProto, BatchNormWithAScaleBecomesTwoLayers) {
  ExpectUpgrade(
      "layer { name: 'n' type: 'BatchNorm' bottom: 'c' top: 'c' include { phase: TRAIN }"
      "  param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 2 }"
      "  batch_norm_param { eps: 0.1 scale_filler { value: 2 } engine: CUDNN } }"
      "layer { name: 'm' type: 'BatchNorm' batch_norm_param { scale_bias: true } }"
      "layer { name: 'm_scale' type: 'ReLU' }",
      "layer { name: 'n' type: 'BatchNorm' bottom: 'c' top: 'c' include { phase: TRAIN }"
      "  param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 }"
      "  param { lr_mult: 0 decay_mult: 0 } batch_norm_param { eps: 0.1 engine: CUDNN } }"
      "layer { name: 'n_scale' type: 'Scale' bottom: 'c' top: 'c' include { phase: TRAIN }"
      "  param { lr_mult: 2 } scale_param { bias_term: true filler { value: 2 } } }"
      "layer { name: 'm' type: 'BatchNorm' batch_norm_param { } }"
      "layer { name: 'm_scale_' type: 'Scale' scale_param { bias_term: true } }"
      "layer { name: 'm_scale' type: 'ReLU' }");
}

TEST(UpgradeProto, FiveBlobsOfBatchNormBecomeThreeAndTwo) {
  ExpectUpgrade(
      "layer { name: 'n' type: 'BatchNorm' top: 'n'"
      "  blobs { shape { dim: 1 dim: 2 dim: 1 dim: 1 } data: 1 data: 2 }"
      "  blobs { shape { dim: 1 dim: 2 dim: 1 dim: 1 } data: 3 data: 4 }"
      "  blobs { shape { dim: 1 } data: 0.5 }"
      "  blobs { shape { dim: 2 } data: 5 data: 6 } blobs { shape { dim: 2 } data: 7 data: 8 } }",
      "layer { name: 'n' type: 'BatchNorm' top: 'n' batch_norm_param { }"
      "  blobs { shape { dim: 2 } data: 1 data: 2 } blobs { shape { dim: 2 } data: 3 data: 4 }"
      "  blobs { shape { dim: 1 } data: 1 } }"
      "layer { name: 'n_scale' type: 'Scale' bottom: 'n' top: 'n' scale_param { bias_term: true }"
      "  blobs { shape { dim: 2 } data: 5 data: 6 } blobs { shape { dim: 2 } data: 7 data: 8 } }");
}

TEST(UpgradeProto, V1LayersBecomeLayers) {
  ExpectUpgrade(
      "layers { name: 'c' type: CONVOLUTION bottom: 'd' top: 'c' blobs_lr: 1 blobs_lr: 2"
      "  weight_decay: 1 weight_decay: 0 param: 'w' blob_share_mode: PERMISSIVE"
      "  convolution_param { num_output: 3 } include { phase: TRAIN } }"
      "layers { name: 'l' type: SOFTMAX_LOSS bottom: 'c' bottom: 'l' loss_weight: 2"
      "  loss_param { ignore_label: 1 } }",
      "layer { name: 'c' type: 'Convolution' bottom: 'd' top: 'c'"
      "  param { name: 'w' share_mode: PERMISSIVE lr_mult: 1 decay_mult: 1 }"
      "  param { lr_mult: 2 decay_mult: 0 }"
      "  convolution_param { num_output: 3 } include { phase: TRAIN } }"
      "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'c' bottom: 'l' loss_weight: 2"
      "  loss_param { ignore_label: 1 } }");
}

TEST(UpgradeProto, V1DataFieldsMoveToTheTransformation) {
  ExpectUpgrade(
      "layers { type: DATA data_param { source: 's' scale: 0.5 mean_file: 'm' crop_size: 3"
      "  mirror: true } }"
      "layers { type: IMAGE_DATA image_data_param { crop_size: 4 } transform_param { scale: 2 } }"
      "layers { type: WINDOW_DATA window_data_param { mirror: false } }",
      "layer { type: 'Data' data_param { source: 's' } transform_param { scale: 0.5"
      "  mean_file: 'm' crop_size: 3 mirror: true } }"
      "layer { type: 'ImageData' image_data_param { } transform_param { scale: 2 crop_size: 4 } }"
      "layer { type: 'WindowData' window_data_param { } transform_param { mirror: false } }");
  NetParameter now = ParseNet("layer { type: 'Data' data_param { scale: 2 } }");
  EXPECT_FALSE(NetNeedsDataUpgrade(now)) << "only `layers` had them";
}

TEST(UpgradeProto, EveryV1TypeHasAName) {
  const auto* types = V1LayerParameter_LayerType_descriptor();
  for (int i = 0; i < types->value_count(); ++i) {
    const auto type = static_cast<V1LayerParameter_LayerType>(types->value(i)->number());
    EXPECT_EQ(*UpgradeV1LayerType(type) == '\0', type == V1LayerParameter::NONE);
  }
}

TEST(UpgradeProto, LayerAndLayersTogetherAreAnError) {
  NetParameter net = ParseNet("layer { name: 'a' } layers { name: 'b' type: RELU }");
  EXPECT_THAT(ErrorOf([&] { UpgradeNetAsNeeded("f", &net); }),
              HasSubstr("both 'layer' and 'layers'"));
}

TEST(UpgradeProto, V0LayersBecomeLayers) {
  ExpectUpgrade(
      "name: 'old' force_backward: true debug_info: true "
      "layers { layer { name: 'd' type: 'data' source: 's' batchsize: 2 scale: 0.5 cropsize: 9"
      "  mirror: true rand_skip: 4 meanfile: 'm' } top: 'd' top: 'l' }"
      "layers { layer { name: 'c' type: 'conv' num_output: 4 kernelsize: 3 stride: 2 pad: 1"
      "  group: 2 biasterm: false weight_filler { type: 'xavier' } blobs_lr: 1 weight_decay: 0 }"
      "  bottom: 'd' top: 'c' }"
      "layers { layer { name: 'p' type: 'pool' kernelsize: 2 stride: 2 pool: AVE }"
      "  bottom: 'c' top: 'p' }"
      "layers { layer { name: 'n' type: 'lrn' local_size: 3 alpha: 2 beta: 1 k: 2 }"
      "  bottom: 'p' top: 'n' }"
      "layers { layer { name: 'i' type: 'innerproduct' num_output: 2 } bottom: 'n' top: 'i' }",
      "name: 'old' force_backward: true "
      "layer { name: 'd' type: 'Data' top: 'd' top: 'l' data_param { source: 's' batch_size: 2"
      "  rand_skip: 4 } transform_param { scale: 0.5 crop_size: 9 mirror: true mean_file: 'm' } }"
      "layer { name: 'c' type: 'Convolution' bottom: 'd' top: 'c' param { lr_mult: 1"
      "  decay_mult: 0 } convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1"
      "  group: 2 bias_term: false weight_filler { type: 'xavier' } } }"
      "layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p' pooling_param { kernel_size: 2"
      "  stride: 2 pool: AVE } }"
      "layer { name: 'n' type: 'LRN' bottom: 'p' top: 'n' lrn_param { local_size: 3 alpha: 2"
      "  beta: 1 k: 2 } }"
      "layer { name: 'i' type: 'InnerProduct' bottom: 'n' top: 'i' inner_product_param {"
      "  num_output: 2 } }");
}

TEST(UpgradeProto, V0PaddingIsFoldedIntoTheConvolution) {
  ExpectUpgrade(
      "input: 'd'"
      "layers { layer { name: 'pad' type: 'padding' pad: 2 } bottom: 'd' top: 'padded' }"
      "layers { layer { name: 'c' type: 'conv' num_output: 4 } bottom: 'padded' top: 'c' }",
      "layer { name: 'c' type: 'Convolution' bottom: 'd' top: 'c' convolution_param {"
      "  num_output: 4 pad: 2 } }");
}

TEST(UpgradeProto, V0PaddingBelowAnotherTypeIsAnError) {
  NetParameter net = ParseNet(
      "input: 'd' layers { layer { name: 'pad' type: 'padding' pad: 2 } bottom: 'd' top: 'e' }"
      "layers { layer { name: 'r' type: 'relu' } bottom: 'e' top: 'f' }");
  EXPECT_THAT(ErrorOf([&] { UpgradeNetAsNeeded("f", &net); }),
              AllOf(HasSubstr("'r'"), HasSubstr("only conv and pool")));
}

TEST(UpgradeProto, V0FieldsThatDoNotFitAreDropped) {
  ExpectUpgrade(
      "layers { layer { name: 'r' type: 'relu' num_output: 3 } bottom: 'd' top: 'd' }"
      "input: 'd'",
      "layer { name: 'r' type: 'ReLU' bottom: 'd' top: 'd' }", false);
}

TEST(UpgradeProto, UnknownV0TypeIsAnError) {
  NetParameter net = ParseNet("layers { layer { name: 'r' type: 'rely' } }");
  EXPECT_EQ(ErrorOf([&] { UpgradeNetAsNeeded("f", &net); }),
            "layer 'r': unknown layer type 'rely' in the layer format of 2013 (did you mean "
            "'relu'?)");
}

TEST(UpgradeProto, SolverTypeBecomesAName) {
  SolverParameter solver;
  solver.set_solver_type(SolverParameter::ADAGRAD);
  EXPECT_TRUE(SolverNeedsTypeUpgrade(solver));
  EXPECT_TRUE(UpgradeSolverAsNeeded("test", &solver));
  EXPECT_EQ(solver.type(), "AdaGrad");
  EXPECT_FALSE(solver.has_solver_type());
  solver.set_solver_type(SolverParameter::ADAM);
  EXPECT_THAT(ErrorOf([&] { UpgradeSolverType(&solver); }), HasSubstr("both"));
}

TEST(ReadSolver, SnapshotPrefixComesFromTheFileName) {
  const TempDir dir;
  const auto prefix = [&](const string& text) {
    SolverParameter solver;
    ReadSolverParamsFromTextFileOrDie(dir.Write("my.solver.prototxt", text), &solver);
    return solver.snapshot_prefix();
  };
  EXPECT_EQ(prefix(""), dir / "my.solver");
  EXPECT_EQ(prefix("snapshot_prefix: 'p'"), "p");
  std::filesystem::create_directory(dir / "snapshots");
  EXPECT_EQ(prefix("snapshot_prefix: '" + dir / "snapshots" + "'"), dir / "snapshots/my.solver");
}

TEST(ReadNet, NamesTheFileOfAFailedUpgrade) {
  const TempDir dir;
  const string file = dir.Write("n.prototxt", "layer { } layers { type: RELU }");
  NetParameter net;
  EXPECT_THAT(ErrorOf([&] { ReadNetParamsFromTextFileOrDie(file, &net); }),
              HasSubstr(file + ": the net has both"));
}

}  // namespace
}  // namespace caffe
