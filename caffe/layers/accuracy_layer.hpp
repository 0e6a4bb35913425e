#ifndef CAFFE_ACCURACY_LAYER_HPP_
#define CAFFE_ACCURACY_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/layer.hpp"
#include "caffe/layers/labels.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Share of items whose label (bottom 1) is among the top_k largest scores (bottom 0) along
/// `axis`. Ties count against the prediction. Items with ignore_label are left out. Top 1, if
/// there, has the accuracy of each class, 0 for classes without items. No gradient.
///
/// On the CPU a label that is no class throws Error; on a GPU it counts as wrong.
template <typename Dtype>
class AccuracyLayer : public Layer<Dtype> {
 public:
  explicit AccuracyLayer(const LayerParameter& param) : Layer<Dtype>(param) {}

  void LayerSetUp(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "Accuracy"; }
  int ExactNumBottomBlobs() const override { return 2; }
  int MinTopBlobs() const override { return 1; }
  int MaxTopBlobs() const override { return 2; }

 protected:
  void Forward_cpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  void Forward_gpu(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;
  /// Throws Error if a gradient is asked for.
  void Backward_cpu(const vector<Blob<Dtype>*>& top, const vector<bool>& propagate_down,
                    const vector<Blob<Dtype>*>& bottom) override;

  int label_axis_, outer_num_, inner_num_;
  int top_k_;
  bool has_ignore_label_;
  int ignore_label_;
  /// Number of items of each class, if there is a top 1.
  Blob<Dtype> nums_buffer_;

 private:
  template <class Device>
  void ForwardOn(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top);
  void WarnOfNan(int64_t items, const Dtype* rank);
  IgnoreLabel Ignored() const { return {.given = has_ignore_label_, .label = ignore_label_}; }

  Blob<Dtype> rank_;
  bool warned_of_nan_ = false;
};

}  // namespace caffe

#endif  // CAFFE_ACCURACY_LAYER_HPP_
