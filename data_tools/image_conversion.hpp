#ifndef DATA_TOOLS_IMAGE_CONVERSION_HPP_
#define DATA_TOOLS_IMAGE_CONVERSION_HPP_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data_tools/conversion_notes.hpp"
#include "data_tools/dataset_writer.hpp"
#include "data_tools/image_file.hpp"
#include "data_tools/image_set.hpp"

namespace caffe {

/// How images are converted, apart from what it does to them.
struct ConversionRun {
  int threads = 1;
  /// Images that may wait for being written, for each thread.
  size_t waiting = 16;
  /// Error for an image of another size than the first.
  bool check_size = false;
  /// Called after each record with their number.
  std::function<void(uint64_t records)> progress = [](uint64_t) {};
};

/// What became of a set of images.
struct ConvertedImages {
  uint64_t count = 0;    // in the database
  uint64_t resumed = 0;  // of them, those that were there from an earlier run
  double seconds = 0;    // that the others took
  ImageRemarks remarks;
};

/// Adds the images to the database, in order, with Caffe's keys: the image's number in eight
/// digits, an underscore, its name. Images that cannot be read are left out; their numbers are not
/// used again. The number of threads changes nothing but the time. Throws Error if no image can be
/// read.
/// @param notes  if not null: where to find how far an earlier run has come, and to note it
ConvertedImages ConvertImages(const ImageSet& set, const ImageConversion& conversion,
                              const ConversionRun& run, DatasetWriter* writer,
                              ConversionNotes* notes = nullptr);

}  // namespace caffe

#endif  // DATA_TOOLS_IMAGE_CONVERSION_HPP_
