#include "caffe/util/nearest_name.hpp"

#include <gtest/gtest.h>

namespace caffe {
namespace {

TEST(EditDistance, CountsChangesOfOneCharacter) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("abc", ""), 3);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("kernel_size", "kernelsize"), 1);
}

TEST(EditDistance, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(EditDistance("botom", "bottom"), 1);
  EXPECT_EQ(EditDistance("bototm", "bottom"), 1);
  EXPECT_EQ(EditDistance("ab", "ba"), 1);
}

TEST(EditDistance, IgnoresCase) { EXPECT_EQ(EditDistance("RELU", "ReLU"), 0); }

TEST(NearestName, FindsWhatWasMeant) {
  const std::vector<std::string> types = {"Convolution", "Deconvolution", "Pooling", "ReLU"};
  EXPECT_EQ(NearestName("Convolutoin", types), "Convolution");
  EXPECT_EQ(NearestName("Relu", types), "ReLU");
  EXPECT_EQ(NearestName("Poling", types), "Pooling");
}

TEST(NearestName, TakesTheFirstOfEquals) {
  EXPECT_EQ(NearestName("conv3", {"conv1", "conv2"}), "conv1");
}

TEST(NearestName, IsEmptyIfNothingIsClose) {
  EXPECT_EQ(NearestName("Softmax", {"Convolution", "ReLU"}), "");
  EXPECT_EQ(NearestName("x", {"y"}), "");
  EXPECT_EQ(NearestName("x", {}), "");
  EXPECT_EQ(DidYouMean("x", {"y"}), "");
}

TEST(NearestName, MakesAHint) { EXPECT_EQ(DidYouMean("pol", {"pool"}), " (did you mean 'pool'?)"); }

}  // namespace
}  // namespace caffe
