#ifndef CAFFE_NATIVE_WINOGRAD_MATHS_HPP_
#define CAFFE_NATIVE_WINOGRAD_MATHS_HPP_

// The one-dimensional transforms of F(4, 3): four outputs of a filter of three taps over six
// inputs, from six products,
//
//   y = A^T [(G g) * (B^T d)],
//
// interpolated at 0, +-sqrt(1/2), +-sqrt(2) and infinity. With these points every constant lies
// near one, and in single precision the result is about four times as accurate as with the
// usual 0, +-1, +-2. In two dimensions each transform is applied to columns, then to rows.
//
// Source: A. Lavin, S. Gray, Fast Algorithms for Convolutional Neural Networks, 2015;
// B. Barabasz et al., Error Analysis and Improving the Accuracy of Winograd Convolution for
// Deep Neural Networks, 2018.

namespace caffe::winograd {

constexpr int kTile = 4;                  // outputs
constexpr int kTaps = 3;                  // of the filter
constexpr int kReach = 6;                 // inputs, and products
constexpr int kPoints = kReach * kReach;  // products of a two-dimensional tile

constexpr float kSmall = 0.70710678118654752f;
constexpr float kLarge = 1.41421356237309505f;

/// B^T: the inputs of a tile at the points.
template <typename T>
[[gnu::always_inline]] inline void InputToPoints(const T (&d)[kReach], T (&x)[kReach]) {
  const T even_small = d[4] - 2.0f * d[2], odd_small = d[3] - 2.0f * d[1];
  const T even_large = d[4] - 0.5f * d[2], odd_large = d[3] - 0.5f * d[1];
  x[0] = (d[0] + d[4]) - 2.5f * d[2];
  x[1] = even_small + kSmall * odd_small;
  x[2] = even_small - kSmall * odd_small;
  x[3] = even_large + kLarge * odd_large;
  x[4] = even_large - kLarge * odd_large;
  x[5] = (d[1] + d[5]) - 2.5f * d[3];
}

/// G: the filter at the points.
template <typename T>
[[gnu::always_inline]] inline void FilterToPoints(const T (&g)[kTaps], T (&u)[kReach]) {
  const T even_small = (-2.0f / 3.0f) * g[0] - (1.0f / 3.0f) * g[2];
  const T even_large = (1.0f / 6.0f) * g[0] + (1.0f / 3.0f) * g[2];
  u[0] = g[0];
  u[1] = even_small - (kSmall / 1.5f) * g[1];
  u[2] = even_small + (kSmall / 1.5f) * g[1];
  u[3] = even_large + (kLarge / 6.0f) * g[1];
  u[4] = even_large - (kLarge / 6.0f) * g[1];
  u[5] = g[2];
}

/// A^T: the outputs of a tile from the products at the points.
template <typename T>
[[gnu::always_inline]] inline void PointsToOutput(const T (&m)[kReach], T (&y)[kTile]) {
  const T even_small = m[1] + m[2], odd_small = m[1] - m[2];
  const T even_large = m[3] + m[4], odd_large = m[3] - m[4];
  y[0] = m[0] + even_small + even_large;
  y[1] = kSmall * odd_small + kLarge * odd_large;
  y[2] = 0.5f * even_small + 2.0f * even_large;
  y[3] = m[5] + (0.5f * kSmall) * odd_small + (2.0f * kLarge) * odd_large;
}

/// A, for the gradient: what each product receives of the outputs' gradients.
template <typename T>
[[gnu::always_inline]] inline void OutputToPoints(const T (&y)[kTile], T (&m)[kReach]) {
  const T even_small = y[0] + 0.5f * y[2], odd_small = y[1] + 0.5f * y[3];
  const T even_large = y[0] + 2.0f * y[2], odd_large = y[1] + 2.0f * y[3];
  m[0] = y[0];
  m[1] = even_small + kSmall * odd_small;
  m[2] = even_small - kSmall * odd_small;
  m[3] = even_large + kLarge * odd_large;
  m[4] = even_large - kLarge * odd_large;
  m[5] = y[3];
}

/// G^T, for the gradient: what each tap receives of the gradients at the points.
template <typename T>
[[gnu::always_inline]] inline void PointsToFilter(const T (&u)[kReach], T (&g)[kTaps]) {
  const T even_small = u[1] + u[2], odd_small = u[1] - u[2];
  const T even_large = u[3] + u[4], odd_large = u[3] - u[4];
  g[0] = u[0] - (2.0f / 3.0f) * even_small + (1.0f / 6.0f) * even_large;
  g[1] = (kLarge / 6.0f) * odd_large - (kSmall / 1.5f) * odd_small;
  g[2] = u[5] + (1.0f / 3.0f) * (even_large - even_small);
}

}  // namespace caffe::winograd

#endif  // CAFFE_NATIVE_WINOGRAD_MATHS_HPP_
