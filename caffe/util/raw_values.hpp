#ifndef CAFFE_UTIL_RAW_VALUES_HPP_
#define CAFFE_UTIL_RAW_VALUES_HPP_

#include <cstdint>
#include <string>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// The value of an IEEE 754 half-precision number.
float HalfToFloat(uint16_t bits);

/// Reads `count` numbers from BlobProto's raw bytes. Throws Error if there is another number of
/// bytes, or if the type is no floating-point one.
template <typename Dtype>
void ReadRawValues(BlobProto::RawType type, const std::string& bytes, int count, Dtype* out);

}  // namespace caffe

#endif  // CAFFE_UTIL_RAW_VALUES_HPP_
