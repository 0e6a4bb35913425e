// What a net does about constant data that a layer overwrites, and about pooling windows beyond the
// image.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <memory>
#include <string>

#include "caffe/caffe.hpp"
#include "caffe/layer.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Net<float>> MakeNet(const string& text) {
  NetParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param)) << text;
  return std::make_unique<Net<float>>(param);
}

string Constant(const string& shape, float value = 4) {
  return "layer { name: 'd' type: 'DummyData' top: 'x' dummy_data_param { shape { " + shape +
         " } data_filler { value: " + std::to_string(value) + " } } } ";
}

string Double(const string& blob) {
  return "layer { name: 'twice' type: 'Power' bottom: '" + blob + "' top: '" + blob +
         "' power_param { scale: 2 } } ";
}

TEST(NetSourcesTest, ConstantsDoNotDriftUnderLayersInPlace) {
  const string data = Constant("dim: 2 dim: 3");
  const string flatten = "layer { name: 'f' type: 'Flatten' bottom: 'x' top: 'y' } ";
  const string reshape =
      "layer { name: 'r' type: 'Reshape' bottom: 'x' top: 'y' "
      "reshape_param { shape { dim: 6 } } } ";
  for (const auto& [text, blob] : {std::pair<string, string>{data + Double("x"), "x"},
                                   {data + flatten + Double("y"), "y"},
                                   {data + reshape + Double("y"), "y"}}) {
    const auto net = MakeNet(text);
    for (int pass = 0; pass < 3; ++pass) {
      net->Forward();
      EXPECT_EQ(net->blob_by_name(blob)->cpu_data()[5], 8) << text << " pass " << pass;
    }
  }
}

TEST(NetSourcesTest, OtherConstantsAreFilledOnce) {
  const auto net = MakeNet(Constant("dim: 2") +
                           "layer { name: 'twice' type: 'Power' bottom: 'x' "
                           "top: 'y' power_param { scale: 2 } }");
  net->blob_by_name("x")->mutable_cpu_data()[1] = 7;
  net->Forward();
  EXPECT_EQ(net->blob_by_name("y")->cpu_data()[0], 8);
  EXPECT_EQ(net->blob_by_name("y")->cpu_data()[1], 14) << "as somebody wrote it";
}

string Pool(const string& options) {
  return Constant("dim: 1 dim: 1 dim: 5 dim: 5") +
         "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'p' pooling_param { " + options +
         " } }";
}

TEST(NetSourcesTest, WindowsBeyondTheImageAreWarnedOf) {
  const auto log = [](const string& options) {
    const int level = FLAGS_minloglevel;
    FLAGS_minloglevel = google::GLOG_WARNING;
    ::testing::internal::CaptureStderr();
    MakeNet(Pool(options))->Forward();
    FLAGS_minloglevel = level;
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(log("kernel_size: 1 stride: 3"), HasSubstr("p (Pooling): the last windows lie"));
  EXPECT_THAT(log("kernel_size: 1 stride: 3"), HasSubstr("round_mode: FLOOR"));
  for (const string options : {"kernel_size: 1 stride: 3 round_mode: FLOOR",
                               "kernel_size: 2 stride: 2", "kernel_size: 3 stride: 2 pad: 1"}) {
    EXPECT_THAT(log(options), ::testing::Not(HasSubstr("outside the image"))) << options;
  }
}

}  // namespace
}  // namespace caffe
