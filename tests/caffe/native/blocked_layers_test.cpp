// Layers on values in oneDNN's channel blocks against the same layers on plain values.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "caffe/native/dnnl_memory.hpp"
#include "tests/caffe/layers/layer_test.hpp"
#include "tests/caffe/native/move_into_blocks.hpp"

namespace caffe {
namespace {

struct BlockedCase {
  string name;
  string layer;
  vector<vector<int>> bottoms = {{2, 20, 7, 5}};
  int tops = 1;
  bool in_place = false;
};

class BlockedLayers : public LayerTest<CPUDevice<float>>,
                      public testing::WithParamInterface<BlockedCase> {
 protected:
  /// Runs the layer both ways on the same numbers and compares all results.
  void Compare(int block) {
    const BlockedCase& c = GetParam();
    Blobs bottoms[2], tops[2];
    shared_ptr<Layer<float>> layers[2];
    for (const int blocked : {0, 1}) {
      Caffe::set_random_seed(11);
      for (const vector<int>& shape : c.bottoms) bottoms[blocked].push_back(Random(shape));
      for (int i = 0; i < c.tops; ++i) {
        tops[blocked].push_back(c.in_place ? bottoms[blocked][i] : Empty());
      }
      layers[blocked] = Make(c.layer);
      layers[blocked]->SetUp(bottoms[blocked], tops[blocked]);
      if (blocked) {
        for (Blob<float>* bottom : bottoms[1]) {
          MoveIntoBlocks(bottom->data().get(), bottom->shape(), block);
        }
      }
      const uint64_t before = FormatConversions();
      layers[blocked]->Forward(bottoms[blocked], tops[blocked]);
      EXPECT_EQ(FormatConversions(), before) << "forward";
    }
    for (int i = 0; i < c.tops; ++i) {
      EXPECT_TRUE(IsNative(*tops[1][i]->data())) << "top " << i;
      ExpectNear(tops[1][i]->cpu_data(), *tops[0][i], tops[0][i]->cpu_data(), "top");
    }
    for (const int blocked : {0, 1}) {
      for (const auto& blob : layers[blocked]->blobs()) {
        caffe_set(blob->count(), 0.25f, blob->mutable_cpu_diff());
      }
      for (int i = 0; i < c.tops; ++i) {
        FillDiff(tops[blocked][i], i);
        if (blocked) {
          MoveIntoBlocks(tops[1][i]->diff().get(), tops[1][i]->shape(), block);
        }
      }
      const uint64_t before = FormatConversions();
      layers[blocked]->Backward(tops[blocked], vector<bool>(bottoms[blocked].size(), true),
                                bottoms[blocked]);
      EXPECT_EQ(FormatConversions(), before) << "backward";
    }
    for (size_t i = 0; i < bottoms[0].size(); ++i) {
      EXPECT_TRUE(IsNative(*bottoms[1][i]->diff())) << "bottom " << i;
      ExpectNear(bottoms[1][i]->cpu_diff(), *bottoms[0][i], bottoms[0][i]->cpu_diff(), "gradient");
    }
    for (size_t i = 0; i < layers[0]->blobs().size(); ++i) {
      const Blob<float>& wanted = *layers[0]->blobs()[i];
      ExpectNear(layers[1]->blobs()[i]->cpu_data(), wanted, wanted.cpu_data(), "parameter");
      ExpectNear(layers[1]->blobs()[i]->cpu_diff(), wanted, wanted.cpu_diff(),
                 "parameter gradient");
    }
  }

  static bool IsNative(const SyncedMemory& storage) {
    return storage.head() == SyncedMemory::HEAD_AT_NATIVE;
  }
};

TEST_P(BlockedLayers, GivePlainResults) {
  for (const int block : {16, 8}) {
    if (!HasVectorsOf(block)) continue;
    SCOPED_TRACE(block);
    Compare(block);
  }
}

const string kScale =
    "type: 'Scale' scale_param { bias_term: true filler { type: 'uniform' min: 0.5 max: 1.5 } }";

INSTANTIATE_TEST_SUITE_P(
    All, BlockedLayers,
    testing::Values(
        BlockedCase{.name = "ReLU", .layer = "type: 'ReLU' relu_param { negative_slope: 0.1 }"},
        BlockedCase{.name = "ReLUInPlace", .layer = "type: 'ReLU'", .in_place = true},
        BlockedCase{.name = "BatchNorm", .layer = "type: 'BatchNorm'"},
        BlockedCase{.name = "BatchNormInPlace", .layer = "type: 'BatchNorm'", .in_place = true},
        BlockedCase{.name = "Scale", .layer = kScale},
        BlockedCase{.name = "ScaleInPlace", .layer = kScale, .in_place = true},
        BlockedCase{.name = "Sum",
                    .layer = "type: 'Eltwise' eltwise_param { coeff: 1 coeff: -0.5 coeff: 2 }",
                    .bottoms = {{2, 20, 7, 5}, {2, 20, 7, 5}, {2, 20, 7, 5}}},
        BlockedCase{.name = "Concat",
                    .layer = "type: 'Concat'",
                    .bottoms = {{2, 16, 3, 5}, {2, 48, 3, 5}, {2, 16, 3, 5}}},
        BlockedCase{.name = "Slice",
                    .layer = "type: 'Slice' slice_param { slice_point: 16 }",
                    .bottoms = {{2, 48, 3, 5}},
                    .tops = 2},
        BlockedCase{.name = "SpatialDropout",
                    .layer = "type: 'SpatialDropout' spatial_dropout_param { keep: 0.6 }",
                    .bottoms = {{3, 48, 3, 5}}},
        BlockedCase{.name = "SpatialDropoutInPlace",
                    .layer = "type: 'SpatialDropout' spatial_dropout_param { keep: 0.6 }",
                    .bottoms = {{3, 48, 3, 5}},
                    .in_place = true},
        BlockedCase{.name = "DropBlock",
                    .layer = "type: 'DropBlock' drop_block_param { keep: 0.6 block_size: 2 }",
                    .bottoms = {{3, 48, 4, 5}}},
        BlockedCase{.name = "DropBlockInPlace",
                    .layer = "type: 'DropBlock' drop_block_param { keep: 0.6 block_size: 2 }",
                    .bottoms = {{3, 48, 4, 5}},
                    .in_place = true},
        BlockedCase{.name = "DropPath",
                    .layer = "type: 'DropPath' drop_path_param { keep: 0.6 }",
                    .bottoms = {{5, 48, 3, 5}}},
        BlockedCase{.name = "DropPathInPlace",
                    .layer = "type: 'DropPath' drop_path_param { keep: 0.6 }",
                    .bottoms = {{5, 48, 3, 5}},
                    .in_place = true},
        BlockedCase{.name = "DropPathTest",
                    .layer = "type: 'DropPath' phase: TEST drop_path_param { per: BATCH }",
                    .bottoms = {{5, 48, 3, 5}}},
        BlockedCase{.name = "ShakeDrop",
                    .layer = "type: 'ShakeDrop' shake_drop_param { gate_per: SAMPLE }",
                    .bottoms = {{5, 48, 3, 5}}},
        BlockedCase{.name = "ShakeShake",
                    .layer = "type: 'ShakeShake'",
                    .bottoms = {{5, 48, 3, 5}, {5, 48, 3, 5}, {5, 48, 3, 5}}},
        BlockedCase{.name = "MaxPooling",
                    .layer = "type: 'Pooling' pooling_param { kernel_size: 3 stride: 2 pad: 1 }"},
        BlockedCase{.name = "MaxPoolingWithGaps",
                    .layer = "type: 'Pooling' pooling_param { kernel_size: 2 stride: 3 }"},
        BlockedCase{.name = "AveragePooling",
                    .layer = "type: 'Pooling' pooling_param { pool: AVE kernel_h: 3 kernel_w: 2 "
                             "stride: 2 pad: 1 }"},
        BlockedCase{.name = "GlobalPooling",
                    .layer = "type: 'Pooling' pooling_param { pool: AVE global_pooling: true }"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace caffe
