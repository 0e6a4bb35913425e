// Makes an LMDB of image files: of a list with labels, as Caffe's tool of this name, or of a folder
// that has a folder for each class.

#include <gflags/gflags.h>
#include <glog/logging.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <random>
#include <string>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/util/db.hpp"
#include "data_tools/atomic_output.hpp"
#include "data_tools/dataset_writer.hpp"
#include "data_tools/image_conversion.hpp"
#include "data_tools/image_file.hpp"
#include "data_tools/labelled_images.hpp"
#include "data_tools/tool_main.hpp"
#include "data_tools/unreadable_images.hpp"

DEFINE_bool(gray, false, "store grey images, of one channel");
DEFINE_bool(rgb, false, "store pixels in the order R G B instead of B G R");
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
folders, which go to DB_NAME_labels.txt. DB_NAME_manifest.json tells what the database holds:
options, labels, mean and standard deviation, a hash of the content; lmdb_info shows it.

  --shuffle                store the images in a random order
  --seed N                 of --shuffle (-1: draws one and says which)
  --gray                   one channel; otherwise three, in the order B G R
  --rgb                    store pixels in the order R G B
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

Images that cannot be read are left out, reported at the end and listed with the reasons in
DB_NAME_skipped.txt, with exit code 1; the database is complete with the others. Any other failure
leaves no database.
)";

ImageConversion ConversionOfFlags() {
  ImageConversion conversion;
  conversion.color = !FLAGS_gray;
  conversion.rgb = FLAGS_rgb;
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
  Require(!FLAGS_rgb || (!FLAGS_gray && !FLAGS_encoded && FLAGS_encode_type.empty()),
          "--rgb is the order in which pixels are stored; grey images and encoded ones have none. "
          "To train on encoded images in this order write transform_param { rgb: true }.");
  Require(FLAGS_seed >= -1, "--seed is ", FLAGS_seed, ". Give 0 or more, or -1.");
}

ImageSet SetOfList(const std::string& root, const std::string& list) {
  Require(FLAGS_labels.empty(), "--labels is for class folders; ", list, " has its own labels.");
  return {ImagePrefix(root), ListedImages(list), {}, {}};
}

ImageSet SetOfFolder(const std::string& folder) {
  const std::vector<std::string> classes =
      FLAGS_labels.empty() ? std::vector<std::string>() : ReadClassNames(FLAGS_labels);
  ClassFolders found = ListClassFolders(folder, classes);
  LOG_IF(WARNING, found.ignored > 0)
      << found.ignored << " files in " << folder
      << " are left out: they are in no class folder, or no images by their names.";
  return {ImagePrefix(folder), std::move(found.images), std::move(found.classes), {}};
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

/// The flags that the records depend on, as they were given.
std::vector<std::string> OptionsOfFlags() {
  std::vector<std::string> options;
  for (const char* name :
       {"shuffle", "seed", "gray", "rgb", "resize_width", "resize_height", "resize_short_side",
        "encoded", "encode_type", "jpeg_quality", "accept_truncated"}) {
    const google::CommandLineFlagInfo flag = google::GetCommandLineFlagInfoOrDie(name);
    if (!flag.is_default) options.push_back("--" + flag.name + "=" + flag.current_value);
  }
  return options;
}

DatasetDescription Describe(const ImageSet& set, const std::vector<std::string>& arguments) {
  return {.tool = "convert_imageset",
          .options = OptionsOfFlags(),
          .sources = {arguments.begin(), arguments.end() - 1},
          .channel_order = FLAGS_gray  ? "gray"
                           : FLAGS_rgb ? "RGB"
                                       : "BGR",
          .classes = set.classes};
}

void LogProgress(uint64_t records) { LOG(INFO) << "Processed " << records << " files."; }

constexpr uint64_t kRecordsPerLogLine = 1000;

ConversionRun RunOfFlags() {
  return {.threads = ThreadsOf(FLAGS_threads),
          .check_size = FLAGS_check_size,
          .progress = [](uint64_t records) {
            if (records % kRecordsPerLogLine == 0) LogProgress(records);
          }};
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
  const std::string skipped_name = db_name + "_skipped.txt";
  std::vector<std::string> names = DatasetWriter::Names(db_name);
  names.insert(names.end() - 1, skipped_name);
  if (set.classes.empty()) std::erase(names, LabelsName(db_name));
  AtomicOutput output(path.parent_path(), names, FLAGS_force);
  DatasetWriter writer(output, db_name, Describe(set, arguments));
  const ConvertedImages converted = ConvertImages(set, ConversionOfFlags(), RunOfFlags(), &writer);
  if (converted.count % kRecordsPerLogLine != 0) LogProgress(converted.count);
  const std::vector<ImageRemark>& problems = converted.remarks.problems;
  if (!problems.empty()) WriteLines(ListLines(problems), output.path(skipped_name));
  output.Commit();
  std::cout << name << ": " << converted.count << " images\n";
  if (!set.classes.empty()) {
    std::cout << output.final_path(LabelsName(db_name)).string() << ": " << set.classes.size()
              << " classes\n";
  }
  if (!set.classes.empty() && !FLAGS_shuffle) {
    std::cout
        << "The images are in the order of their classes. To train on them, convert them with "
           "--shuffle, or set data_param { shuffle: true }.\n";
  }
  std::cout << std::flush;
  Require(problems.empty(), UnreadableText(problems, set.images.size(), name,
                                           output.final_path(skipped_name).string()));
  return 0;
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) {
  return caffe::ToolMain(argc, argv, caffe::kUsage, caffe::Run, google::GLOG_INFO);
}
