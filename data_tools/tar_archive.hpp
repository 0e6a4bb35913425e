#ifndef DATA_TOOLS_TAR_ARCHIVE_HPP_
#define DATA_TOOLS_TAR_ARCHIVE_HPP_

#include <cstdint>
#include <functional>
#include <string>

#include "data_tools/byte_source.hpp"

namespace caffe {

/// Where bytes lie in a source.
struct ByteRange {
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// A file of a tar archive.
struct TarMember {
  std::string name;  // with its folders
  ByteRange place;   // in the source, so that it can be read without the archive
};

/// Goes through the headers of a tar archive (old, POSIX, GNU) and calls `visit` for each regular
/// file, in the archive's order. The archive may be a part of another one.
/// @param title  of the archive, for messages
/// Throws Error, with the place, where there is no header, and if the archive is cut off.
void ForEachTarMember(const ByteSource& source, const ByteRange& archive, const std::string& title,
                      const std::function<void(const TarMember&)>& visit);

}  // namespace caffe

#endif  // DATA_TOOLS_TAR_ARCHIVE_HPP_
