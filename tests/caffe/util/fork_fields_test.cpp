// Settings of other forks that only tune are skipped; everything else stays an error.

#include "caffe/util/fork_fields.hpp"

#include <gmock/gmock.h>

#include "caffe/common.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/util/io.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

NetParameter ReadNet(const string& text) {
  const TempDir dir;
  NetParameter net;
  ReadProtoFromTextFileOrDie(dir.Write("net.prototxt", text).c_str(), &net);
  return net;
}

const char kForks[] =
    "name: 'net' default_forward_type: FLOAT16 global_grad_scale: 1000.\n"
    "default_conv_algos_override: '1,1,' \"3\" # a comment: cache: {\n"
    "layer {\tname: 'conv'\ttype: 'Convolution' engine: 'MKLDNN:DLA', forward_type: FLOAT16;\n"
    "  quantization_param { bw_params: 8 fl_params: [1, 2] scale_in < > }\n"
    "  convolution_param { engine: MKL2017 num_output: 3 conv_algos_override: '1' pad: [1, 2] } }\n"
    "layer { name: 'data' type: 'Data' data_param { cache: true threads: 4 batch_size: 7\n"
    "  shuffle: true } transform_param { use_gpu_transform: true random_seed: -1 scale: 2 } }\n"
    "layer { name: 'pool' pooling_param < engine : MKLDNN pool: AVE > }\n";

TEST(ForkFieldsTest, TuningIsSkippedAndTheRestIsRead) {
  const NetParameter net = ReadNet(kForks);
  ASSERT_EQ(net.layer_size(), 3);
  EXPECT_EQ(net.layer(0).convolution_param().num_output(), 3u);
  EXPECT_EQ(net.layer(0).convolution_param().pad_size(), 2);
  EXPECT_FALSE(net.layer(0).convolution_param().has_engine());
  EXPECT_EQ(net.layer(1).data_param().batch_size(), 7u);
  EXPECT_TRUE(net.layer(1).data_param().shuffle());
  EXPECT_EQ(net.layer(1).transform_param().scale(), 2);
  EXPECT_EQ(net.layer(2).pooling_param().pool(), PoolingParameter::AVE);
  EXPECT_EQ(net.layer(2).source_location(), "net.prototxt:8") << "lines stay";
}

TEST(ForkFieldsTest, EachIsNamedWithItsNumber) {
  SkippedFields skipped;
  InOurWords(NetParameter::descriptor(), kForks + string(kForks), &skipped);
  const string text = SkippedFieldsText(skipped);
  EXPECT_THAT(text, HasSubstr("layer.convolution_param.engine: MKL2017 (2 times)"));
  EXPECT_THAT(text, HasSubstr("layer.quantization_param (2 times)"));
  EXPECT_THAT(text, HasSubstr("default_conv_algos_override (2 times)"));
  EXPECT_THAT(text, Not(HasSubstr("comment")));
  EXPECT_EQ(skipped.size(), 13u) << text;
}

TEST(ForkFieldsTest, SolversAreReadAlike) {
  const TempDir dir;
  SolverParameter solver;
  const string file = dir.Write("solver.prototxt",
                                "solver_data_type: FLOAT16 base_lr: 0.5\n"
                                "net_param { layer { split_param { engine: MKLDNN } } }\n");
  ReadProtoFromTextFileOrDie(file.c_str(), &solver);
  EXPECT_EQ(solver.base_lr(), 0.5f);
  EXPECT_EQ(solver.net_param().layer_size(), 1);
}

TEST(ForkFieldsTest, WhatChangesResultsStaysAnError) {
  const auto error = [](const string& text) { return ErrorOf([&] { ReadNet(text); }); };
  EXPECT_THAT(error("layer { convolution_param { relu: true } }"), HasSubstr("no field 'relu'"));
  EXPECT_THAT(error("bn_stats_batch_size: 8"), HasSubstr("bn_stats_batch_size"));
  EXPECT_THAT(error(string(kForks) + "layer { nane: 'x' }"),
              HasSubstr("net.prototxt:9:9: 'layer' has no field 'nane'"));
  EXPECT_THAT(error("layer { data_param { cache: true"), HasSubstr("net.prototxt:1"));
  EXPECT_THAT(error("layer { convolution_param { engine: MKL2018 } }"), HasSubstr("MKL2018"));
}

TEST(ForkFieldsTest, CeilModeIsRoundMode) {
  const auto mode = [](const string& options) {
    const PoolingParameter pool =
        ReadNet("layer { name: 'a' }\nlayer { pooling_param { " + options +
                " } name: 'p' }\n"
                "layer { pooling_param { round_mode: CEIL } }")
            .layer(1)
            .pooling_param();
    return pool.has_round_mode() ? PoolingParameter_RoundMode_Name(pool.round_mode()) : "none";
  };
  EXPECT_EQ(mode("kernel_size: 2"), "none");
  EXPECT_EQ(mode("ceil_mode: true"), "CEIL");
  EXPECT_EQ(mode("pool: AVE, ceil_mode: false; stride: 2"), "FLOOR");
  EXPECT_EQ(mode("kernel_size: 2 ceil_mode : 0"), "FLOOR");
  EXPECT_EQ(mode("ceil_mode: false kernel_size: 2 round_mode: FLOOR"), "FLOOR");
  EXPECT_EQ(mode("round_mode: CEIL ceil_mode: true"), "CEIL");
  for (const string both :
       {"ceil_mode: false round_mode: CEIL", "round_mode: FLOOR ceil_mode: 1"}) {
    EXPECT_THAT(ErrorOf([&] { mode(both); }), HasSubstr("contradict each other")) << both;
  }
  EXPECT_THAT(ErrorOf([&] { mode("ceil_mode: maybe"); }), HasSubstr("ceil_mode"));
  EXPECT_THAT(ErrorOf([&] { ReadNet("layer { convolution_param { ceil_mode: true } }"); }),
              HasSubstr("no field 'ceil_mode'"));
}

}  // namespace
}  // namespace caffe
