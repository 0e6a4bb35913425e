#ifndef CAFFE_CLI_LINE_CHART_HPP_
#define CAFFE_CLI_LINE_CHART_HPP_

#include <string>
#include <utility>
#include <vector>

namespace caffe::cli {

/// Panels of line charts, one below the other, over one common x axis.
struct LineChart {
  struct Series {
    std::string name;
    /// (x, y) with rising x; drawn with straight lines between.
    std::vector<std::pair<double, double>> points;
  };
  struct Panel {
    std::string title;
    std::vector<Series> series;
    /// Axis in powers of ten; only if all values are above 0. Other axes start at 0.
    bool log = false;
    /// Written behind the numbers of the axis: " %".
    std::string unit;
  };

  std::string title;
  std::string x_label;
  double x_min = 0, x_max = 1;
  std::vector<Panel> panels;
};

/// The chart as a picture in SVG. Values that are not finite are left out.
std::string ToSvg(const LineChart& chart);

/// The multiples of 1, 2 or 5 times a power of ten that divide [0, `top`] into at most `most`
/// parts; the last one is the first that is not below `top`.
std::vector<double> LinearTicks(double top, int most);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_LINE_CHART_HPP_
