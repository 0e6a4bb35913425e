/// Asks the real cuDNN, on a machine that needs no GPU, for the plan of every convolution of every
/// net under models/, on six kinds of GPU. What it answers is kept in
/// tests/data/cudnn/convolution_plans.tsv: a new version of cuDNN or another choice of ours shows
/// up as a difference. CAFFE_UPDATE_GOLDEN=1 writes the table anew.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "caffe/filler.hpp"
#include "caffe/layers/base_conv_layer.hpp"
#include "caffe/native/cuda/cudnn_conv_plan.hpp"
#include "caffe/net.hpp"
#include "caffe/util/io.hpp"
#include "caffe/util/upgrade_proto.hpp"
#include "tests/caffe/native/cuda/gpu_models.hpp"

namespace caffe {
namespace {

namespace fs = std::filesystem;

constexpr std::array<ConvPass, 3> kPasses = {ConvPass::kForward, ConvPass::kBackwardData,
                                             ConvPass::kBackwardWeights};
const char* const kGoldenFile = CAFFE_TEST_DATA_DIR "/cudnn/convolution_plans.tsv";

/// The batch that the training net beside a deploy net asks for.
int TrainingBatch(const fs::path& deploy) {
  NetParameter net;
  const fs::path training = deploy.parent_path() / "train_val.prototxt";
  if (!fs::exists(training)) return 1;
  ReadProtoFromTextFileOrDie(training.string(), &net);
  for (const LayerParameter& layer : net.layer()) {
    if (layer.type() == "Data") return static_cast<int>(layer.data_param().batch_size());
  }
  return 1;
}

/// The convolutions of a net at its training batch.
std::set<ConvShape> ShapesOf(const fs::path& deploy) {
  NetParameter param;
  ReadNetParamsFromTextFileOrDie(deploy.string(), &param);
  param.mutable_state()->set_phase(TEST);
  for (LayerParameter& layer : *param.mutable_layer()) {
    if (layer.type() != "Input") continue;
    for (BlobShape& shape : *layer.mutable_input_param()->mutable_shape()) {
      shape.set_dim(0, TrainingBatch(deploy));
    }
  }
  const SkipFilling only_shapes;
  const Net<float> net(param);
  std::set<ConvShape> shapes;
  for (const auto& layer : net.layers()) {
    if (auto* conv = dynamic_cast<BaseConvolutionLayer<float>*>(layer.get())) {
      ConvShape shape = conv->Shape();
      shape.bias = false;  // no part of the plan
      shapes.insert(shape);
    }
  }
  return shapes;
}

std::set<ConvShape> ShapesOfAllNets() {
  std::set<ConvShape> shapes;
  for (const auto& entry : fs::recursive_directory_iterator(CAFFE_SOURCE_DIR "/models")) {
    if (entry.path().filename() == "deploy.prototxt") shapes.merge(ShapesOf(entry.path()));
  }
  return shapes;
}

string Join(const std::vector<int>& values) {
  std::ostringstream text;
  for (size_t i = 0; i < values.size(); ++i) text << (i == 0 ? "" : "x") << values[i];
  return text.str();
}

string Text(const ConvShape& s) {
  std::ostringstream text;
  text << s.num << "x" << s.in_channels << "x" << Join(s.in) << " " << s.out_channels << "x"
       << Join(s.kernel) << " group " << s.group << " pad " << Join(s.pad) << " stride "
       << Join(s.stride);
  return text.str();
}

/// "engine:MB of workspace:numerical notes", the notes as cuDNN numbers them.
string Text(const cuda::ConvPlan& plan) {
  std::ostringstream text;
  text << plan.engine << ":" << (plan.workspace + (1 << 20) - 1 >> 20) << ":";
  for (size_t i = 0; i < plan.numerical_notes.size(); ++i) {
    text << (i == 0 ? "" : ",") << int{plan.numerical_notes[i]};
  }
  return text.str();
}

string Header() {
  std::ostringstream text;
  text << "shape";
  for (const GpuModel& gpu : kGpuModels) {
    for (const char* pass : {"forward", "data", "weights"}) {
      text << "\tsm_" << gpu.compute_capability << " " << pass;
    }
  }
  return text.str();
}

TEST(CudnnPlansTest, EveryConvolutionOfEveryNetHasADeterministicPlanOnEveryGpu) {
  std::vector<cuda::BackendDescriptor> gpus;
  for (const GpuModel& gpu : kGpuModels) gpus.push_back(Properties(gpu));
  std::map<string, string> found;
  for (const ConvShape& shape : ShapesOfAllNets()) {
    string row;
    for (size_t i = 0; i < gpus.size(); ++i) {
      const size_t limit = (kGpuModels[i].memory_gib << 30) / 8;
      for (const ConvPass pass : kPasses) {
        string why;
        const auto plan = cuda::ChooseConvPlan(shape, pass, CUDNN_DATA_FLOAT,
                                               {.properties = &gpus[i]}, limit, &why);
        EXPECT_TRUE(plan.has_value())
            << Text(shape) << ", pass " << int(pass) << ", " << kGpuModels[i].name << ": " << why;
        row += "\t" + (plan ? Text(*plan) : string("none"));
      }
    }
    found[Text(shape)] = row;
  }
  ASSERT_GT(found.size(), 100u);

  if (std::getenv("CAFFE_UPDATE_GOLDEN") != nullptr) {
    fs::create_directories(fs::path(kGoldenFile).parent_path());
    std::ofstream out(kGoldenFile);
    out << Header() << "\n";
    for (const auto& [shape, row] : found) out << shape << row << "\n";
    return;
  }
  std::ifstream in(kGoldenFile);
  ASSERT_TRUE(in.good()) << kGoldenFile;
  string line;
  std::getline(in, line);
  EXPECT_EQ(line, Header());
  std::map<string, string> golden;
  while (std::getline(in, line))
    golden[line.substr(0, line.find('\t'))] = line.substr(line.find('\t'));
  EXPECT_EQ(found, golden) << "CAFFE_UPDATE_GOLDEN=1 writes " << kGoldenFile << " anew.";
}

TEST(CudnnPlansTest, EveryKindOfConvolutionHasAPlan) {
  const ConvShape plane{.num = 8,
                        .in_channels = 64,
                        .out_channels = 32,
                        .in = {28, 28},
                        .out = {28, 28},
                        .kernel = {3, 3},
                        .pad = {1, 1},
                        .stride = {1, 1},
                        .dilation = {1, 1}};
  std::map<string, ConvShape> kinds = {{"plain", plane}};
  kinds["dilated"] = plane;
  kinds["dilated"].dilation = kinds["dilated"].pad = {2, 2};
  kinds["grouped"] = plane;
  kinds["grouped"].group = 4;
  kinds["1-D"] = {.num = 8,
                  .in_channels = 64,
                  .out_channels = 32,
                  .in = {28},
                  .out = {28},
                  .kernel = {3},
                  .pad = {1},
                  .stride = {1},
                  .dilation = {1}};
  kinds["3-D"] = {.num = 2,
                  .in_channels = 16,
                  .out_channels = 8,
                  .in = {8, 14, 14},
                  .out = {8, 14, 14},
                  .kernel = {3, 3, 3},
                  .pad = {1, 1, 1},
                  .stride = {1, 1, 1},
                  .dilation = {1, 1, 1}};
  for (const GpuModel& gpu : kGpuModels) {
    const cuda::BackendDescriptor properties = Properties(gpu);
    for (const auto& [name, shape] : kinds) {
      for (const cudnnDataType_t type : {CUDNN_DATA_FLOAT, CUDNN_DATA_DOUBLE}) {
        for (const ConvPass pass : kPasses) {
          string why;
          EXPECT_TRUE(cuda::ChooseConvPlan(shape, pass, type, {.properties = &properties},
                                           size_t{1} << 30, &why))
              << name << ", type " << type << ", pass " << int(pass) << ", " << gpu.name << ": "
              << why;
        }
      }
    }
  }
}

TEST(CudnnPlansTest, AWorkspaceLimitIsKeptOrTheReasonGiven) {
  const ConvShape stem{.num = 256,
                       .in_channels = 3,
                       .out_channels = 64,
                       .in = {224, 224},
                       .out = {112, 112},
                       .kernel = {7, 7},
                       .pad = {3, 3},
                       .stride = {2, 2},
                       .dilation = {1, 1}};
  const cuda::BackendDescriptor h200 = Properties(kGpuModels[3]);
  for (const ConvPass pass : kPasses) {
    string why;
    const auto plan = cuda::ChooseConvPlan(stem, pass, CUDNN_DATA_FLOAT, {.properties = &h200},
                                           size_t{1} << 20, &why);
    if (plan) {
      EXPECT_LE(plan->workspace, size_t{1} << 20);
    } else {
      EXPECT_NE(why.find("workspace (1 MB"), string::npos) << why;
    }
  }
}

TEST(CudnnPlansTest, AShapeThatDoesNotFitTogetherHasNoPlan) {
  const ConvShape wrong{.num = 1,
                        .in_channels = 3,
                        .out_channels = 4,
                        .in = {8, 8},
                        .out = {9, 9},
                        .kernel = {3, 3},
                        .pad = {1, 1},
                        .stride = {1, 1},
                        .dilation = {1, 1}};
  const cuda::BackendDescriptor h200 = Properties(kGpuModels[3]);
  try {
    EXPECT_FALSE(cuda::ChooseConvPlan(wrong, ConvPass::kForward, CUDNN_DATA_FLOAT,
                                      {.properties = &h200}, size_t{1} << 30));
  } catch (const Error& error) {
    EXPECT_NE(string(error.what()).find("cuDNN"), string::npos);
  }
}

}  // namespace
}  // namespace caffe
