#ifndef CAFFE_DATA_TRANSFORMER_HPP
#define CAFFE_DATA_TRANSFORMER_HPP

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/common.hpp"
#include "caffe/proto/caffe.pb.h"
#include "caffe/util/image_transform.hpp"
#include "caffe/util/philox.hpp"

namespace caffe {

/// Throws Error for options that contradict each other or lie outside of their range.
void CheckTransformationParameter(const TransformationParameter& param);

/// Turns stored images into a net's input, as a transform_param says:
/// output = (pixel - mean) * scale / std of a resized, cropped, mirrored, turned image.
///
/// Geometry, in this order: resize to new_height x new_width (bilinear), crop_size x crop_size
/// out of the image with a border of `pad` zeros, mirror, turn by up to +-rotation degrees
/// (nearest neighbour, zeros outside). Or, with random_resized_crop_param, a box of random size
/// and shape resized to crop_size (else to new_height x new_width), mirrored, turned. Phase TEST
/// resizes, crops in the centre, and mirrors if `mirror` says so, as Caffe does. A zero pixel is
/// normalised like any other; with a mean_file its mean is the channel's average.
template <typename Dtype>
class DataTransformer {
 public:
  /// Throws Error for options that contradict each other, and for an unreadable mean file.
  explicit DataTransformer(const TransformationParameter& param, Phase phase);
  virtual ~DataTransformer() {}

  /// Seeds the own generator, that the Transforms without `draws` use, from caffe_rng().
  void InitRand();

  /// Transforms one image into a blob of shape (1 or more) x channels x height x width.
  void Transform(const Datum& datum, Blob<Dtype>* transformed_blob);
  void Transform(const cv::Mat& cv_img, Blob<Dtype>* transformed_blob);
  /// Transforms as many images as there are, at most the blob's number.
  void Transform(const vector<Datum>& datum_vector, Blob<Dtype>* transformed_blob);
  void Transform(const vector<cv::Mat>& mat_vector, Blob<Dtype>* transformed_blob);
  /// One draw for the whole blob. The mean is subtracted in the input, in place.
  void Transform(Blob<Dtype>* input_blob, Blob<Dtype>* transformed_blob);

  /// Transforms an image with draws that are a pure function of `draws`. May be called by many
  /// threads at once.
  /// @param shape  of a blob for images such as this (axis 0 does not matter); Error if this
  ///               image gives another
  /// @param out    shape[1] * shape[2] * shape[3] values
  void Transform(const Datum& datum, const Philox& draws, const vector<int>& shape,
                 Dtype* out) const;
  void Transform(const cv::Mat& image, const Philox& draws, const vector<int>& shape,
                 Dtype* out) const;

  /// Shape of the blob that these images fill: number x channels x height x width.
  vector<int> InferBlobShape(const Datum& datum);
  vector<int> InferBlobShape(const vector<Datum>& datum_vector);
  vector<int> InferBlobShape(const vector<cv::Mat>& mat_vector);
  vector<int> InferBlobShape(const cv::Mat& cv_img);

 protected:
  /// A draw from {0, ..., n - 1}.
  virtual int Rand(int n);

  void Transform(const Datum& datum, Dtype* transformed_data);

  TransformationParameter param_;
  shared_ptr<Caffe::RNG> rng_;
  Phase phase_;
  Blob<Dtype> data_mean_;
  vector<Dtype> mean_values_;

 private:
  void ReadMeanFile();
  bool UsesRandomBox() const { return phase_ == TRAIN && param_.has_random_resized_crop_param(); }
  bool IsEncoded(const Datum& datum) const;
  cv::Mat Decode(const Datum& datum) const;
  /// Size after the resize and before the crop.
  ImageSize ResizedSize(ImageSize image) const;
  ImageSize OutputSize(ImageSize image) const;
  vector<int> OutputShape(int channels, ImageSize image) const;
  vector<ChannelValues<Dtype>> Normalisation(int channels, ImageSize resized) const;
  /// @param draw  (what is drawn, n) -> a number from {0, ..., n - 1}
  template <typename Draw>
  ImagePlacement Place(ImageSize image, const Draw& draw) const;
  template <typename Draw>
  ImageBox RandomBox(ImageSize image, ImageSize output, const Draw& draw) const;
  template <typename Pixel, typename Draw>
  void TransformView(const ImageView<Pixel>& image, const Draw& draw, Dtype* out) const;
  template <typename Draw>
  void TransformMat(const cv::Mat& image, const Draw& draw, Dtype* out) const;
  template <typename Draw>
  void TransformDatum(const Datum& datum, const Draw& draw, Dtype* out) const;
  void CheckShape(int channels, ImageSize size, const vector<int>& wanted) const;
  void CheckRoom(const vector<int>& shape, const Blob<Dtype>& blob) const;

  const Dtype* mean_image_ = nullptr;
  vector<Dtype> mean_of_channel_;
};

}  // namespace caffe

#endif  // CAFFE_DATA_TRANSFORMER_HPP
