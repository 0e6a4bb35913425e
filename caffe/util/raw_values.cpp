#include "caffe/util/raw_values.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "caffe/error.hpp"

namespace caffe {
namespace {

template <typename Stored>
Stored At(const std::string& bytes, int i) {
  Stored value;
  std::memcpy(&value, bytes.data() + size_t(i) * sizeof(Stored), sizeof(Stored));
  return value;
}

}  // namespace

float HalfToFloat(uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  float value;
  if (exponent == 0x1f) {
    value = fraction == 0 ? std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(float(fraction), -24);
  } else {
    value = std::ldexp(float(fraction | 0x400), exponent - 25);
  }
  return bits >> 15 ? -value : value;
}

template <typename Dtype>
void ReadRawValues(BlobProto::RawType type, const std::string& bytes, int count, Dtype* out) {
  const size_t size = type == BlobProto::DOUBLE ? 8 : type == BlobProto::FLOAT ? 4 : 2;
  Require(type == BlobProto::DOUBLE || type == BlobProto::FLOAT || type == BlobProto::FLOAT16,
          "a stored blob has raw values of type ", BlobProto::RawType_Name(type),
          "; floating-point ones are read");
  Require(bytes.size() == size * count, "a stored blob has ", bytes.size(), " bytes of ",
          BlobProto::RawType_Name(type), " values, its shape asks for ", count, " values");
  for (int i = 0; i < count; ++i) {
    if (type == BlobProto::DOUBLE) {
      out[i] = static_cast<Dtype>(At<double>(bytes, i));
    } else if (type == BlobProto::FLOAT) {
      out[i] = At<float>(bytes, i);
    } else {
      out[i] = HalfToFloat(At<uint16_t>(bytes, i));
    }
  }
}

template void ReadRawValues<float>(BlobProto::RawType, const std::string&, int, float*);
template void ReadRawValues<double>(BlobProto::RawType, const std::string&, int, double*);

}  // namespace caffe
