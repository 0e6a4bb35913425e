#include "caffe/layers/image_data_layer.hpp"

#include <exception>
#include <opencv2/core/core.hpp>

#include "caffe/util/io.hpp"
#include "caffe/util/parallel_for.hpp"

namespace caffe {

template <typename Dtype>
void ImageDataLayer<Dtype>::DataLayerSetUp(const vector<Blob<Dtype>*>& bottom,
                                           const vector<Blob<Dtype>*>& top) {
  const ImageDataParameter& param = this->layer_param_.image_data_param();
  Require(!param.source().empty(),
          "image_data_param: there is no source. Give the path of a list of images.");
  Require(param.batch_size() > 0, "image_data_param: batch_size is 0; it must be above 0.");
  Require((param.new_height() == 0) == (param.new_width() == 0), "image_data_param: new_height is ",
          param.new_height(), " and new_width ", param.new_width(), ". Give both, or neither.");
  lines_ = ReadImageList(param.source());
  LOG_IF(INFO, Caffe::root_solver()) << "A total of " << lines_.size() << " images.";
  order_.Reset(lines_.size(), param.shuffle(), this->layer_param_.name());
  lines_id_ = SkippedSamples();

  vector<int> shape;
  WithImage(LineOf(lines_id_),
            [&](const cv::Mat& image) { shape = this->data_transformer_->InferBlobShape(image); });
  const int batch_size = static_cast<int>(param.batch_size());
  this->transformed_data_.Reshape(shape);
  shape[0] = batch_size;
  top[0]->Reshape(shape);
  top[1]->Reshape({batch_size});
  for (const auto& batch : this->prefetch_) {
    batch->data_.Reshape(shape);
    batch->label_.Reshape({batch_size});
  }
  LOG_IF(INFO, Caffe::root_solver())
      << "output data size: " << shape[0] << "," << shape[1] << "," << shape[2] << "," << shape[3];
}

template <typename Dtype>
uint64_t ImageDataLayer<Dtype>::SkippedSamples() const {
  const uint32_t range = this->layer_param_.image_data_param().rand_skip();
  if (range == 0) return 0;
  const uint64_t key =
      RandomKey(order_.seed(), RandomPurpose::kSequential, NameHash(this->layer_param_.name()));
  const uint64_t skipped = Philox(key, 0).u32(0) % range;
  Require(skipped < lines_.size(), "image_data_param: rand_skip ", range, " skips ", skipped,
          " images, but the list has ", lines_.size(), ".");
  LOG_IF(INFO, Caffe::root_solver()) << "Skipping first " << skipped << " data points.";
  return skipped;
}

template <typename Dtype>
void ImageDataLayer<Dtype>::set_progress(uint64_t position) {
  this->DropBatches(position);
  order_.TakeSeed();
  lines_id_ = position;
  this->StartInternalThread();
}

template <typename Dtype>
template <typename F>
void ImageDataLayer<Dtype>::WithImage(const ListedImage& line, const F& f) const {
  const ImageDataParameter& param = this->layer_param_.image_data_param();
  const string path = param.root_folder() + line.path;
  try {
    const cv::Mat image = ReadImageToCVMat(path, static_cast<int>(param.new_height()),
                                           static_cast<int>(param.new_width()), param.is_color());
    Require(!image.empty(), "cannot read the image '", path,
            "': it is missing, damaged, or of a type that OpenCV does not read");
    f(image);
  } catch (const std::exception& e) {
    throw Error(param.source(), ":", line.line, ": ", e.what());
  }
}

template <typename Dtype>
void ImageDataLayer<Dtype>::load_batch(Batch<Dtype>* batch) {
  const int batch_size = static_cast<int>(this->layer_param_.image_data_param().batch_size());
  vector<uint64_t> samples;
  vector<const ListedImage*> lines;
  for (int i = 0; i < batch_size; ++i) {
    while (!IsOwnSample(this->phase_, lines_id_)) ++lines_id_;
    samples.push_back(lines_id_);
    lines.push_back(&LineOf(lines_id_++));
    LOG_IF(INFO, lines_id_ % order_.records() == 0 && Caffe::root_solver())
        << "Restarting data prefetching from start.";
  }
  batch->next_position_ = EndOfRound(this->phase_, lines_id_);

  cv::Mat first;
  WithImage(*lines[0], [&](const cv::Mat& image) {
    first = image;
    vector<int> shape = this->data_transformer_->InferBlobShape(image);
    shape[0] = batch_size;
    batch->data_.Reshape(shape);
  });
  const vector<int>& shape = batch->data_.shape();
  const int64_t count = batch->data_.count(1);
  Dtype* const pixels = batch->data_.mutable_cpu_data();
  Dtype* const labels = batch->label_.mutable_cpu_data();
  const int threads = static_cast<int>(this->layer_param_.data_param().decode_threads());
  ParallelFor(batch_size, threads, [&](int i) {
    const auto transform = [&](const cv::Mat& image) {
      this->data_transformer_->Transform(image, order_.Augmentation(samples[i]), shape,
                                         pixels + i * count);
    };
    if (i == 0) {
      transform(first);
    } else {
      WithImage(*lines[i], transform);
    }
    labels[i] = lines[i]->label;
  });
}

INSTANTIATE_CLASS(ImageDataLayer);
REGISTER_LAYER_CLASS(ImageData);

}  // namespace caffe
