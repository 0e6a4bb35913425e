#include "data_tools/image_set.hpp"

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"
#include "data_tools/image_file.hpp"
#include "data_tools/manifest.pb.h"

namespace caffe {

std::string ImageSet::path(const LabelledImage& image) const {
  if (image.archive < 0) return prefix + image.name;
  return archives[image.archive]->name() + ": " + image.name;
}

std::string ImageSet::Read(const LabelledImage& image) const {
  if (image.archive < 0) return ReadImageFile(prefix + image.name);
  Require(image.place.size <= INT32_MAX, "it has more than 2 GB");
  std::string bytes(image.place.size, '\0');
  archives[image.archive]->ReadAt(image.place.offset, bytes.data(), bytes.size());
  return bytes;
}

void ImageSet::Prefetch(const LabelledImage& image) const {
  if (image.archive >= 0) {
    archives[image.archive]->Prefetch(image.place.offset, image.place.size);
  }
}

void SaveImageSet(const ImageSet& set, const std::filesystem::path& path) {
  data_tools::ImageIndex index;
  index.set_prefix(set.prefix);
  for (const auto& archive : set.archives) index.add_archives(archive->name());
  for (const std::string& name : set.classes) index.add_classes(name);
  index.mutable_images()->Reserve(static_cast<int>(set.images.size()));
  for (const LabelledImage& image : set.images) {
    auto* entry = index.add_images();
    entry->set_name(image.name);
    entry->set_label(image.label);
    if (image.archive < 0) continue;
    entry->set_archive(image.archive);
    entry->set_offset(image.place.offset);
    entry->set_size(image.place.size);
  }
  WriteFileAtomically(path.string(), index.SerializeAsString());
}

ImageSet LoadImageSet(const std::filesystem::path& path) {
  data_tools::ImageIndex index;
  Require(index.ParseFromString(ReadWholeFile(path.string())), path.string(),
          " is damaged. Begin anew with --restart.");
  ImageSet set;
  set.prefix = index.prefix();
  set.classes.assign(index.classes().begin(), index.classes().end());
  for (const std::string& archive : index.archives()) set.archives.push_back(OpenSource(archive));
  set.images.reserve(static_cast<size_t>(index.images_size()));
  for (auto& image : *index.mutable_images()) {
    set.images.push_back({std::move(*image.mutable_name()), image.label(), image.archive(),
                          ByteRange{image.offset(), image.size()}});
  }
  return set;
}

}  // namespace caffe
