#ifndef CAFFE_LAYER_NORM_LAYER_HPP_
#define CAFFE_LAYER_NORM_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/layers/layer_norm_kernels.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Normalises over all axes from `axis` (default: the last) on, for each index of the axes before
/// them by itself: y = (x - mean) / sqrt(variance + eps), times a learned scale plus a learned
/// shift for each element unless affine is false. The variance is the biased one. Blobs: scale and
/// shift, both of the shape of the normalised axes. Source: Ba et al. 2016.
template <typename Dtype>
class LayerNormLayer : public Layer<Dtype> {
 public:
  explicit LayerNormLayer(const LayerParameter& param) : Layer<Dtype>(param) {}
  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "LayerNorm"; }
  int ExactNumBottomBlobs() const override { return 1; }
  int ExactNumTopBlobs() const override { return 1; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;
  void Backward_gpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

 private:
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  template <class Device>
  void BackwardOn(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                  const vector<Blob<Dtype>*>& bottom);

  RowShape shape_{};
  vector<int> normalized_shape_;
  Dtype eps_ = 0;
  bool affine_ = true;
  Blob<Dtype> mean_;
  Blob<Dtype> inverse_deviation_;
  Blob<Dtype> row_means_;    // scratch, [2, rows]
  Blob<Dtype> column_sums_;  // scratch, [2, blocks of rows, columns]
};

}  // namespace caffe

#endif  // CAFFE_LAYER_NORM_LAYER_HPP_
