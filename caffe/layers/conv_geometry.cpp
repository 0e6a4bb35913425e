#include "caffe/layers/conv_geometry.hpp"

#include <climits>

#include "caffe/error.hpp"

namespace caffe {
namespace {

/// One of the four properties as the user may have written it.
struct Written {
  const char* name;        // of the repeated field
  const char* short_name;  // before _h and _w
  const google::protobuf::RepeatedField<uint32_t>& repeated;
  bool has_h, has_w;
  uint32_t h, w;
};

int ToInt(uint32_t value, const char* name) {
  Require(value <= uint32_t(INT_MAX), name, " ", value, " is too large.");
  return static_cast<int>(value);
}

/// @param unset  value where the user gave none
std::vector<int> PerAxis(const Written& field, int axes, int unset) {
  if (field.has_h || field.has_w) {
    Require(axes == 2, field.short_name, "_h and ", field.short_name,
            "_w are for two spatial axes; this layer has ", axes, ". Use ", field.name, ".");
    Require(field.repeated.empty(), field.name, " and ", field.short_name, "_h/_w are both given. ",
            "Leave one out.");
    return {ToInt(field.h, field.short_name), ToInt(field.w, field.short_name)};
  }
  const int given = field.repeated.size();
  Require(given == 0 || given == 1 || given == axes, field.name, " is given ", given,
          " times. Give it once, or once for each of the ", axes, " spatial axes.");
  std::vector<int> values(axes, unset);
  for (int i = 0; i < axes && given > 0; ++i) {
    values[i] = ToInt(field.repeated.Get(given == 1 ? 0 : i), field.name);
  }
  return values;
}

void RequirePositive(const std::vector<int>& values, const char* name, const char* advice) {
  for (size_t i = 0; i < values.size(); ++i) {
    Require(values[i] > 0, name, " is 0 on spatial axis ", i, ". ", advice);
  }
}

}  // namespace

ConvGeometry ReadConvGeometry(const ConvolutionParameter& p, int axes) {
  ConvGeometry geometry;
  geometry.kernel = PerAxis({"kernel_size", "kernel", p.kernel_size(), p.has_kernel_h(),
                             p.has_kernel_w(), p.kernel_h(), p.kernel_w()},
                            axes, 0);
  geometry.stride = PerAxis({"stride", "stride", p.stride(), p.has_stride_h(), p.has_stride_w(),
                             p.stride_h(), p.stride_w()},
                            axes, 1);
  geometry.pad =
      PerAxis({"pad", "pad", p.pad(), p.has_pad_h(), p.has_pad_w(), p.pad_h(), p.pad_w()}, axes, 0);
  geometry.dilation = PerAxis({"dilation", "dilation", p.dilation(), false, false, 0, 0}, axes, 1);
  RequirePositive(geometry.kernel, "kernel_size",
                  "Give kernel_size, or both kernel_h and kernel_w.");
  RequirePositive(geometry.stride, "stride", "Give stride, or both stride_h and stride_w.");
  RequirePositive(geometry.dilation, "dilation", "It must be at least 1.");
  return geometry;
}

}  // namespace caffe
