#include "solver/eligibility_table.hpp"

#include <gtest/gtest.h>

namespace caffe {
namespace {

/// A convolution that may be dropped from, behind `others` normalisations that may not.
Eligibility Net(int others) {
  Eligibility eligibility;
  for (int i = 0; i < others; ++i) {
    eligibility.rows.push_back({"bn" + std::to_string(i), "BatchNorm", {4}, -1, "not trained"});
  }
  eligibility.rows.push_back({"conv", "Convolution", {4, 3, 1, 1}, 0, ""});
  EligibleLayer conv;
  conv.channels = 4;
  conv.probability = 0.25;
  eligibility.layers = {conv};
  return eligibility;
}

TEST(EligibilityTableTest, FewLayersHaveALineEach) {
  const auto lines = EligibilityTable(Net(8));
  ASSERT_EQ(lines.size(), 9u);
  EXPECT_EQ(lines[0].layer, "bn0");
  EXPECT_EQ(lines[0].channels, "-");
  EXPECT_EQ(lines[0].verdict, "no: not trained");
  EXPECT_EQ(lines[8].weights, "4x3x1x1");
  EXPECT_EQ(lines[8].channels, "4");
  EXPECT_EQ(lines[8].verdict, "yes, probability 0.25");
}

TEST(EligibilityTableTest, ManyLayersWithOneReasonShareALine) {
  const auto lines = EligibilityTable(Net(9));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].layer, "conv");
  EXPECT_EQ(lines[1].layer, "9 layers");
  EXPECT_EQ(lines[1].type, "BatchNorm");
  EXPECT_EQ(lines[1].verdict, "no: not trained");
}

}  // namespace
}  // namespace caffe
