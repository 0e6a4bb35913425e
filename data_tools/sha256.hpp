#ifndef DATA_TOOLS_SHA256_HPP_
#define DATA_TOOLS_SHA256_HPP_

#include <string>
#include <string_view>

namespace caffe {

/// The 32 bytes of the SHA-256 of some bytes. Source: FIPS 180-4.
std::string Sha256(std::string_view bytes);

/// Bytes in hexadecimal, two digits each.
std::string HexText(std::string_view bytes);

}  // namespace caffe

#endif  // DATA_TOOLS_SHA256_HPP_
