// docs/layers.md names every layer type that there is, and no other.

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <string>

#include "caffe/layer_factory.hpp"

namespace caffe {
namespace {

TEST(LayersPage, NamesEveryRegisteredType) {
  std::ifstream page(CAFFE_SOURCE_DIR "/docs/layers.md");
  ASSERT_TRUE(page.good());
  std::set<string> named;
  const std::regex type("`([A-Za-z0-9]+)`");
  for (string line; std::getline(page, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    const string cell = line.substr(0, line.find(" | "));
    for (std::sregex_iterator match(cell.begin(), cell.end(), type), end; match != end; ++match) {
      EXPECT_TRUE(named.insert((*match)[1]).second) << (*match)[1] << " has two rows";
    }
  }
  const vector<string> types = LayerRegistry<float>::LayerTypeList();
  EXPECT_EQ(named, std::set<string>(types.begin(), types.end()));
}

}  // namespace
}  // namespace caffe
