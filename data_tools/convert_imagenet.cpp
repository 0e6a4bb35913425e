// Makes LMDBs of ImageNet's training and validation images.

#include <gflags/gflags.h>
#include <glog/logging.h>

#include <filesystem>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "caffe/cli/arguments.hpp"
#include "caffe/error.hpp"
#include "data_tools/atomic_output.hpp"
#include "data_tools/dataset_writer.hpp"
#include "data_tools/image_conversion.hpp"
#include "data_tools/imagenet_devkit.hpp"
#include "data_tools/imagenet_images.hpp"
#include "data_tools/input_key.hpp"
#include "data_tools/labelled_images.hpp"
#include "data_tools/rate_log.hpp"
#include "data_tools/tool_main.hpp"
#include "data_tools/unreadable_images.hpp"

DEFINE_string(parts, "train,val", "what to convert: train,val, train or val");
DEFINE_string(train, "", "tar archive or folder of the training images");
DEFINE_string(val, "", "tar archive or folder of the validation images");
DEFINE_string(val_labels, "", "list of the validation images and their labels or WordNet ids");
DEFINE_string(devkit, "", "development kit of ILSVRC2012: its archive or its folder");
DEFINE_string(labels, "", "file of class names, one a line, instead of the sorted WordNet ids");
DEFINE_int32(resize_short_side, 0, "resize the shorter side to this length, keep proportions");
DEFINE_bool(reencode, false, "encode all images anew, also those that are not resized");
DEFINE_int32(jpeg_quality, 95, "1 to 100, of images that are encoded anew");
DEFINE_bool(shuffle, true, "store the training images in a random order");
DEFINE_int64(seed, 0, "of --shuffle");
DEFINE_int32(threads, 0, "that decode images; 0 is one for each core");
DEFINE_bool(force, false, "replace existing output");
DEFINE_bool(restart, false, "begin anew where an earlier run was cut off");

namespace caffe {
namespace {

constexpr char kUsage[] = R"(Usage: convert_imagenet [flags] IN_DIR OUT_DIR

Makes LMDBs of JPEG images of ImageNet (ILSVRC2012), or of another set in its form. Finds in IN_DIR

  the training images     ILSVRC2012_img_train.tar as it is downloaded (an archive for each class in
                          it; nothing is unpacked), or train, a folder of class folders
  the validation images   ILSVRC2012_img_val.tar, or val, a folder of images or of class folders
  their classes           val.txt, lines "name label" or "name wnid"; or LOC_val_solution.csv; or
                          ILSVRC2012_devkit_t12.tar.gz, or the folder that it unpacks to

and writes to OUT_DIR train_lmdb and test_lmdb, with encoded images, for nets with
transform_param { rgb: true force_color: true }. The labels 0, 1, ... are the classes in the order
of their WordNet ids. Beside each LMDB: the classes, a manifest (lmdb_info shows it) and, where there
are any, lists of the images that could not be read (_skipped.txt) and that were repaired
(_repaired.txt).

  --resize_short_side N   resize the shorter side to N pixels, keep proportions (0: as it is)
  --reencode              encode all images anew; otherwise JPEG files that need no change stay
  --jpeg_quality Q        1 to 100, of images that are encoded anew (95)
  --noshuffle             keep the training images in the order of classes and names
  --seed N                of their random order (0)
  --parts train|val       convert only these (train,val)
  --train, --val PATH     where they are, if not in IN_DIR
  --val_labels FILE       list of the classes, as val.txt
  --devkit PATH           the development kit
  --labels FILE           class names, one a line, instead of the sorted WordNet ids
  --threads N             that decode images (0: one for each core); changes no byte of the output
  --force                 replace existing output
  --restart               begin anew instead of going on

A conversion that was cut off goes on where it was if the same command is given again; until it is
complete it is in OUT_DIR.partial, and OUT_DIR is not there. Images in CMYK, and files of other types
that are named as JPEG, are stored as JPEG in RGB. Images that cannot be read are left out and
reported, with exit code 1.
)";

// Encoded images are small, and there are many while a disk writes what came before.
constexpr size_t kWaitingPerThread = 128;

constexpr char kSkippedSuffix[] = "_skipped.txt", kRepairedSuffix[] = "_repaired.txt";

struct Parts {
  bool train = false, validation = false;
  /// Of their databases.
  std::vector<const char*> names() const {
    std::vector<const char*> names;
    if (train) names.push_back(kTrainName);
    if (validation) names.push_back(kTestName);
    return names;
  }
};

Parts PartsOfFlags() {
  Parts parts;
  for (const std::string& name : cli::SplitList(FLAGS_parts)) {
    Require(name == "train" || name == "val", "--parts is '", FLAGS_parts,
            "'. Give train,val, train or val.");
    (name == "train" ? parts.train : parts.validation) = true;
  }
  return parts;
}

void CheckFlags() {
  Require(FLAGS_resize_short_side >= 0, "--resize_short_side is ", FLAGS_resize_short_side,
          ". Give 0 or more.");
  Require(FLAGS_jpeg_quality >= 1 && FLAGS_jpeg_quality <= 100, "--jpeg_quality is ",
          FLAGS_jpeg_quality, ". Give 1 to 100.");
  Require(FLAGS_seed >= 0, "--seed is ", FLAGS_seed, ". Give 0 or more.");
  ThreadsOf(FLAGS_threads);
}

ImageConversion ConversionOfFlags() {
  return {.rgb = true,
          .short_side = FLAGS_resize_short_side,
          .encoded = true,
          .encode_type = "jpg",
          .reencode = FLAGS_reencode,
          .repair = true,
          .jpeg_quality = FLAGS_jpeg_quality};
}

/// What the records depend on, apart from the images and their order.
std::vector<std::string> ConversionOptions() {
  return {"--resize_short_side=" + std::to_string(FLAGS_resize_short_side),
          std::string("--reencode=") + (FLAGS_reencode ? "true" : "false"),
          "--jpeg_quality=" + std::to_string(FLAGS_jpeg_quality)};
}

std::vector<std::string> OrderOptions() {
  if (!FLAGS_shuffle) return {"--noshuffle"};
  return {"--shuffle", "--seed=" + std::to_string(FLAGS_seed)};
}

ImagenetPaths PathsOf(const std::string& folder, const Parts& parts) {
  ImagenetPaths paths{FLAGS_train, FLAGS_val, FLAGS_val_labels, FLAGS_devkit};
  FindImagenet(folder, &paths);
  Require(!parts.train || !paths.train.empty(), "There are no training images in ", folder,
          ", neither ILSVRC2012_img_train.tar nor train. Give them with --train, or convert the "
          "validation images alone with --parts val.");
  Require(!parts.validation || !paths.validation.empty(), "There are no validation images in ",
          folder,
          ", neither ILSVRC2012_img_val.tar nor val. Give them with --val, or convert the "
          "training images alone with --parts train.");
  if (!parts.validation) paths.validation = paths.list = paths.devkit = "";
  return paths;
}

/// A database to make.
struct Part {
  std::string name;
  ImageSet set;
  std::vector<std::string> options, sources;
};

/// The images that an earlier run has found, or else those that `list` finds.
ImageSet RememberedSet(const AtomicOutput& output, const std::string& name,
                       const std::function<ImageSet()>& list) {
  const std::filesystem::path path = output.note_path(name + ".images");
  if (std::filesystem::exists(path)) return LoadImageSet(path);
  ImageSet set = list();
  CheckNames(set.images);
  SaveImageSet(set, path);
  return set;
}

/// The classes where there are no training images to tell them.
std::vector<std::string> ClassesForValidation(const ImagenetPaths& paths) {
  if (!paths.train.empty()) return TrainingClasses(paths.train);
  if (!paths.devkit.empty()) return ReadDevkit(paths.devkit).SortedWnids();
  std::error_code ignored;
  Require(std::filesystem::is_directory(paths.validation, ignored) && paths.list.empty(),
          "Which classes there are is not known: name a file of them with --labels, or the "
          "development kit with --devkit.");
  return TrainingClasses(paths.validation);
}

std::vector<Part> ListParts(const Parts& wanted, const ImagenetPaths& paths,
                            const AtomicOutput& output) {
  std::vector<std::string> classes =
      FLAGS_labels.empty() ? std::vector<std::string>() : ReadClassNames(FLAGS_labels);
  std::vector<Part> parts;
  if (wanted.train) {
    LOG_IF(INFO, !output.resumed()) << "Listing the images of " << paths.train;
    ImageSet set = RememberedSet(output, kTrainName, [&] {
      ImageSet listed = TrainingImages(paths.train, classes);
      if (FLAGS_shuffle) ShuffleImages(&listed.images, static_cast<uint64_t>(FLAGS_seed));
      return listed;
    });
    classes = set.classes;
    parts.push_back({kTrainName, std::move(set), OrderOptions(), {paths.train}});
  }
  if (wanted.validation) {
    ImageSet set = RememberedSet(output, kTestName, [&] {
      if (classes.empty()) classes = ClassesForValidation(paths);
      return ValidationImages(paths, classes);
    });
    std::vector<std::string> sources{paths.validation};
    const std::string& labels = paths.list.empty() ? paths.devkit : paths.list;
    if (!labels.empty()) sources.push_back(labels);
    parts.push_back({kTestName, std::move(set), {}, std::move(sources)});
  }
  for (Part& part : parts) {
    for (const std::string& option : ConversionOptions()) part.options.push_back(option);
  }
  return parts;
}

ConvertedImages ConvertPart(const Part& part, AtomicOutput* output) {
  ConversionNotes notes(output, part.name);
  LOG(INFO) << part.name << ": " << part.set.images.size() << " images, of which " << notes.next()
            << " are done";
  DatasetWriter writer(*output, part.name,
                       {.tool = "convert_imagenet",
                        .options = part.options,
                        .sources = part.sources,
                        .channel_order = "RGB",
                        .classes = part.set.classes});
  RateLog log(part.name);
  const uint64_t total = part.set.images.size();
  ConvertedImages converted =
      ConvertImages(part.set, ConversionOfFlags(),
                    {.threads = ThreadsOf(FLAGS_threads),
                     .waiting = kWaitingPerThread,
                     .progress = [&](uint64_t records) { log.Update(records, total); }},
                    &writer, &notes);
  const ImageRemarks& remarks = converted.remarks;
  const auto write = [&](const std::vector<ImageRemark>& list, const std::string& suffix) {
    if (!list.empty()) WriteLines(ListLines(list), output->path(part.name + suffix));
  };
  write(remarks.problems, kSkippedSuffix);
  write(remarks.repairs, kRepairedSuffix);
  return converted;
}

void Print(const Part& part, const ConvertedImages& converted, const AtomicOutput& output) {
  const uint64_t made = converted.count - converted.resumed;
  std::cout << output.final_path(part.name).string() << ": " << converted.count << " images of "
            << part.set.classes.size() << " classes";
  if (made > 0) {
    std::cout << "; " << std::fixed << std::setprecision(1)
              << static_cast<double>(made) / converted.seconds << " images/s";
  }
  if (converted.resumed > 0) std::cout << ", " << converted.resumed << " were there already";
  const size_t repaired = converted.remarks.repairs.size();
  if (repaired > 0) {
    std::cout << "; " << repaired << " repaired, as listed in "
              << output.final_path(part.name + kRepairedSuffix).string();
  }
  std::cout << std::endl;
}

/// Converts all parts and puts them into place. Returns what is to be said about images that could
/// not be read.
std::string Convert(const Parts& wanted, const ImagenetPaths& paths, AtomicOutput* output) {
  const std::vector<Part> parts = ListParts(wanted, paths, *output);
  std::vector<ConvertedImages> converted;
  for (const Part& part : parts) converted.push_back(ConvertPart(part, output));
  output->Commit();
  std::string complaint;
  for (size_t i = 0; i < parts.size(); ++i) {
    Print(parts[i], converted[i], *output);
    const std::vector<ImageRemark>& problems = converted[i].remarks.problems;
    if (problems.empty()) continue;
    complaint += (complaint.empty() ? "" : "\n") +
                 UnreadableText(problems, parts[i].set.images.size(), parts[i].name,
                                output->final_path(parts[i].name + kSkippedSuffix).string());
  }
  return complaint;
}

/// What the output depends on.
std::string Key(const Parts& wanted, const ImagenetPaths& paths) {
  std::vector<std::string> options = ConversionOptions(), inputs;
  for (const std::string& option : OrderOptions()) options.push_back(option);
  for (const char* part : wanted.names()) options.push_back(part);
  for (const std::string& input :
       {paths.train, paths.validation, paths.list, paths.devkit, FLAGS_labels}) {
    if (!input.empty()) inputs.push_back(input);
  }
  return InputKey("convert_imagenet", options, inputs);
}

std::vector<std::string> OutputNames(const Parts& wanted) {
  std::vector<std::string> names;
  for (const std::string part : wanted.names()) {
    names.push_back(part + kSkippedSuffix);
    names.push_back(part + kRepairedSuffix);
    for (const std::string& name : DatasetWriter::Names(part)) names.push_back(name);
  }
  return names;
}

int Run(const std::vector<std::string>& arguments) {
  Require(arguments.size() == 2, "Wanted IN_DIR and OUT_DIR, found ", arguments.size(),
          " argument(s). See --help.");
  CheckFlags();
  const Parts wanted = PartsOfFlags();
  const ImagenetPaths paths = PathsOf(arguments[0], wanted);
  AtomicOutput output(arguments[1], OutputNames(wanted), FLAGS_force,
                      {.key = Key(wanted, paths), .restart = FLAGS_restart});
  std::string complaint;
  GoOnLater(output, [&] { complaint = Convert(wanted, paths, &output); });
  Require(complaint.empty(), complaint);
  return 0;
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) {
  return caffe::ToolMain(argc, argv, caffe::kUsage, caffe::Run, google::GLOG_INFO);
}
