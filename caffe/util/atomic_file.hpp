#ifndef CAFFE_UTIL_ATOMIC_FILE_HPP_
#define CAFFE_UTIL_ATOMIC_FILE_HPP_

#include <string>
#include <string_view>

namespace caffe {

/// Writes a file that is complete from the moment its name exists: into a temporary file in
/// the same directory, flushed to the disk, then renamed; an older file of that name stays
/// until then. Throws Error with the path and the cause and removes the temporary file.
void WriteFileAtomically(const std::string& path, std::string_view content);

/// Removes temporary files of WriteFileAtomically whose final path begins with `path_prefix`
/// and whose writer is gone (killed). @return how many
int RemoveStaleTemporaries(const std::string& path_prefix);

/// The whole content of a file. Throws Error.
std::string ReadWholeFile(const std::string& path);

}  // namespace caffe

#endif  // CAFFE_UTIL_ATOMIC_FILE_HPP_
