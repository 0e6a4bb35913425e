#ifndef CAFFE_MAP_FACTORS_HPP_
#define CAFFE_MAP_FACTORS_HPP_

#include "caffe/blob.hpp"
#include "caffe/native/block_format.hpp"

namespace caffe {

/// to = from times a factor for each sample, or for each sample and channel, in the layout that the
/// newest values of `from` have.
/// @param part    data or gradients, of both blobs
/// @param factor  one value a sample, or one a sample and channel (axes 0 and 1)
/// @param to      may be `from`
template <class Device, class Dtype>
void ScaleMaps(BlobPart part, const Blob<Dtype>& factor, const Blob<Dtype>& from, Blob<Dtype>* to);

/// to = factor * from; nothing happens where both are the same and the factor is 1.
template <class Device, class Dtype>
void ScaleAll(BlobPart part, Dtype factor, const Blob<Dtype>& from, Blob<Dtype>* to);

}  // namespace caffe

#endif  // CAFFE_MAP_FACTORS_HPP_
