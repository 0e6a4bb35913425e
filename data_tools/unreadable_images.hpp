#ifndef DATA_TOOLS_UNREADABLE_IMAGES_HPP_
#define DATA_TOOLS_UNREADABLE_IMAGES_HPP_

#include <string>
#include <vector>

#include "data_tools/conversion_notes.hpp"

namespace caffe {

/// "path, tab, text" of each: a line of the lists of images.
std::vector<std::string> ListLines(const std::vector<ImageRemark>& remarks);

/// Says how many images could not be read, and which ones, the first of them with reasons.
/// @param total     number of images that were to be read
/// @param database  that has the others
/// @param list      where all of them are listed
std::string UnreadableText(const std::vector<ImageRemark>& problems, size_t total,
                           const std::string& database, const std::string& list);

/// Throws Error where no image at all could be read.
void RequireSome(uint64_t read, const std::vector<ImageRemark>& problems, size_t total);

}  // namespace caffe

#endif  // DATA_TOOLS_UNREADABLE_IMAGES_HPP_
