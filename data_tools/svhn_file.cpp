#include "data_tools/svhn_file.hpp"

#include <sstream>

#include "caffe/error.hpp"

namespace caffe {

namespace {

constexpr int kPlane = SvhnFile::kSide * SvhnFile::kSide;

std::string Text(const std::vector<uint64_t>& dims) {
  std::ostringstream text;
  for (size_t i = 0; i < dims.size(); ++i) text << (i > 0 ? "x" : "") << dims[i];
  return text.str();
}

}  // namespace

SvhnFile::SvhnFile(const std::filesystem::path& path) : file_(OpenSource(path)) {
  const MatVariable& images = file_.Get("X");
  std::vector<uint64_t> dims = images.dims;
  if (dims.size() == 3) dims.push_back(1);  // MATLAB leaves a last dimension of 1 out
  const bool fits = dims.size() == 4 && dims[0] == kSide && dims[1] == kSide &&
                    dims[2] == kChannels && dims[3] > 0;
  Require(fits, file_.name(), ": the array X is of ", Text(images.dims),
          ", wanted 32x32x3xN. It is not one of the files of cropped digits (Format 2).");
  ReadLabels();
  Require(labels_.size() == dims[3], file_.name(), ": X has ", dims[3], " images, y has ",
          labels_.size(), " labels. The file is damaged; get it again.");
  pixels_ = file_.OpenBytes(images);
}

void SvhnFile::ReadLabels() {
  for (const double label : file_.ReadNumbers(file_.Get("y"))) {
    const bool is_label = label >= 1 && label <= 10 && label == static_cast<int>(label);
    Require(is_label, file_.name(), ": image ", labels_.size(), " has the label ", label,
            "; wanted 1 to 10, where 10 is the digit 0. The file is damaged, or another one.");
    labels_.push_back(static_cast<uint8_t>(static_cast<int>(label) % 10));
  }
}

void SvhnFile::Next(Datum* datum) {
  char columns[kPixels];
  pixels_->Read(columns, sizeof(columns));
  datum->set_channels(kChannels);
  datum->set_height(kSide);
  datum->set_width(kSide);
  datum->set_label(labels_[next_]);
  std::string* rows = datum->mutable_data();
  rows->resize(kPixels);
  for (int c = 0; c < kPixels; c += kPlane) {
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) (*rows)[c + y * kSide + x] = columns[c + x * kSide + y];
    }
  }
  if (++next_ == labels_.size()) pixels_->Finish();
}

}  // namespace caffe
