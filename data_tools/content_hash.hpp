#ifndef DATA_TOOLS_CONTENT_HASH_HPP_
#define DATA_TOOLS_CONTENT_HASH_HPP_

#include <string>
#include <string_view>

#include "data_tools/sha256.hpp"

namespace caffe {

/// A number that tells the content of a database: of its records in the order of their keys,
/// wherever they lie in the file. It begins with 32 zero bytes, and each record makes of it
///     h = sha256(h + sha256(key) + sha256(value))
/// so that the values, most of the work, can be hashed by many threads.
class ContentHash {
 public:
  ContentHash() : hash_(32, '\0') {}
  /// @param bytes  of another hash, to go on with
  explicit ContentHash(std::string bytes) : hash_(std::move(bytes)) {}

  void Add(std::string_view key, std::string_view value_digest) {
    hash_ = Sha256(hash_ + Sha256(key) + std::string(value_digest));
  }
  const std::string& bytes() const { return hash_; }

 private:
  std::string hash_;
};

}  // namespace caffe

#endif  // DATA_TOOLS_CONTENT_HASH_HPP_
