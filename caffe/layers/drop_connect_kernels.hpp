#ifndef CAFFE_DROP_CONNECT_KERNELS_HPP_
#define CAFFE_DROP_CONNECT_KERNELS_HPP_

#include <cstdint>

#include "caffe/util/philox.hpp"

namespace caffe {

/// Rows of `inputs` numbers to rows of `outputs`, with a bit for each connection of each row: bit
/// (row, output, input), and behind the inputs' that of the bias. The bits of a row and an output
/// fill words() words of 32.
struct DropConnectShape {
  int64_t rows = 0;
  int64_t outputs = 0;
  int64_t inputs = 0;
  /// Steps in the weights from one output, and one input, to the next.
  int64_t output_step = 0;
  int64_t input_step = 1;
  bool bias = false;

  CAFFE_HD int64_t words() const { return (inputs + (bias ? 1 : 0) + 31) / 32; }
};

/// Bit j of word w is 1 where word first + 32 w + j of `random` is at least `bound`; n words.
/// `first` is a multiple of 4.
template <class Device>
void draw_bits(int64_t n, Philox random, uint64_t first, uint64_t bound, unsigned int* bits);

/// y [rows, outputs] = the sums of kept weight * x, and the kept bias.
template <class Device, class Dtype>
void drop_connect_forward(DropConnectShape shape, const unsigned int* bits, const Dtype* weight,
                          const Dtype* bias, const Dtype* x, Dtype* y);

/// dx [rows, inputs] from dy [rows, outputs].
template <class Device, class Dtype>
void drop_connect_backward_input(DropConnectShape shape, const unsigned int* bits,
                                 const Dtype* weight, const Dtype* dy, Dtype* dx);

/// Adds the gradient to that of the weights.
template <class Device, class Dtype>
void drop_connect_backward_weight(DropConnectShape shape, const unsigned int* bits, const Dtype* x,
                                  const Dtype* dy, Dtype* dweight);

/// Adds the gradient to that of the bias.
template <class Device, class Dtype>
void drop_connect_backward_bias(DropConnectShape shape, const unsigned int* bits, const Dtype* dy,
                                Dtype* dbias);

/// With y = keep * (weight x + bias): replaces it by the mean of max(0, u) for u normal with mean y
/// and the variance of the sum of kept terms, keep (1 - keep) * (sum of (weight x)^2 + bias^2).
template <class Device, class Dtype>
void gaussian_relu(DropConnectShape shape, Dtype keep, const Dtype* weight, const Dtype* bias,
                   const Dtype* x, Dtype* y);

}  // namespace caffe

#endif  // CAFFE_DROP_CONNECT_KERNELS_HPP_
