#include "caffe/cli/line_chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <sstream>

#include "caffe/cli/text_table.hpp"

namespace caffe::cli {

namespace {

constexpr double kWidth = 800, kLeft = 72, kRight = 24, kTop = 44, kBottom = 52;
constexpr double kPanelHeight = 150, kPanelGap = 46;
/// Colours that people with any colour vision can tell apart (Okabe and Ito).
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"};
constexpr double kLetter = 6.6;  // mean width of a letter, 12 pixels high

std::string Escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else
      result += c;
  }
  return result;
}

/// A coordinate, in tenths of a pixel.
std::string Pixel(double x) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", x);
  return text;
}

/// One dimension of a panel: values to pixels, and where the ticks are.
struct Axis {
  double low, high, first_pixel, last_pixel;
  bool log = false;
  std::vector<double> ticks;

  double operator()(double value) const {
    const double part =
        log ? (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low))
            : (value - low) / (high - low);
    return first_pixel + part * (last_pixel - first_pixel);
  }
};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

Range RangeOf(const LineChart::Panel& panel) {
  Range range;
  for (const auto& series : panel.series) {
    for (const auto& [x, y] : series.points) {
      if (!std::isfinite(y)) continue;
      range.low = std::min(range.low, y);
      range.high = std::max(range.high, y);
    }
  }
  return range;
}

Axis LogAxis(const Range& range, double bottom, double top) {
  Axis axis{0, 0, bottom, top, true, {}};
  const int first = static_cast<int>(std::floor(std::log10(range.low) + 1e-9));
  const int last = std::max(first + 1, static_cast<int>(std::ceil(std::log10(range.high) - 1e-9)));
  const int step = (last - first + 4) / 5;
  for (int power = first; power <= last; power += step) axis.ticks.push_back(std::pow(10, power));
  axis.low = std::pow(10, first);
  axis.high = std::pow(10, last);
  return axis;
}

Axis YAxis(const LineChart::Panel& panel, double bottom, double top) {
  const Range range = RangeOf(panel);
  if (panel.log && range.low > 0 && std::isfinite(range.low)) return LogAxis(range, bottom, top);
  Axis axis{0, 1, bottom, top, false, {}};
  axis.ticks = LinearTicks(range.high > 0 ? range.high : 1, 5);
  axis.high = axis.ticks.back();
  return axis;
}

Axis XAxis(const LineChart& chart) {
  Axis axis{chart.x_min, std::max(chart.x_max, chart.x_min + 1), kLeft, kWidth - kRight, false, {}};
  for (const double tick : LinearTicks(axis.high, 8)) {
    if (tick >= axis.low && tick <= axis.high) axis.ticks.push_back(tick);
  }
  return axis;
}

class SvgWriter {
 public:
  SvgWriter(double width, double height) {
    svg_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\""
         << height << "\" viewBox=\"0 0 " << width << " " << height
         << "\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#333\">\n"
         << "<rect width=\"" << width << "\" height=\"" << height << "\" fill=\"#fff\"/>\n";
  }

  void Title(const std::string& text) { svg_ << "<title>" << Escaped(text) << "</title>\n"; }

  /// @param style  attributes: anchor, size, ...
  void Text(double x, double y, const std::string& text, const std::string& style = "") {
    svg_ << "<text x=\"" << Pixel(x) << "\" y=\"" << Pixel(y) << "\"" << style << ">"
         << Escaped(text) << "</text>\n";
  }

  void Line(double x1, double y1, double x2, double y2, const std::string& colour,
            double width = 1) {
    svg_ << "<line x1=\"" << Pixel(x1) << "\" y1=\"" << Pixel(y1) << "\" x2=\"" << Pixel(x2)
         << "\" y2=\"" << Pixel(y2) << "\" stroke=\"" << colour << "\" stroke-width=\"" << width
         << "\"/>\n";
  }

  void Curve(const std::vector<std::pair<double, double>>& pixels, const std::string& colour) {
    svg_ << "<polyline fill=\"none\" stroke=\"" << colour
         << "\" stroke-width=\"1.8\" stroke-linejoin=\"round\" points=\"";
    for (size_t i = 0; i < pixels.size(); ++i) {
      svg_ << (i > 0 ? " " : "") << Pixel(pixels[i].first) << "," << Pixel(pixels[i].second);
    }
    svg_ << "\"/>\n";
  }

  std::string Finish() { return svg_.str() + "</svg>\n"; }

 private:
  std::ostringstream svg_;
};

constexpr char kGrid[] = "#e8e8e8", kFrame[] = "#999";

void DrawAxes(const Axis& x, const Axis& y, const LineChart::Panel& panel, bool is_last,
              SvgWriter* svg) {
  for (const double tick : y.ticks) {
    svg->Line(x.first_pixel, y(tick), x.last_pixel, y(tick), kGrid);
    svg->Text(x.first_pixel - 8, y(tick) + 4, ShortNumber(tick) + panel.unit,
              " text-anchor=\"end\"");
  }
  for (const double tick : x.ticks) {
    svg->Line(x(tick), y.first_pixel, x(tick), y.first_pixel + 4, kFrame);
    if (!is_last) continue;
    svg->Text(x(tick), y.first_pixel + 19, WithCommas(std::llround(tick)),
              " text-anchor=\"middle\"");
  }
  svg->Line(x.first_pixel, y.first_pixel, x.last_pixel, y.first_pixel, kFrame);
  svg->Line(x.first_pixel, y.first_pixel, x.first_pixel, y.last_pixel, kFrame);
}

/// Names of the curves, from right to left above the panel.
void DrawLegend(const LineChart::Panel& panel, double right, double baseline, SvgWriter* svg) {
  for (size_t i = panel.series.size(); i-- > 0;) {
    right -= kLetter * static_cast<double>(panel.series[i].name.size());
    svg->Text(right, baseline, panel.series[i].name);
    svg->Line(right - 24, baseline - 4, right - 6, baseline - 4, kColours[i % 4], 2.5);
    right -= 40;
  }
}

using Points = std::vector<std::pair<double, double>>;

/// Without the points within level stretches.
Points Simplified(const Points& points) {
  Points result;
  for (size_t i = 0; i < points.size(); ++i) {
    const bool is_end = i == 0 || i + 1 == points.size();
    const double y = points[i].second;
    if (is_end || y != points[i - 1].second || y != points[i + 1].second) {
      result.push_back(points[i]);
    }
  }
  return result;
}

void DrawPanel(const LineChart::Panel& panel, const Axis& x, double top, bool is_last,
               SvgWriter* svg) {
  const Axis y = YAxis(panel, top + kPanelHeight, top);
  svg->Text(x.first_pixel, top - 10, panel.title, " font-weight=\"bold\"");
  if (panel.series.size() > 1) DrawLegend(panel, x.last_pixel, top - 10, svg);
  DrawAxes(x, y, panel, is_last, svg);
  for (size_t i = 0; i < panel.series.size(); ++i) {
    Points pixels;
    for (const auto& [px, py] : panel.series[i].points) {
      if (std::isfinite(py) && (!y.log || py > 0)) pixels.emplace_back(x(px), y(py));
    }
    svg->Curve(Simplified(pixels), kColours[i % 4]);
  }
}

}  // namespace

std::string ToSvg(const LineChart& chart) {
  const double panels = static_cast<double>(chart.panels.size());
  const double height = kTop + panels * (kPanelHeight + kPanelGap) - kPanelGap + kBottom + 20;
  SvgWriter svg(kWidth, height);
  svg.Title(chart.title);
  svg.Text(kLeft, 22, chart.title, " font-size=\"14\"");
  const Axis x = XAxis(chart);
  double top = kTop + 20;
  for (size_t i = 0; i < chart.panels.size(); ++i) {
    DrawPanel(chart.panels[i], x, top, i + 1 == chart.panels.size(), &svg);
    top += kPanelHeight + kPanelGap;
  }
  svg.Text((x.first_pixel + x.last_pixel) / 2, height - 10, chart.x_label,
           " text-anchor=\"middle\"");
  return svg.Finish();
}

std::vector<double> LinearTicks(double top, int most) {
  const double power = std::pow(10, std::floor(std::log10(top / most)));
  double step = power;
  for (const double factor : {2., 5., 10.}) {
    if (top <= step * most * (1 + 1e-9)) break;
    step = factor * power;
  }
  std::vector<double> ticks = {0};
  for (int i = 1; ticks.back() < top * (1 - 1e-9); ++i) ticks.push_back(i * step);
  return ticks;
}

}  // namespace caffe::cli
