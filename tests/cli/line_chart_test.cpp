#include "caffe/cli/line_chart.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <regex>

namespace caffe::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(LineChartTest, TicksAreRound) {
  EXPECT_THAT(LinearTicks(1, 5), ElementsAre(0, 0.2, 0.4, 0.6000000000000001, 0.8, 1));
  EXPECT_THAT(LinearTicks(78200, 8),
              ElementsAre(0, 10000, 20000, 30000, 40000, 50000, 60000, 70000, 80000));
  EXPECT_THAT(LinearTicks(7, 5), ElementsAre(0, 2, 4, 6, 8));
  EXPECT_THAT(LinearTicks(3, 5), ElementsAre(0, 1, 2, 3));
}

LineChart OneCurve(std::vector<std::pair<double, double>> points, bool log = false) {
  LineChart chart;
  chart.title = "a < b & c";
  chart.x_max = 100;
  chart.panels = {{"panel", {{"curve", points}}, log, ""}};
  return chart;
}

std::string PointsOf(const std::string& svg) {
  std::smatch match;
  return std::regex_search(svg, match, std::regex("points=\"([^\"]*)\"")) ? match[1].str() : "";
}

TEST(LineChartTest, CurvesFillThePanel) {
  // The panel reaches from x = 72 to 776 and from y = 214 up to 64.
  EXPECT_EQ(PointsOf(ToSvg(OneCurve({{0, 0}, {50, 1}, {100, 0.5}}))),
            "72.0,214.0 424.0,64.0 776.0,139.0");
  EXPECT_EQ(PointsOf(ToSvg(OneCurve({{0, 0.1}, {50, 0.01}, {100, 0.001}}, true))),
            "72.0,64.0 424.0,139.0 776.0,214.0");
}

TEST(LineChartTest, LevelStretchesHaveTwoPoints) {
  EXPECT_EQ(PointsOf(ToSvg(OneCurve({{0, 1}, {25, 1}, {50, 1}, {50, 0}, {75, 0}, {100, 0}}))),
            "72.0,64.0 424.0,64.0 424.0,214.0 776.0,214.0");
}

TEST(LineChartTest, ValuesWithoutAPlaceAreLeftOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(PointsOf(ToSvg(OneCurve({{0, 1}, {50, nan}, {100, 1}}))), "72.0,64.0 776.0,64.0");
  EXPECT_THAT(ToSvg(OneCurve({{0, 0}, {100, 0}})), Not(HasSubstr("nan")));
  EXPECT_THAT(ToSvg(OneCurve({})), Not(HasSubstr("nan")));
  EXPECT_THAT(ToSvg(OneCurve({{0, 0}, {100, 1}}, true)), Not(HasSubstr("inf"))) << "0 has no log";
}

TEST(LineChartTest, TextIsEscaped) {
  EXPECT_THAT(ToSvg(OneCurve({})), HasSubstr("<title>a &lt; b &amp; c</title>"));
}

}  // namespace
}  // namespace caffe::cli
