#ifndef CAFFE_NATIVE_ACTIVATION_HPP_
#define CAFFE_NATIVE_ACTIVATION_HPP_

namespace caffe {

/// The function of an activation layer, for operations that apply it to values that they have just
/// computed. This header holds no function that a compiler could emit out of line; see
/// vector_activation.hpp.
struct Activation {
  enum class Kind {
    kNone,
    kRelu,   // max(x, 0); the slope at 0 is 0
    kRelu6,  // min(max(x, 0), 6); the slope on the bounds is 0
    kClip,   // x limited to [low, high], which contain 0; the slope on the bounds is 1
    kSwish,  // x sigmoid(beta x)
  };

  Kind kind = Kind::kNone;
  float low = 0, high = 0;
  float beta = 1;
};

}  // namespace caffe

#endif  // CAFFE_NATIVE_ACTIVATION_HPP_
