#ifndef CAFFE_NATIVE_WINOGRAD_PASSES_HPP_
#define CAFFE_NATIVE_WINOGRAD_PASSES_HPP_

#include "caffe/native/winograd_kernels.hpp"
#include "caffe/wanted_gradient.hpp"

namespace caffe::winograd {

/// The vector code for one block size of oneDNN's layouts.
struct Kernels {
  int lanes;
  const Transforms& transforms;
  const Products& products;
};

/// Null if this processor, or this build, has no vectors of 8 or 16 floats.
const Kernels* KernelsWithLanes(int lanes);

/// The tiles of a 3x3 convolution of stride 1.
TileGrid MakeTileGrid(int num, int in_h, int in_w, int pad_h, int pad_w);

// The passes use all OpenMP threads. Their results do not depend on how many there are. Scratch
// memory belongs to the calling thread and grows to the largest pass; see
// docs/decisions/winograd.md for how large.

/// dst = tail(conv(src, filters)).
void Convolve(const Kernels& kernels, const TileGrid& grid, const Filters& filters,
              const float* src, const OutputTail& tail, float* dst);

/// filters_diff (out x in x 3 x 3) += the gradient of the filters, or of a part of them.
/// @param part  null: of all
void AddFiltersGradient(const Kernels& kernels, const TileGrid& grid, int out, int in,
                        const WeightsPart* part, const float* src, const float* dst_diff,
                        float* filters_diff);

/// bias_diff[channel] += the sum of dst_diff over the batch.
void AddBiasGradient(const Kernels& kernels, const TileGrid& grid, int out, const float* dst_diff,
                     float* bias_diff);

}  // namespace caffe::winograd

#endif  // CAFFE_NATIVE_WINOGRAD_PASSES_HPP_
