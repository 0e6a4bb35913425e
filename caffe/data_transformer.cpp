#include "caffe/data_transformer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/core/core.hpp>

#include "caffe/util/io.hpp"
#include "caffe/util/math_functions.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

namespace {

/// What is drawn for an image; the value is the draw's place in the image's random sequence.
/// Appending is fine, renumbering changes what a seed means.
enum Drawn { kMirror = 0, kTop = 1, kLeft = 2, kRotation = 3, kBox = 4 };

/// Tries at a random box before the largest allowed one in the centre is taken.
constexpr int kBoxTries = 10;

/// Draws that are a pure function of `draws`.
auto DrawFrom(const Philox& draws) {
  return [draws](int what, int n) { return static_cast<int>(draws.u32(what) % n); };
}

template <typename Draw>
double Uniform(const Draw& draw, int what) {
  return draw(what, 1 << 24) * 0x1p-24;
}

template <typename Dtype>
ImageView<Dtype> PlanarView(const Dtype* data, int channels, ImageSize size) {
  return {data,       channels, size.height, size.width, ptrdiff_t(size.height) * size.width,
          size.width, 1};
}

void CheckPixels(const Datum& datum) {
  const int channels = datum.channels(), height = datum.height(), width = datum.width();
  Require(channels > 0 && height > 0 && width > 0, "The datum has the shape ", channels, "x",
          height, "x", width, " (channels x height x width); all must be above 0.");
  const int64_t wanted = int64_t(channels) * height * width;
  const bool is_bytes = !datum.data().empty();
  const int64_t found = is_bytes ? int64_t(datum.data().size()) : datum.float_data_size();
  Require(found == wanted, "The datum has ", found, is_bytes ? " bytes of pixels" : " float values",
          ", its shape ", channels, "x", height, "x", width, " needs ", wanted, ".");
}

}  // namespace

template <typename Dtype>
DataTransformer<Dtype>::DataTransformer(const TransformationParameter& param, Phase phase)
    : param_(param), phase_(phase) {
  CheckTransformationParameter(param_);
  mean_values_.assign(param_.mean_value().begin(), param_.mean_value().end());
  if (param_.has_mean_file()) ReadMeanFile();
}

template <typename Dtype>
void DataTransformer<Dtype>::ReadMeanFile() {
  const string& file = param_.mean_file();
  LOG_IF(INFO, Caffe::root_solver()) << "Loading mean file from: " << file;
  BlobProto proto;
  ReadProtoFromBinaryFileOrDie(file, &proto);
  data_mean_.FromProto(proto);
  Require(data_mean_.num_axes() == 4 && data_mean_.num() == 1, "mean_file ", file,
          " holds a blob of shape ", ShapeText(data_mean_.shape()),
          "; wanted 1 x channels x height x width.");
  mean_image_ = data_mean_.cpu_data();
  const int plane = data_mean_.height() * data_mean_.width();
  for (int c = 0; c < data_mean_.channels(); ++c) {
    const Dtype* first = mean_image_ + c * plane;
    mean_of_channel_.push_back(std::accumulate(first, first + plane, Dtype(0)) / plane);
  }
}

template <typename Dtype>
void DataTransformer<Dtype>::InitRand() {
  const bool needs_rand =
      param_.mirror() ||
      (phase_ == TRAIN && (param_.crop_size() > 0 || param_.rotation() > 0 || UsesRandomBox()));
  if (needs_rand) {
    rng_.reset(new Caffe::RNG((*caffe_rng())()));
  } else {
    rng_.reset();
  }
}

template <typename Dtype>
int DataTransformer<Dtype>::Rand(int n) {
  Require(rng_ != nullptr, "A random transformation was asked before InitRand() was called.");
  Require(n > 0, "A random number below ", n, " was asked.");
  return static_cast<int>((*static_cast<rng_t*>(rng_->generator()))() % n);
}

template <typename Dtype>
bool DataTransformer<Dtype>::IsEncoded(const Datum& datum) const {
  if (!datum.encoded() && (param_.force_color() || param_.force_gray())) {
    LOG_EVERY_N(ERROR, 1000) << "force_color and force_gray only work on encoded datums";
  }
  return datum.encoded();
}

template <typename Dtype>
cv::Mat DataTransformer<Dtype>::Decode(const Datum& datum) const {
  Require(!param_.force_color() || !param_.force_gray(),
          "transform_param: force_color and force_gray are both set. Set one of them.");
  const bool forced = param_.force_color() || param_.force_gray();
  const cv::Mat image =
      forced ? DecodeDatumToCVMat(datum, param_.force_color()) : DecodeDatumToCVMatNative(datum);
  Require(image.depth() == CV_8U,
          "The encoded image has more than 8 bits a channel. Convert it to 8 bits.");
  return image;
}

template <typename Dtype>
ImageSize DataTransformer<Dtype>::ResizedSize(ImageSize image) const {
  if (param_.new_height() == 0) return image;
  return {static_cast<int>(param_.new_height()), static_cast<int>(param_.new_width())};
}

template <typename Dtype>
ImageSize DataTransformer<Dtype>::OutputSize(ImageSize image) const {
  const int crop = static_cast<int>(param_.crop_size());
  const ImageSize resized = ResizedSize(image);
  if (crop == 0) return resized;
  if (!UsesRandomBox()) {
    const int pad = phase_ == TRAIN ? static_cast<int>(param_.pad()) : 0;
    Require(crop <= resized.height + 2 * pad && crop <= resized.width + 2 * pad, "The image is ",
            resized.height, "x", resized.width, " (height x width)",
            pad > 0 ? " with a border of " + std::to_string(pad) : "", ", smaller than crop_size ",
            crop, ". Use a smaller crop_size, or set new_height and new_width.");
  }
  return {crop, crop};
}

template <typename Dtype>
vector<int> DataTransformer<Dtype>::OutputShape(int channels, ImageSize image) const {
  const ImageSize output = OutputSize(image);
  return {1, channels, output.height, output.width};
}

template <typename Dtype>
vector<ChannelValues<Dtype>> DataTransformer<Dtype>::Normalisation(int channels,
                                                                   ImageSize resized) const {
  const auto check_number = [channels](int found, const char* what) {
    Require(found <= 1 || found == channels, "transform_param: ", found, " values of ", what,
            " for images of ", channels, " channels. Give one, or one for each channel.");
  };
  check_number(static_cast<int>(mean_values_.size()), "mean_value");
  check_number(param_.std_value_size(), "std_value");
  if (mean_image_ != nullptr) {
    Require(data_mean_.channels() == channels && data_mean_.height() == resized.height &&
                data_mean_.width() == resized.width,
            "mean_file ", param_.mean_file(), " is of ", data_mean_.channels(), "x",
            data_mean_.height(), "x", data_mean_.width(), ", the image before the crop is of ",
            channels, "x", resized.height, "x", resized.width,
            " (channels x height x width). Use the mean of these images, or mean_value.");
  }
  const auto value_of = [](const auto& values, int c) {
    const int size = static_cast<int>(values.size());
    return static_cast<Dtype>(size > 1 ? values[c] : values[0]);
  };
  const Dtype scale = param_.scale();
  vector<ChannelValues<Dtype>> channel(channels);
  for (int c = 0; c < channels; ++c) {
    if (mean_image_ != nullptr) channel[c].mean = mean_of_channel_[c];
    if (!mean_values_.empty()) channel[c].mean = value_of(mean_values_, c);
    channel[c].multiplier =
        param_.std_value_size() == 0 ? scale : scale / value_of(param_.std_value(), c);
    channel[c].fill = (Dtype(0) - channel[c].mean) * channel[c].multiplier;
  }
  return channel;
}

template <typename Dtype>
template <typename Draw>
ImageBox DataTransformer<Dtype>::RandomBox(ImageSize image, ImageSize output,
                                           const Draw& draw) const {
  const RandomResizedCropParameter& crop = param_.random_resized_crop_param();
  const double area = double(image.height) * image.width;
  const double log_min = std::log(crop.min_ratio()), log_max = std::log(crop.max_ratio());
  for (int i = 0; i < kBoxTries; ++i) {
    const int first = kBox + 4 * i;
    const double share =
        crop.min_scale() + (crop.max_scale() - crop.min_scale()) * Uniform(draw, first);
    const double ratio = std::exp(log_min + (log_max - log_min) * Uniform(draw, first + 1));
    const int width = static_cast<int>(std::lround(std::sqrt(area * share * ratio)));
    const int height = static_cast<int>(std::lround(std::sqrt(area * share / ratio)));
    if (width > 0 && height > 0 && width <= image.width && height <= image.height) {
      const int top = draw(first + 2, image.height - height + 1);
      return {top, draw(first + 3, image.width - width + 1), height, width};
    }
  }
  const double ratio = std::clamp(double(image.width) / image.height, double(crop.min_ratio()),
                                  double(crop.max_ratio()));
  const int width = std::clamp<int>(std::lround(image.height * ratio), 1, image.width);
  const int height = std::clamp<int>(std::lround(image.width / ratio), 1, image.height);
  return {(image.height - height) / 2, (image.width - width) / 2, height, width};
}

template <typename Dtype>
template <typename Draw>
ImagePlacement DataTransformer<Dtype>::Place(ImageSize image, const Draw& draw) const {
  ImagePlacement place;
  place.output = OutputSize(image);
  place.mirror = param_.mirror() && draw(kMirror, 2) == 1;
  if (UsesRandomBox()) {
    place.box = RandomBox(image, place.output, draw);
    place.resized = place.output;
  } else {
    place.box = {0, 0, image.height, image.width};
    place.resized = ResizedSize(image);
    if (param_.crop_size() > 0) {
      const int pad = phase_ == TRAIN ? static_cast<int>(param_.pad()) : 0;
      const int room_y = place.resized.height + 2 * pad - place.output.height;
      const int room_x = place.resized.width + 2 * pad - place.output.width;
      place.top = (phase_ == TRAIN ? draw(kTop, room_y + 1) : room_y / 2) - pad;
      place.left = (phase_ == TRAIN ? draw(kLeft, room_x + 1) : room_x / 2) - pad;
    }
  }
  if (phase_ == TRAIN && param_.rotation() > 0) {
    place.rotation = static_cast<float>((2 * Uniform(draw, kRotation) - 1) * param_.rotation());
  }
  return place;
}

template <typename Dtype>
template <typename Pixel, typename Draw>
void DataTransformer<Dtype>::TransformView(const ImageView<Pixel>& image, const Draw& draw,
                                           Dtype* out) const {
  const ImagePlacement place = Place({image.height, image.width}, draw);
  const vector<ChannelValues<Dtype>> channel = Normalisation(image.channels, place.resized);
  PlaceImage(image, place, channel.data(), mean_image_, out);
}

template <typename Dtype>
template <typename Draw>
void DataTransformer<Dtype>::TransformMat(const cv::Mat& image, const Draw& draw,
                                          Dtype* out) const {
  Require(image.depth() == CV_8U, "An image must have unsigned bytes; this one has OpenCV's depth ",
          image.depth(), ".");
  Require(!image.empty(), "The image is empty.");
  const bool reversed = param_.rgb() && image.channels() > 1;
  Require(!reversed || image.channels() == 3, "transform_param: rgb is set, but an image has ",
          image.channels(), " channels. Set force_color too, which makes them three.");
  const ImageView<uint8_t> view{image.ptr<uint8_t>() + (reversed ? 2 : 0),
                                image.channels(),
                                image.rows,
                                image.cols,
                                reversed ? -1 : 1,
                                static_cast<ptrdiff_t>(image.step[0]),
                                image.channels()};
  TransformView(view, draw, out);
}

template <typename Dtype>
template <typename Draw>
void DataTransformer<Dtype>::TransformDatum(const Datum& datum, const Draw& draw,
                                            Dtype* out) const {
  CheckPixels(datum);
  const ImageSize size{datum.height(), datum.width()};
  if (!datum.data().empty()) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(datum.data().data());
    TransformView(PlanarView(bytes, datum.channels(), size), draw, out);
  } else {
    TransformView(PlanarView(datum.float_data().data(), datum.channels(), size), draw, out);
  }
}

template <typename Dtype>
void DataTransformer<Dtype>::CheckShape(int channels, ImageSize size,
                                        const vector<int>& wanted) const {
  const vector<int> found = OutputShape(channels, size);
  if (wanted.size() == 4) {
    // The one difference of channels that a setting mends, so resizing is no advice here.
    const auto [fewer, more] = std::minmax(found[1], wanted[1]);
    Require(
        fewer != 1 || more != 3, "The image has ", found[1],
        " channel(s), the batch, from its "
        "first image, expects ",
        wanted[1],
        ": grey and colour images are mixed. Set "
        "transform_param { force_color: true } to make all of them colour, or force_gray: true; "
        "both work on encoded images only. Convert raw ones again, all grey or all colour.");
  }
  Require(wanted.size() == 4 && std::equal(found.begin() + 1, found.end(), wanted.begin() + 1),
          "The image is of ", channels, "x", size.height, "x", size.width,
          " (channels x height x width) and gives ", found[1], "x", found[2], "x", found[3],
          " values; the batch, from its first image, wants ",
          ShapeText({wanted.begin() + 1, wanted.end()}),
          ". All images of a batch must agree: resize them, or use crop_size, or new_height and "
          "new_width, or batch_size 1.");
}

template <typename Dtype>
void DataTransformer<Dtype>::Transform(const cv::Mat& image, const Philox& draws,
                                       const vector<int>& shape, Dtype* out) const {
  CheckShape(image.channels(), {image.rows, image.cols}, shape);
  TransformMat(image, DrawFrom(draws), out);
}

template <typename Dtype>
void DataTransformer<Dtype>::Transform(const Datum& datum, const Philox& draws,
                                       const vector<int>& shape, Dtype* out) const {
  const auto draw = DrawFrom(draws);
  const bool encoded = IsEncoded(datum);
  const cv::Mat image = encoded ? Decode(datum) : cv::Mat();
  if (!encoded) CheckPixels(datum);
  const int channels = encoded ? image.channels() : datum.channels();
  const ImageSize size =
      encoded ? ImageSize{image.rows, image.cols} : ImageSize{datum.height(), datum.width()};
  CheckShape(channels, size, shape);
  if (encoded) {
    TransformMat(image, draw, out);
  } else {
    TransformDatum(datum, draw, out);
  }
}

template <typename Dtype>
void DataTransformer<Dtype>::Transform(const Datum& datum, Dtype* transformed_data) {
  TransformDatum(
      datum, [this](int, int n) { return Rand(n); }, transformed_data);
}

template <typename Dtype>
void DataTransformer<Dtype>::CheckRoom(const vector<int>& shape, const Blob<Dtype>& blob) const {
  Require(blob.num_axes() == 4 && blob.shape(0) >= shape[0] &&
              std::equal(shape.begin() + 1, shape.end(), blob.shape().begin() + 1),
          "Transformed images of shape ", ShapeText(shape), " do not fit a blob of shape ",
          ShapeText(blob.shape()), ". Shape it with InferBlobShape.");
}

template <typename Dtype>
void DataTransformer<Dtype>::Transform(const Datum& datum, Blob<Dtype>* transformed_blob) {
  if (IsEncoded(datum)) {
    Transform(Decode(datum), transformed_blob);
    return;
  }
  CheckPixels(datum);
  CheckRoom(OutputShape(datum.channels(), {datum.height(), datum.width()}), *transformed_blob);
  Transform(datum, transformed_blob->mutable_cpu_data());
}

template <typename Dtype>
void DataTransformer<Dtype>::Transform(const cv::Mat& cv_img, Blob<Dtype>* transformed_blob) {
  CheckRoom(OutputShape(cv_img.channels(), {cv_img.rows, cv_img.cols}), *transformed_blob);
  TransformMat(
      cv_img, [this](int, int n) { return Rand(n); }, transformed_blob->mutable_cpu_data());
}

template <typename Dtype>
void DataTransformer<Dtype>::Transform(const vector<Datum>& datum_vector,
                                       Blob<Dtype>* transformed_blob) {
  CheckRoom(InferBlobShape(datum_vector), *transformed_blob);
  vector<int> shape = transformed_blob->shape();
  shape[0] = 1;
  Blob<Dtype> one(shape);
  for (size_t i = 0; i < datum_vector.size(); ++i) {
    one.set_cpu_data(transformed_blob->mutable_cpu_data() + one.count() * i);
    Transform(datum_vector[i], &one);
  }
}

template <typename Dtype>
void DataTransformer<Dtype>::Transform(const vector<cv::Mat>& mat_vector,
                                       Blob<Dtype>* transformed_blob) {
  CheckRoom(InferBlobShape(mat_vector), *transformed_blob);
  vector<int> shape = transformed_blob->shape();
  shape[0] = 1;
  Blob<Dtype> one(shape);
  for (size_t i = 0; i < mat_vector.size(); ++i) {
    one.set_cpu_data(transformed_blob->mutable_cpu_data() + one.count() * i);
    Transform(mat_vector[i], &one);
  }
}

template <typename Dtype>
void DataTransformer<Dtype>::Transform(Blob<Dtype>* input_blob, Blob<Dtype>* transformed_blob) {
  const int number = input_blob->num(), channels = input_blob->channels();
  const ImageSize size{input_blob->height(), input_blob->width()};
  vector<int> shape = OutputShape(channels, size);
  shape[0] = number;
  if (transformed_blob->count() == 0) transformed_blob->Reshape(shape);
  CheckRoom(shape, *transformed_blob);
  const ImagePlacement place = Place(size, [this](int, int n) { return Rand(n); });
  vector<ChannelValues<Dtype>> channel = Normalisation(channels, place.resized);
  const int plane = size.height * size.width, count = channels * plane;
  Require(mean_image_ == nullptr || plane == data_mean_.height() * data_mean_.width(),
          "A blob cannot be resized and have a mean_file. Use mean_value.");
  Dtype* input = input_blob->mutable_cpu_data();
  for (int n = 0; n < number; ++n) {
    for (int i = 0; i < count; ++i) {
      input[n * count + i] -= mean_image_ != nullptr ? mean_image_[i] : channel[i / plane].mean;
    }
  }
  for (auto& values : channel) values.mean = 0;
  Dtype* output = transformed_blob->mutable_cpu_data();
  for (int n = 0; n < number; ++n) {
    PlaceImage(PlanarView<Dtype>(input + n * count, channels, size), place, channel.data(),
               static_cast<const Dtype*>(nullptr), output + n * transformed_blob->count(1));
  }
}

template <typename Dtype>
vector<int> DataTransformer<Dtype>::InferBlobShape(const Datum& datum) {
  if (datum.encoded()) return InferBlobShape(Decode(datum));
  CheckPixels(datum);
  return OutputShape(datum.channels(), {datum.height(), datum.width()});
}

template <typename Dtype>
vector<int> DataTransformer<Dtype>::InferBlobShape(const vector<Datum>& datum_vector) {
  Require(!datum_vector.empty(), "There is no datum to transform.");
  vector<int> shape = InferBlobShape(datum_vector[0]);
  shape[0] = static_cast<int>(datum_vector.size());
  return shape;
}

template <typename Dtype>
vector<int> DataTransformer<Dtype>::InferBlobShape(const cv::Mat& cv_img) {
  Require(!cv_img.empty(), "The image is empty.");
  return OutputShape(cv_img.channels(), {cv_img.rows, cv_img.cols});
}

template <typename Dtype>
vector<int> DataTransformer<Dtype>::InferBlobShape(const vector<cv::Mat>& mat_vector) {
  Require(!mat_vector.empty(), "There is no image to transform.");
  vector<int> shape = InferBlobShape(mat_vector[0]);
  shape[0] = static_cast<int>(mat_vector.size());
  return shape;
}

INSTANTIATE_CLASS(DataTransformer);

}  // namespace caffe
