#include "caffe/util/insert_splits.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "caffe/error.hpp"

namespace caffe {
namespace {

NetParameter Parse(const string& text) {
  NetParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param)) << text;
  return param;
}

/// Compares the net with splits, as text, with the wanted one; and inserts again.
void ExpectSplits(const string& input, const string& wanted) {
  NetParameter once, twice;
  InsertSplits(Parse(input), &once);
  EXPECT_EQ(once.DebugString(), Parse(wanted).DebugString());
  InsertSplits(once, &twice);
  EXPECT_EQ(twice.DebugString(), once.DebugString());
}

const char kData[] = "layer { name: 'data' type: 'Data' top: 'data' top: 'label' } ";

TEST(InsertSplitsTest, OneReaderNeedsNone) {
  const string net = string(kData) +
                     "layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'ip' }"
                     "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' }";
  ExpectSplits(net, net);
}

TEST(InsertSplitsTest, TwoReadersAreNumberedInOrder) {
  ExpectSplits(string(kData) +
                   "layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'ip' }"
                   "layer { name: 'a' type: 'X' bottom: 'ip' bottom: 'label' }"
                   "layer { name: 'b' type: 'Y' bottom: 'label' bottom: 'ip' }",
               "layer { name: 'data' type: 'Data' top: 'data' top: 'label' }"
               "layer { name: 'label_data_1_split' type: 'Split' bottom: 'label'"
               "  top: 'label_data_1_split_0' top: 'label_data_1_split_1' }"
               "layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'ip' }"
               "layer { name: 'ip_fc_0_split' type: 'Split' bottom: 'ip'"
               "  top: 'ip_fc_0_split_0' top: 'ip_fc_0_split_1' }"
               "layer { name: 'a' type: 'X' bottom: 'ip_fc_0_split_0'"
               "  bottom: 'label_data_1_split_0' }"
               "layer { name: 'b' type: 'Y' bottom: 'label_data_1_split_1'"
               "  bottom: 'ip_fc_0_split_1' }");
}

TEST(InsertSplitsTest, AfterAnInPlaceLayerReadersSplitOnThatLayer) {
  ExpectSplits(
      "layer { name: 'data' type: 'Data' top: 'data' }"
      "layer { name: 'innerprod1' type: 'InnerProduct' bottom: 'data' top: 'innerprod1' }"
      "layer { name: 'relu1' type: 'ReLU' bottom: 'innerprod1' top: 'innerprod1' }"
      "layer { name: 'a' type: 'X' bottom: 'innerprod1' top: 'a' }"
      "layer { name: 'b' type: 'X' bottom: 'innerprod1' top: 'b' }",
      "layer { name: 'data' type: 'Data' top: 'data' }"
      "layer { name: 'innerprod1' type: 'InnerProduct' bottom: 'data' top: 'innerprod1' }"
      "layer { name: 'relu1' type: 'ReLU' bottom: 'innerprod1' top: 'innerprod1' }"
      "layer { name: 'innerprod1_relu1_0_split' type: 'Split' bottom: 'innerprod1'"
      "  top: 'innerprod1_relu1_0_split_0' top: 'innerprod1_relu1_0_split_1' }"
      "layer { name: 'a' type: 'X' bottom: 'innerprod1_relu1_0_split_0' top: 'a' }"
      "layer { name: 'b' type: 'X' bottom: 'innerprod1_relu1_0_split_1' top: 'b' }");
}

TEST(InsertSplitsTest, ALossThatIsReadBecomesTheSplitsFirstTop) {
  ExpectSplits(string(kData) +
                   "layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'ip' top: 'aux'"
                   "  loss_weight: 0.5 loss_weight: 2 }"
                   "layer { name: 'a' type: 'X' bottom: 'ip' bottom: 'label' }",
               string(kData) +
                   "layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'ip' top: 'aux'"
                   "  loss_weight: 0 loss_weight: 2 }"
                   "layer { name: 'ip_fc_0_split' type: 'Split' bottom: 'ip'"
                   "  top: 'ip_fc_0_split_0' top: 'ip_fc_0_split_1'"
                   "  loss_weight: 0.5 loss_weight: 0 }"
                   "layer { name: 'a' type: 'X' bottom: 'ip_fc_0_split_1' bottom: 'label' }");
}

TEST(InsertSplitsTest, AnUnknownBottomIsNamedWithTheNearestOne) {
  NetParameter split;
  try {
    InsertSplits(Parse("layer { name: 'conv1' type: 'Convolution' top: 'conv1' }"
                       "layer { name: 'relu' type: 'ReLU' bottom: 'conv2' top: 'r'"
                       "  source_location: 'net.prototxt:7' }"),
                 &split);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "relu (ReLU, net.prototxt:7): unknown bottom 'conv2' (bottom 0); did you mean "
                 "'conv1'?");
  }
}

}  // namespace
}  // namespace caffe
