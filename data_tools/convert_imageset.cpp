// Makes an LMDB of image files: of a list with labels, as Caffe's tool of this name, or of a folder
// that has a folder for each class.

#include <gflags/gflags.h>
#include <glog/logging.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/util/db.hpp"
#include "caffe/util/format.hpp"
#include "caffe/util/parallel_for.hpp"
#include "data_tools/atomic_output.hpp"
#include "data_tools/image_file.hpp"
#include "data_tools/labelled_images.hpp"
#include "data_tools/lmdb_writer.hpp"
#include "data_tools/tool_main.hpp"

DEFINE_bool(gray, false, "store grey images, of one channel");
DEFINE_bool(shuffle, false, "store the images in a random order");
DEFINE_int64(seed, -1, "of --shuffle; -1 draws one and says which");
DEFINE_string(backend, "lmdb", "kind of database; lmdb is the only one");
DEFINE_int32(resize_width, 0, "stretch images to this width (with --resize_height)");
DEFINE_int32(resize_height, 0, "stretch images to this height (with --resize_width)");
DEFINE_int32(resize_short_side, 0, "resize the shorter side to this length, keep proportions");
DEFINE_bool(check_size, false, "stop at an image that has not the size of the first one");
DEFINE_bool(encoded, false, "store image files instead of pixels");
DEFINE_string(encode_type, "", "type of the image files that are stored, such as png or jpg");
DEFINE_int32(jpeg_quality, 95, "1 to 100, of images that are encoded anew as JPEG");
DEFINE_string(labels, "", "file of class names, one a line: the labels of class folders");
DEFINE_bool(accept_truncated, false, "take JPEG files that end too early, grey where cut off");
DEFINE_int32(threads, 0, "that decode images; 0 is one for each core");
DEFINE_bool(force, false, "replace existing output");

namespace caffe {
namespace {

constexpr char kUsage[] = R"(Usage: convert_imageset [flags] ROOTFOLDER/ LISTFILE DB_NAME
       convert_imageset [flags] FOLDER DB_NAME

Makes the LMDB DB_NAME, one Datum an image. The first form reads LISTFILE, whose lines are an
image's name, a blank, and its label; ROOTFOLDER/ stands in front of each name. The second form
reads FOLDER, which has a folder for each class; labels 0, 1, ... follow the sorted names of the
folders, which go to DB_NAME_labels.txt.

  --shuffle                store the images in a random order
  --seed N                 of --shuffle (-1: draws one and says which)
  --gray                   one channel; otherwise three, in the order B G R
  --resize_width W --resize_height H    stretch to this size
  --resize_short_side N    resize the shorter side to N pixels, keep proportions
  --encoded                store image files instead of pixels: unchanged unless resized
  --encode_type TYPE       store image files of this type, such as png or jpg
  --jpeg_quality Q         1 to 100, of images that are encoded anew (95)
  --check_size             stop at an image that has not the size of the first one
  --labels FILE            class names, one a line, instead of the sorted names of the folders
  --accept_truncated       take JPEG files that end too early; what is missing is grey
  --threads N              that decode images (0: one for each core); changes no byte of the output
  --backend lmdb           the only one
  --force                  replace existing output

Images that cannot be read are left out and reported at the end, with exit code 1; the database
is complete with the others. Any other failure leaves no database.
)";

constexpr int kImagesPerThread = 16;
constexpr uint64_t kImagesPerLogLine = 1000;

/// What is to be converted.
struct ImageSet {
  std::string prefix;
  std::vector<LabelledImage> images;
  std::vector<std::string> classes;  // empty for a list
};

/// An image's record, or the reason why there is none.
struct Converted {
  Datum datum;
  ConvertedSize size;
  std::string problem;
};

struct Problem {
  std::string path;
  std::string reason;
};

std::string Text(const ConvertedSize& size) {
  std::ostringstream text;
  text << size.channels << "x" << size.height << "x" << size.width;
  return text.str();
}

ImageConversion ConversionOfFlags() {
  ImageConversion conversion;
  conversion.color = !FLAGS_gray;
  conversion.width = FLAGS_resize_width;
  conversion.height = FLAGS_resize_height;
  conversion.short_side = FLAGS_resize_short_side;
  conversion.encoded = FLAGS_encoded || !FLAGS_encode_type.empty();
  conversion.encode_type = FLAGS_encode_type;
  conversion.jpeg_quality = FLAGS_jpeg_quality;
  conversion.accept_truncated = FLAGS_accept_truncated;
  return conversion;
}

void CheckFlags() {
  const std::unique_ptr<db::DB> known_backend(db::GetDB(FLAGS_backend));
  Require(FLAGS_resize_width >= 0 && FLAGS_resize_height >= 0 && FLAGS_resize_short_side >= 0,
          "A size to resize to is below 0.");
  Require((FLAGS_resize_width > 0) == (FLAGS_resize_height > 0), "--resize_width ",
          FLAGS_resize_width, " and --resize_height ", FLAGS_resize_height,
          ": give both, which stretches the images, or --resize_short_side, which keeps their "
          "proportions.");
  Require(FLAGS_resize_short_side == 0 || FLAGS_resize_width == 0,
          "Give --resize_width and --resize_height or --resize_short_side, not both.");
  Require(FLAGS_jpeg_quality >= 1 && FLAGS_jpeg_quality <= 100, "--jpeg_quality is ",
          FLAGS_jpeg_quality, ". Give 1 to 100.");
  Require(FLAGS_encode_type.empty() || cv::haveImageWriter("image." + FLAGS_encode_type),
          "--encode_type is '", FLAGS_encode_type,
          "', which OpenCV does not write. Give png, jpg or another type that it writes.");
  ThreadsOf(FLAGS_threads);
  Require(FLAGS_seed >= -1, "--seed is ", FLAGS_seed, ". Give 0 or more, or -1.");
}

ImageSet SetOfList(const std::string& root, const std::string& list) {
  Require(FLAGS_labels.empty(), "--labels is for class folders; ", list, " has its own labels.");
  return {ImagePrefix(root), ListedImages(list), {}};
}

ImageSet SetOfFolder(const std::string& folder) {
  const std::vector<std::string> classes =
      FLAGS_labels.empty() ? std::vector<std::string>() : ReadClassNames(FLAGS_labels);
  ClassFolders found = ListClassFolders(folder, classes);
  LOG_IF(WARNING, found.ignored > 0)
      << found.ignored << " files in " << folder
      << " are left out: they are in no class folder, or no images by their names.";
  return {ImagePrefix(folder), std::move(found.images), std::move(found.classes)};
}

void Shuffle(ImageSet* set) {
  LOG(INFO) << "Shuffling data";
  uint64_t seed = static_cast<uint64_t>(FLAGS_seed);
  if (FLAGS_seed < 0) {
    seed = std::random_device()();
    LOG(INFO) << "Repeat this order with --seed " << seed;
  }
  ShuffleImages(&set->images, seed);
}

/// Puts converted images into the database, in order.
class RecordWriter {
 public:
  RecordWriter(const ImageSet& set, const std::filesystem::path& path)
      : set_(set), writer_(path, 0) {}

  /// @param first  number of the first of `images`
  void Add(const std::vector<Converted>& images, size_t first) {
    CheckInterrupted();
    for (size_t i = 0; i < images.size(); ++i) Add(images[i], static_cast<int>(first + i));
  }

  void Finish() {
    if (writer_.size() % kImagesPerLogLine != 0) LogProgress();
    writer_.Finish();
  }

  uint64_t size() const { return writer_.size(); }
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  void Add(const Converted& image, int number) {
    const std::string& name = set_.images[number].name;
    if (!image.problem.empty()) {
      problems_.push_back({set_.prefix + name, image.problem});
      return;
    }
    if (!first_size_) {
      first_size_ = image.size;
      first_name_ = name;
    }
    Require(!FLAGS_check_size || image.size == *first_size_, set_.prefix, name, " has the size ",
            Text(image.size), ", the first image, ", first_name_, ", has ", Text(*first_size_),
            " (channels x height x width). Resize them, or leave --check_size out.");
    writer_.Add(format_int(number, 8) + "_" + name, image.datum);
    if (writer_.size() % kImagesPerLogLine == 0) LogProgress();
  }

  void LogProgress() const { LOG(INFO) << "Processed " << writer_.size() << " files."; }

  const ImageSet& set_;
  LmdbWriter writer_;
  std::vector<Problem> problems_;
  std::optional<ConvertedSize> first_size_;
  std::string first_name_;
};

Converted Convert(const ImageSet& set, size_t number, const ImageConversion& conversion) {
  const LabelledImage& image = set.images[number];
  Converted converted;
  try {
    converted.datum =
        ReadImageFile(set.prefix + image.name, image.label, conversion, &converted.size);
  } catch (const std::exception& e) {
    converted.problem = e.what();
  }
  return converted;
}

/// Decodes some images while those before them are written.
void ConvertAll(const ImageSet& set, RecordWriter* writer) {
  const ImageConversion conversion = ConversionOfFlags();
  const int threads = ThreadsOf(FLAGS_threads);
  cv::setNumThreads(1);
  const size_t total = set.images.size();
  std::vector<Converted> done;
  for (size_t first = 0; first < total || !done.empty(); first += kImagesPerThread * threads) {
    const size_t begin = std::min(first, total);
    std::vector<Converted> next(std::min<size_t>(kImagesPerThread * threads, total - begin));
    ParallelFor(static_cast<int>(next.size()) + 1, threads, [&](int item) {
      if (item == 0) {
        writer->Add(done, begin - done.size());
      } else {
        next[item - 1] = Convert(set, begin + item - 1, conversion);
      }
    });
    done = std::move(next);
  }
}

std::string Report(const std::vector<Problem>& problems, size_t total, const std::string& name) {
  std::ostringstream text;
  text << problems.size() << " of " << total << " images could not be read; " << name
       << " has the other " << total - problems.size() << ". Left out:";
  for (const Problem& problem : problems) text << "\n  " << problem.path << ": " << problem.reason;
  return text.str();
}

void WriteLabels(const std::vector<std::string>& classes, const std::filesystem::path& path) {
  std::ofstream file(path);
  for (const std::string& name : classes) file << name << '\n';
  file.close();
  Require(file.good(), "Could not write ", path.string(), ". Is the disk full?");
}

int Run(const std::vector<std::string>& arguments) {
  Require(arguments.size() == 2 || arguments.size() == 3,
          "Wanted ROOTFOLDER/, LISTFILE and DB_NAME, or a folder of class folders and DB_NAME; "
          "found ",
          arguments.size(), " argument(s). See --help.");
  CheckFlags();
  const std::string& name = arguments.back();
  std::filesystem::path path = std::filesystem::absolute(name).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  Require(path.has_filename(), "'", name, "' is no name for a database.");
  ImageSet set =
      arguments.size() == 3 ? SetOfList(arguments[0], arguments[1]) : SetOfFolder(arguments[0]);
  if (FLAGS_shuffle) Shuffle(&set);
  CheckNames(set.images);
  LOG(INFO) << "A total of " << set.images.size() << " images.";

  const std::string db_name = path.filename().string();
  const std::string labels_name = db_name + "_labels.txt";
  std::vector<std::string> names{db_name};
  if (!set.classes.empty()) names.insert(names.begin(), labels_name);
  AtomicOutput output(path.parent_path(), names, FLAGS_force);
  if (!set.classes.empty()) WriteLabels(set.classes, output.path(labels_name));
  RecordWriter writer(set, output.path(db_name));
  ConvertAll(set, &writer);
  const std::vector<Problem>& problems = writer.problems();
  if (writer.size() == 0) {
    throw Error("None of the ", set.images.size(), " images could be read. The first one, ",
                problems.front().path, ": ", problems.front().reason, ". Nothing was written.");
  }
  writer.Finish();
  output.Commit();
  std::cout << name << ": " << writer.size() << " images\n";
  if (!set.classes.empty()) {
    std::cout << output.final_path(labels_name).string() << ": " << set.classes.size()
              << " classes\n";
  }
  if (!set.classes.empty() && !FLAGS_shuffle) {
    std::cout << "The images are in the order of their classes: convert them with --shuffle, or "
                 "train with data_param { shuffle: true }.\n";
  }
  std::cout << std::flush;
  Require(problems.empty(), Report(problems, set.images.size(), name));
  return 0;
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) {
  return caffe::ToolMain(argc, argv, caffe::kUsage, caffe::Run, google::GLOG_INFO);
}
