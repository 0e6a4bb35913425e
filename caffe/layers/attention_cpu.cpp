#include "caffe/layers/attention_cpu.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "caffe/device/gemm_batched.hpp"

// The formulas are those of attention_kernels.cpp, with larger tiles.

namespace caffe {
namespace {

constexpr int kMaxQueries = 128, kMaxKeys = 256;

/// Whether it is worth waking other threads.
bool IsLarge(const AttentionShape& s) { return s.num * s.queries * s.keys * s.width() > (1 << 15); }

/// Blocks of nearly equal size.
struct Blocks {
  Blocks(int total, int largest)
      : count((total + largest - 1) / largest), size((total + count - 1) / std::max(count, 1)) {}
  int count, size;
};

/// Rows [first, first + rows) of one head.
struct Part {
  int first, rows;
};

/// One head of one item, and scratch memory for one block of scores.
template <typename Dtype>
class Head {
 public:
  Head(const AttentionShape& shape, const AttentionDropout<Dtype>& dropout)
      : shape_(shape),
        dropout_(dropout),
        queries_(shape.queries, kMaxQueries),
        keys_(shape.keys, kMaxKeys),
        weights_(int64_t(queries_.size) * keys_.size),
        gradient_(weights_.size()),
        rescale_(queries_.size),
        maximum_(queries_.size),
        sum_(queries_.size) {}

  /// @param index  item * heads + head
  void Select(int64_t index) {
    index_ = index;
    item_ = index / shape_.heads;
    column_ = index % shape_.heads * shape_.head_dim;
  }

  Part QueryBlock(int b) const {
    return {b * queries_.size, std::min(queries_.size, shape_.queries - b * queries_.size)};
  }

  void Forward(Part queries, AttentionOperands<const Dtype> in, AttentionResult<Dtype> result) {
    std::fill_n(maximum_.begin(), queries.rows, -std::numeric_limits<Dtype>::infinity());
    std::fill_n(sum_.begin(), queries.rows, Dtype(0));
    Dtype* out = At(result.out, shape_.queries, queries);
    for (int k = 0; k < keys_.count; ++k) {
      const Part keys = KeyBlock(k, queries);
      if (keys.rows <= 0) break;
      Scores(queries, keys, in.q, in.k);
      for (int i = 0; i < queries.rows; ++i) SoftmaxRow(queries.first + i, i, keys);
      if (k > 0) Rescale(queries.rows, out);
      GemmBatched<Cpu, Dtype>(1, {queries.rows, shape_.head_dim, keys.rows}, Dtype(1),
                              {weights_.data(), keys_.size}, Rows(in.v, shape_.keys, keys),
                              Dtype(k > 0), {out, shape_.width()});
    }
    for (int i = 0; i < queries.rows; ++i) {
      rescale_[i] = Dtype(1) / sum_[i];
      result.log_sum[index_ * shape_.queries + queries.first + i] = maximum_[i] + std::log(sum_[i]);
    }
    Rescale(queries.rows, out);
  }

  void Backward(AttentionOperands<const Dtype> in, AttentionResult<const Dtype> result,
                const Dtype* out_diff, AttentionOperands<Dtype> diff) {
    const Part all_keys{0, shape_.keys};
    Clear(At(diff.k, shape_.keys, all_keys), shape_.keys);
    Clear(At(diff.v, shape_.keys, all_keys), shape_.keys);
    for (int b = 0; b < queries_.count; ++b) {
      const Part queries = QueryBlock(b);
      SetDelta(queries, result.out, out_diff);
      for (int k = 0; k < keys_.count; ++k) {
        const Part keys = KeyBlock(k, queries);
        if (keys.rows <= 0) break;
        Scores(queries, keys, in.q, in.k);
        BackwardBlock(queries, keys, in, result.log_sum, out_diff, k > 0, diff);
      }
    }
  }

 private:
  /// The keys of a block that one of the queries sees.
  Part KeyBlock(int k, Part queries) const {
    const int end =
        shape_.causal ? std::min(shape_.keys, queries.first + queries.rows) : shape_.keys;
    return {k * keys_.size, std::min(keys_.size, end - k * keys_.size)};
  }
  /// How many keys of a block a query sees.
  int Seen(int query, Part keys) const {
    return shape_.causal ? std::clamp(query + 1 - keys.first, 0, keys.rows) : keys.rows;
  }

  template <typename T>
  T* At(T* values, int rows, Part part) const {
    return values + (item_ * rows + part.first) * shape_.width() + column_;
  }
  MatrixBatch<const Dtype> Rows(const Dtype* values, int rows, Part part,
                                CBLAS_TRANSPOSE trans = CblasNoTrans) const {
    return {At(values, rows, part), shape_.width(), 0, trans};
  }

  void Clear(Dtype* rows, int count) const {
    for (int i = 0; i < count; ++i) {
      std::fill_n(rows + int64_t(i) * shape_.width(), shape_.head_dim, Dtype(0));
    }
  }
  void Rescale(int rows, Dtype* out) const {
    for (int i = 0; i < rows; ++i) {
      Dtype* row = out + int64_t(i) * shape_.width();
      for (int c = 0; c < shape_.head_dim; ++c) row[c] *= rescale_[i];
    }
  }

  /// weights_ = q k^T / sqrt(head_dim).
  void Scores(Part queries, Part keys, const Dtype* q, const Dtype* k) {
    GemmBatched<Cpu, Dtype>(
        1, {queries.rows, keys.rows, shape_.head_dim}, Dtype(1) / std::sqrt(Dtype(shape_.head_dim)),
        Rows(q, shape_.queries, queries), Rows(k, shape_.keys, keys, CblasTrans), Dtype(0),
        {weights_.data(), keys_.size});
  }

  int64_t Draw(int query, Part keys) const {
    return (index_ * shape_.queries + query) * shape_.keys + keys.first;
  }

  /// Turns a row of scores into weights exp(score - maximum), dropped, and keeps the running
  /// maximum and sum.
  void SoftmaxRow(int query, int i, Part keys) {
    Dtype* row = weights_.data() + int64_t(i) * keys_.size;
    const int seen = Seen(query, keys);
    Dtype top = maximum_[i];
    for (int j = 0; j < seen; ++j) top = std::max(top, row[j]);
    rescale_[i] = std::exp(maximum_[i] - top);
    maximum_[i] = top;
    Dtype total = 0;
    for (int j = 0; j < seen; ++j) {
      row[j] = std::exp(row[j] - top);
      total += row[j];
    }
    sum_[i] = sum_[i] * rescale_[i] + total;
    if (dropout_.bound != 0) {
      for (int j = 0; j < seen; ++j) row[j] *= dropout_.factor(Draw(query, keys) + j);
    }
    std::fill(row + seen, row + keys.rows, Dtype(0));
  }

  /// sum_ = the sum over columns of out * out_diff, for each query.
  void SetDelta(Part queries, const Dtype* out, const Dtype* out_diff) {
    for (int i = 0; i < queries.rows; ++i) {
      const Part row{queries.first + i, 1};
      const Dtype* o = At(out, shape_.queries, row);
      const Dtype* g = At(out_diff, shape_.queries, row);
      Dtype sum = 0;
      for (int c = 0; c < shape_.head_dim; ++c) sum += o[c] * g[c];
      sum_[i] = sum;
    }
  }

  /// weights_ holds the scores. @param add  to what diff.q of these queries holds
  void BackwardBlock(Part queries, Part keys, AttentionOperands<const Dtype> in,
                     const Dtype* log_sum, const Dtype* out_diff, bool add,
                     AttentionOperands<Dtype> diff) {
    const int d = shape_.head_dim, width = shape_.width();
    const Dtype scale = Dtype(1) / std::sqrt(Dtype(d));
    const MatrixBatch<const Dtype> g = Rows(out_diff, shape_.queries, queries);
    GemmBatched<Cpu, Dtype>(1, {queries.rows, keys.rows, d}, Dtype(1), g,
                            Rows(in.v, shape_.keys, keys, CblasTrans), Dtype(0),
                            {gradient_.data(), keys_.size});
    for (int i = 0; i < queries.rows; ++i) {
      ScoreGradientRow(queries.first + i, i, keys,
                       log_sum[index_ * shape_.queries + queries.first + i]);
    }
    const MatrixBatch<const Dtype> weights{weights_.data(), keys_.size, 0, CblasTrans};
    GemmBatched<Cpu, Dtype>(1, {keys.rows, d, queries.rows}, Dtype(1), weights, g, Dtype(1),
                            {At(diff.v, shape_.keys, keys), width});
    MatrixBatch<const Dtype> gradient{gradient_.data(), keys_.size};
    GemmBatched<Cpu, Dtype>(1, {queries.rows, d, keys.rows}, scale, gradient,
                            Rows(in.k, shape_.keys, keys), Dtype(add),
                            {At(diff.q, shape_.queries, queries), width});
    gradient.trans = CblasTrans;
    GemmBatched<Cpu, Dtype>(1, {keys.rows, d, queries.rows}, scale, gradient,
                            Rows(in.q, shape_.queries, queries), Dtype(1),
                            {At(diff.k, shape_.keys, keys), width});
  }

  /// From scores and the gradient of dropped weights: the dropped weights and the gradient of the
  /// scores.
  void ScoreGradientRow(int query, int i, Part keys, Dtype log_sum) {
    Dtype* w = weights_.data() + int64_t(i) * keys_.size;
    Dtype* g = gradient_.data() + int64_t(i) * keys_.size;
    const int seen = Seen(query, keys);
    for (int j = 0; j < seen; ++j) {
      const Dtype factor = dropout_.factor(Draw(query, keys) + j);
      const Dtype weight = std::exp(w[j] - log_sum);
      g[j] = weight * (factor * g[j] - sum_[i]);
      w[j] = weight * factor;
    }
    std::fill(w + seen, w + keys.rows, Dtype(0));
    std::fill(g + seen, g + keys.rows, Dtype(0));
  }

  const AttentionShape shape_;
  const AttentionDropout<Dtype> dropout_;
  const Blocks queries_, keys_;
  std::vector<Dtype> weights_, gradient_;  // queries_.size x keys_.size
  std::vector<Dtype> rescale_, maximum_, sum_;
  int64_t index_ = 0, item_ = 0, column_ = 0;
};

}  // namespace

template <typename Dtype>
void AttentionForwardCpu(const AttentionShape& shape, const AttentionDropout<Dtype>& dropout,
                         AttentionOperands<const Dtype> in, AttentionResult<Dtype> result) {
  const int64_t heads = shape.num * shape.heads;
  const int blocks = Blocks(shape.queries, kMaxQueries).count;
#pragma omp parallel if (IsLarge(shape))
  {
    Head<Dtype> head(shape, dropout);
#pragma omp for collapse(2) schedule(static)
    for (int64_t i = 0; i < heads; ++i) {
      for (int b = 0; b < blocks; ++b) {
        head.Select(i);
        head.Forward(head.QueryBlock(b), in, result);
      }
    }
  }
}

template <typename Dtype>
void AttentionBackwardCpu(const AttentionShape& shape, const AttentionDropout<Dtype>& dropout,
                          AttentionOperands<const Dtype> in, AttentionResult<const Dtype> result,
                          const Dtype* out_diff, AttentionOperands<Dtype> diff) {
#pragma omp parallel if (IsLarge(shape))
  {
    Head<Dtype> head(shape, dropout);
#pragma omp for schedule(static)
    for (int64_t i = 0; i < shape.num * shape.heads; ++i) {
      head.Select(i);
      head.Backward(in, result, out_diff, diff);
    }
  }
}

#define INSTANTIATE(Dtype)                                                                        \
  template void AttentionForwardCpu<Dtype>(const AttentionShape&, const AttentionDropout<Dtype>&, \
                                           AttentionOperands<const Dtype>,                        \
                                           AttentionResult<Dtype>);                               \
  template void AttentionBackwardCpu<Dtype>(                                                      \
      const AttentionShape&, const AttentionDropout<Dtype>&, AttentionOperands<const Dtype>,      \
      AttentionResult<const Dtype>, const Dtype*, AttentionOperands<Dtype>);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
