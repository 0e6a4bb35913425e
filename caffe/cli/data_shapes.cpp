#include "caffe/cli/data_shapes.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "caffe/cli/arguments.hpp"
#include "caffe/data_transformer.hpp"
#include "caffe/error.hpp"
#include "caffe/util/db.hpp"
#include "caffe/util/nearest_name.hpp"

namespace caffe::cli {

namespace {

using Shape = std::vector<int>;

/// Channels, height and width of a stored image after its transformation, from the first record
/// of the database; nothing if there is no LMDB.
std::optional<Shape> ShapeFromDatabase(const LayerParameter& layer, Phase phase) {
  const DataParameter& data = layer.data_param();
  if (!std::filesystem::exists(data.source() + "/data.mdb")) return std::nullopt;
  const std::unique_ptr<db::DB> database(db::GetDB(DataParameter::LMDB));
  database->Open(data.source(), db::READ);
  const std::unique_ptr<db::Cursor> cursor(database->NewCursor());
  Datum datum;
  Require(cursor->valid() && datum.ParseFromString(cursor->value()), "the database '",
          data.source(), "' has no readable first record");
  // Mean and scale do not change the shape, and the mean file need not be there.
  TransformationParameter transform = layer.transform_param();
  transform.clear_mean_file();
  transform.clear_mean_value();
  transform.clear_std_value();
  const Shape shape = DataTransformer<float>(transform, phase).InferBlobShape(datum);
  return Shape(shape.begin() + 1, shape.end());
}

std::optional<Shape> ShapeFromTransformation(const TransformationParameter& transform,
                                             int new_height, int new_width) {
  int channels = 3;
  if (transform.mean_value_size() > 1) {
    channels = transform.mean_value_size();
  } else if (transform.std_value_size() > 1) {
    channels = transform.std_value_size();
  } else if (transform.force_gray()) {
    channels = 1;
  }
  const int crop = transform.crop_size();
  if (crop > 0) return Shape{channels, crop, crop};
  if (new_height > 0 && new_width > 0) return Shape{channels, new_height, new_width};
  return std::nullopt;
}

/// What is known of the images of a layer that brings data.
struct Images {
  int batch = 1;
  /// Channels, height, width.
  std::optional<Shape> image;
  /// Whether nothing but habit says how many channels there are.
  bool guessed_channels = false;
};

bool SaysChannels(const TransformationParameter& transform) {
  return transform.mean_value_size() > 1 || transform.std_value_size() > 1 ||
         transform.force_gray() || transform.force_color();
}

Images DataImages(const LayerParameter& layer, Phase phase) {
  const TransformationParameter& transform = layer.transform_param();
  Images images{static_cast<int>(layer.data_param().batch_size()), ShapeFromDatabase(layer, phase)};
  if (!images.image) {
    images.guessed_channels = !SaysChannels(transform);
    images.image =
        ShapeFromTransformation(transform, transform.new_height(), transform.new_width());
  }
  return images;
}

Images ImageFileImages(const LayerParameter& layer) {
  const ImageDataParameter& data = layer.image_data_param();
  TransformationParameter transform = layer.transform_param();
  if (!data.is_color()) transform.set_force_gray(true);
  return {static_cast<int>(data.batch_size()),
          ShapeFromTransformation(transform, data.new_height(), data.new_width())};
}

Images MemoryImages(const LayerParameter& layer) {
  const MemoryDataParameter& data = layer.memory_data_param();
  return {static_cast<int>(data.batch_size()),
          Shape{static_cast<int>(data.channels()), static_cast<int>(data.height()),
                static_cast<int>(data.width())}};
}

/// The images of a layer that reads a data set; nothing for other types.
std::optional<Images> ImagesOf(const LayerParameter& layer, Phase phase) {
  const string& type = layer.type();
  if (type == "Data") return DataImages(layer, phase);
  if (type == "ImageData") return ImageFileImages(layer);
  if (type == "MemoryData") return MemoryImages(layer);
  if (type == "HDF5Data") return Images{static_cast<int>(layer.hdf5_data_param().batch_size()), {}};
  return std::nullopt;
}

Shape ToShape(const BlobShape& shape) { return Shape(shape.dim().begin(), shape.dim().end()); }

/// The shape that the definition of an Input or DummyData layer gives its i-th top.
std::optional<Shape> GivenShape(const LayerParameter& layer, int i) {
  const auto pick = [i](const auto& list) { return list.Get(list.size() == 1 ? 0 : i); };
  const auto fits = [&](int size) { return size == 1 || i < size; };
  if (layer.type() == "Input") {
    const auto& shapes = layer.input_param().shape();
    if (shapes.empty() || !fits(shapes.size())) return std::nullopt;
    return ToShape(pick(shapes));
  }
  const DummyDataParameter& dummy = layer.dummy_data_param();
  if (dummy.shape_size() > 0 && fits(dummy.shape_size())) return ToShape(pick(dummy.shape()));
  if (dummy.num_size() == 0 || !fits(dummy.num_size()) ||
      dummy.channels_size() != dummy.num_size() || dummy.height_size() != dummy.num_size() ||
      dummy.width_size() != dummy.num_size()) {
    return std::nullopt;
  }
  return Shape{static_cast<int>(pick(dummy.num())), static_cast<int>(pick(dummy.channels())),
               static_cast<int>(pick(dummy.height())), static_cast<int>(pick(dummy.width()))};
}

class Replacer {
 public:
  Replacer(const InputShapes& shapes, Phase phase) : shapes_(shapes), phase_(phase) {}

  void Replace(LayerParameter* layer) {
    std::vector<Shape> tops;
    if (layer->type() == "Input" || layer->type() == "DummyData") {
      for (int i = 0; i < layer->top_size(); ++i) {
        const auto given = GivenShape(*layer, i);
        tops.push_back(Choose(*layer, i, given));
        if (shapes_.batch > 0 && !tops.back().empty()) tops.back()[0] = shapes_.batch;
      }
    } else if (const auto images = ImagesOf(*layer, phase_)) {
      tops = DataTops(*layer, *images);
    } else {
      return;
    }
    LayerParameter input;
    input.set_name(layer->name());
    input.set_type("Input");
    input.set_source_location(layer->source_location());
    *input.mutable_top() = layer->top();
    for (const Shape& shape : tops) {
      BlobShape* dims = input.mutable_input_param()->add_shape();
      for (const int dim : shape) dims->add_dim(dim);
    }
    layer->Swap(&input);
  }

  const std::vector<string>& notes() const { return notes_; }

  /// Throws Error if the user named a blob that no layer brings in.
  void CheckAllUsed() const {
    for (const auto& [name, shape] : shapes_.by_name) {
      Require(used_.count(name) > 0, "--input_shape: the net has no input '", name, "'",
              DidYouMean(name, std::vector<string>(inputs_.begin(), inputs_.end())));
    }
  }

 private:
  std::vector<Shape> DataTops(const LayerParameter& layer, const Images& images) {
    std::optional<Shape> first;
    if (images.image) {
      first = Shape{images.batch};
      first->insert(first->end(), images.image->begin(), images.image->end());
    }
    std::vector<Shape> tops;
    const bool is_given =
        shapes_.by_name.count(layer.top(0)) > 0 || (first_ && shapes_.by_name.count("") > 0);
    if (images.guessed_channels && first && !is_given) {
      notes_.push_back(layer.name() +
                       ": without its data set at hand, 3 channels are a guess; "
                       "--input_shape says what they are");
    }
    for (int i = 0; i < layer.top_size(); ++i) {
      const auto known = i == 0 ? first : std::optional<Shape>(Shape{tops[0][0]});
      tops.push_back(Choose(layer, i, known));
      if (shapes_.batch > 0 && !tops.back().empty()) tops.back()[0] = shapes_.batch;
    }
    return tops;
  }

  /// The user's shape for the i-th top if there is one, else the known one.
  Shape Choose(const LayerParameter& layer, int i, const std::optional<Shape>& known) {
    const string& name = layer.top(i);
    inputs_.insert(name);
    for (const string& key : {name, string(first_ ? "" : name)}) {
      const auto given = shapes_.by_name.find(key);
      if (given == shapes_.by_name.end()) continue;
      used_.insert(key);
      first_ = false;
      return given->second;
    }
    first_ = false;
    if (!known) {
      throw Error(layer.name(), " (", layer.type(), ", ", layer.source_location(),
                  "): the shape of '", name,
                  "' is not known without its data; give it as "
                  "--input_shape=",
                  name, "=<batch>,<channels>,<height>,<width>");
    }
    return *known;
  }

  const InputShapes& shapes_;
  const Phase phase_;
  bool first_ = true;
  std::set<string> inputs_;
  std::set<string> used_;
  std::vector<string> notes_;
};

}  // namespace

InputShapes ParseInputShapes(const std::string& text, int batch) {
  Require(batch >= 0, "--batch is ", batch, ", but must be at least 1");
  InputShapes shapes;
  shapes.batch = batch;
  if (text.empty()) return shapes;
  for (const std::string& part : SplitList(text, ';')) {
    const size_t equals = part.find('=');
    const std::string name = equals == std::string::npos ? "" : part.substr(0, equals);
    Shape shape;
    for (const std::string& dim :
         SplitList(equals == std::string::npos ? part : part.substr(equals + 1))) {
      shape.push_back(ParseInt(dim, "--input_shape: dimension"));
      Require(shape.back() > 0, "--input_shape: dimension ", dim, " must be at least 1");
    }
    shapes.by_name[name] = shape;
  }
  return shapes;
}

std::vector<std::string> ReplaceDataLayers(const InputShapes& shapes, Phase phase,
                                           NetParameter* net) {
  Replacer replacer(shapes, phase);
  for (LayerParameter& layer : *net->mutable_layer()) replacer.Replace(&layer);
  replacer.CheckAllUsed();
  return replacer.notes();
}

}  // namespace caffe::cli
