#ifndef CAFFE_NATIVE_WINOGRAD_CONV_HPP_
#define CAFFE_NATIVE_WINOGRAD_CONV_HPP_

#include <memory>

#include "caffe/native/conv_engine.hpp"

namespace caffe {

/// Whether engine DEFAULT may compute convolutions of 3x3 filters by Winograd's method: true
/// unless set otherwise. For layers that run their first pass afterwards.
void SetWinogradEnabled(bool enabled);
bool WinogradEnabled();

/// A 3x3 convolution of stride 1 by Winograd's method for those passes where that is faster
/// than oneDNN, and by oneDNN for the others; images pass in oneDNN's layouts. Null where no
/// pass would be faster, or where Winograd's method is impossible or switched off.
///
/// Sums are associated differently than in a direct convolution: results differ by a few
/// millionths of the largest value. They do not depend on the number of threads.
std::unique_ptr<ConvEngine<float>> MakeFasterWinogradConv(const ConvShape& shape);

/// The same with Winograd's method for all passes, whatever the speed, in oneDNN's layout with
/// blocks of `lanes` (8 or 16) channels. Null where that is not possible.
std::unique_ptr<ConvEngine<float>> MakeWinogradConv(const ConvShape& shape, int lanes);

}  // namespace caffe

#endif  // CAFFE_NATIVE_WINOGRAD_CONV_HPP_
