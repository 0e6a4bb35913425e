#ifndef CAFFE_MATMUL_LAYER_HPP_
#define CAFFE_MATMUL_LAYER_HPP_

#include <vector>

#include "caffe/blob.hpp"
#include "caffe/device/gemm_batched.hpp"
#include "caffe/layer.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// top = op(a) op(b), matrix products over the last two axes of two bottoms: op(a) is M x K, op(b)
/// K x N, where op transposes if transpose_a, transpose_b say so. The axes before them are a batch.
/// They are aligned at the end; where one bottom has 1, or no such axis, its matrices serve all
/// indices of the other.
template <typename Dtype>
class MatMulLayer : public Layer<Dtype> {
 public:
  explicit MatMulLayer(const LayerParameter& param) : Layer<Dtype>(param) {}
  void Reshape(const vector<Blob<Dtype>*>& bottom, const vector<Blob<Dtype>*>& top) override;

  const char* type() const override { return "MatMul"; }
  int ExactNumBottomBlobs() const override { return 2; }
  int ExactNumTopBlobs() const override { return 1; }

  int64_t MultiplyAdds(const vector<Blob<Dtype>*>&, const vector<Blob<Dtype>*>&) const override {
    return int64_t(a_index_.size()) * size_.m * size_.n * size_.k;
  }

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
  void SetBatch(const vector<int>& a, const vector<int>& b, vector<int>* top);

  /// Matrices of one array, and which of them takes part in product i.
  template <typename T>
  struct Matrices {
    T* data;
    int rows, columns;
    const vector<int>* index;
    bool transpose;
  };
  template <typename T>
  static Matrices<T> Transposed(Matrices<T> m) {
    m.transpose = !m.transpose;
    return m;
  }
  /// c_i += a_i b_i for all products, where matrices of c may repeat; else c_i = a_i b_i.
  template <class Device>
  void Multiply(ProductSize size, Matrices<const Dtype> a, Matrices<const Dtype> b,
                Matrices<Dtype> c) const;

  ProductSize size_{};
  bool transpose_a_ = false;
  bool transpose_b_ = false;
  /// For each product, the number of its matrix in each array.
  vector<int> a_index_, b_index_, top_index_;
};

}  // namespace caffe

#endif  // CAFFE_MATMUL_LAYER_HPP_
