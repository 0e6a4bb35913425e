#ifndef CAFFE_IMAGE_DATA_LAYER_HPP_
#define CAFFE_IMAGE_DATA_LAYER_HPP_

#include <string>
#include <vector>

#include "caffe/layers/base_data_layer.hpp"
#include "caffe/util/image_list.hpp"
#include "caffe/util/sample_order.hpp"

namespace cv {
class Mat;
}

namespace caffe {

/// Reads the image files that a list names, see ReadImageList, and their labels.
///
/// Tops: data, batch_size x channels x height x width, and labels, batch_size. Channels are B G R,
/// or one for is_color: false.
///
/// Samples are numbered, ordered, shuffled, augmented and shared among solvers as those of a Data
/// layer; rand_skip s makes a number below s, drawn from the seed, the first one. Batches are read
/// ahead as data_param { prefetch decode_threads } says.
///
/// An unreadable image throws Error from Forward, with the list's path and line.
template <typename Dtype>
class ImageDataLayer : public BasePrefetchingDataLayer<Dtype> {
 public:
  explicit ImageDataLayer(const LayerParameter& param) : BasePrefetchingDataLayer<Dtype>(param) {}
  ~ImageDataLayer() override { this->StopInternalThread(); }
  void DataLayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "ImageData"; }
  int ExactNumBottomBlobs() const override { return 0; }
  int ExactNumTopBlobs() const override { return 2; }

  /// progress() is the number of the next sample. set_progress takes the seed anew, from
  /// Caffe::random_seed().
  void set_progress(uint64_t position) override;
  uint64_t num_samples() const override { return lines_.size(); }

 protected:
  void load_batch(Batch<Dtype>* batch) override;

  vector<ListedImage> lines_;
  /// The next sample's number.
  uint64_t lines_id_ = 0;

 private:
  uint64_t SkippedSamples() const;
  /// Calls f(image) for a line's image. Throws Error that names the line.
  template <typename F>
  void WithImage(const ListedImage& line, const F& f) const;
  const ListedImage& LineOf(uint64_t sample) { return lines_[order_.RecordOf(sample)]; }

  SampleOrder order_;
};

}  // namespace caffe

#endif  // CAFFE_IMAGE_DATA_LAYER_HPP_
