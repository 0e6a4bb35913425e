#ifndef DATA_TOOLS_IMAGE_CONVERSION_HPP_
#define DATA_TOOLS_IMAGE_CONVERSION_HPP_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data_tools/image_file.hpp"
#include "data_tools/labelled_images.hpp"

namespace caffe {

/// Images that become one database.
struct ImageSet {
  std::string prefix;  // in front of the images' names
  std::vector<LabelledImage> images;
  std::vector<std::string> classes;  // empty where only numbers are known
};

/// What became of them.
struct ConvertedImages {
  struct Problem {
    std::string path;
    std::string reason;
  };
  uint64_t count = 0;             // in the database
  std::vector<Problem> problems;  // images that could not be read, in order
};

/// Writes a new LMDB of the images, in order, with Caffe's keys: the image's number in eight
/// digits, an underscore, its name. Images that cannot be read are left out; their numbers are not
/// used again. The number of threads changes nothing but the time.
/// @param check_size  Error for an image of another size than the first
ConvertedImages ConvertImages(const ImageSet& set, const ImageConversion& conversion,
                              bool check_size, int threads, const std::filesystem::path& path);

}  // namespace caffe

#endif  // DATA_TOOLS_IMAGE_CONVERSION_HPP_
