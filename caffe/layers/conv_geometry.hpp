#ifndef CAFFE_LAYERS_CONV_GEOMETRY_HPP_
#define CAFFE_LAYERS_CONV_GEOMETRY_HPP_

#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// The windows that a ConvolutionParameter describes, one entry per spatial axis.
struct ConvGeometry {
  std::vector<int> kernel;
  std::vector<int> pad;
  std::vector<int> stride;
  std::vector<int> dilation;
};

/// Reads kernel_size, pad, stride and dilation, each given once for all axes, once per axis,
/// or (not dilation) as *_h and *_w for two axes. Throws Error for contradictions, a missing
/// or zero kernel, and strides or dilations of zero.
ConvGeometry ReadConvGeometry(const ConvolutionParameter& param, int num_spatial_axes);

}  // namespace caffe

#endif  // CAFFE_LAYERS_CONV_GEOMETRY_HPP_
