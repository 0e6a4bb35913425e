#include "caffe/layers/attention_kernels.hpp"

#include <cmath>

#include "caffe/device/team.hpp"
#include "caffe/error.hpp"
#include "caffe/layers/attention_tiles.hpp"

// A team owns one tile of queries (or, for the gradients of k and v, of keys) of one head and goes
// over the tiles of the other. With s = q k^T / sqrt(d), p = softmax(s), f the dropout factors,
// o = (f p) v and g the gradient of o:
//   gradient of v = (f p)^T g
//   gradient of s = p (f (g v^T) - delta),  delta = sum over columns of g o
// Queries and keys behind the last are zero in the tiles and their weights are set to zero.

namespace caffe {
namespace attention {

template <typename Dtype>
struct Forward {
  AttentionShape shape;
  AttentionDropout<Dtype> dropout;
  AttentionOperands<const Dtype> in;
  AttentionResult<Dtype> result;
  TileSizes sizes;

  static constexpr int kTiles = 4, kSquares = 1, kVectors = 3;

  template <typename Team>
  CAFFE_HD void operator()(const Team& team, int64_t index, char* memory) const {
    const int size = sizes.size;
    const Place place(shape, index, sizes.Tiles(shape.queries), size);
    Arena<Dtype> arena(memory, sizes);
    const Tile<Dtype> q = arena.Rows(), k = arena.Rows(), v = arena.Rows(), out = arena.Rows();
    const Tile<Dtype> p = arena.Square();
    Dtype *maximum = arena.Vector(), *sum = arena.Vector(), *rescale = arena.Vector();
    q.Load(team, in.q, shape, place, shape.queries, InverseRoot<Dtype>(shape.head_dim));
    out.Clear(team);
    team.ForEach(size, [&](int i) {
      maximum[i] = Dtype(-INFINITY);
      sum[i] = 0;
    });
    const int end = shape.causal ? Smaller(shape.keys, place.first + size) : shape.keys;
    for (int key = 0; key < end; key += size) {
      const Place keys = place.At(key);
      k.Load(team, in.k, shape, keys, shape.keys, Dtype(1));
      v.Load(team, in.v, shape, keys, shape.keys, Dtype(1));
      Multiply<2, 4, Dtype>(
          team, size, size, sizes.columns, [&](int i, int c) { return q(i, c); },
          [&](int c, int j) { return k(j, c); },
          [&](int i, int j, Dtype score) {
            p(i, j) = Sees(shape, place.first + i, key + j) ? score : Dtype(-INFINITY);
          });
      team.ForEach(size, [&](int i) {
        Dtype top = maximum[i];
        for (int j = 0; j < size; ++j) top = p(i, j) > top ? p(i, j) : top;
        rescale[i] = std::exp(maximum[i] - top);
        maximum[i] = top;
        Dtype total = sum[i] * rescale[i];
        for (int j = 0; j < size; ++j) {
          const Dtype weight = std::exp(p(i, j) - top);
          total += weight;
          p(i, j) = weight * dropout.factor(Draw(shape, place, i, key + j));
        }
        sum[i] = total;
      });
      Multiply<4, 4, Dtype>(
          team, size, sizes.columns, size, [&](int i, int j) { return p(i, j); },
          [&](int j, int c) { return v(j, c); },
          [&](int i, int c, Dtype value) { out(i, c) = out(i, c) * rescale[i] + value; });
    }
    team.ForEach(size, [&](int i) {
      rescale[i] = Dtype(1) / sum[i];
      if (place.first + i < shape.queries) {
        result.log_sum[place.head * shape.queries + place.first + i] =
            maximum[i] + std::log(sum[i]);
      }
    });
    out.Store(team, result.out, shape, place, shape.queries,
              [&](int i, Dtype value) { return value * rescale[i]; });
  }
};

/// What both gradients read of a tile of queries.
template <typename Dtype>
struct Backward {
  AttentionShape shape;
  AttentionDropout<Dtype> dropout;
  AttentionOperands<const Dtype> in;
  const Dtype* log_sum;
  const Dtype* out_diff;
  const Dtype* delta;
  AttentionOperands<Dtype> diff;
  TileSizes sizes;

  /// The tile's part of a [num, heads, queries] array.
  template <typename Team>
  CAFFE_HD void LoadVector(const Team& team, const Dtype* values, const Place& queries,
                           Dtype* vector) const {
    team.ForEach(sizes.size, [&](int i) {
      const int query = queries.first + i;
      vector[i] = query < shape.queries ? values[queries.head * shape.queries + query] : Dtype(0);
    });
  }

  /// p(i, j) = the attention weight before dropout.
  template <typename Team>
  CAFFE_HD void Weights(const Team& team, const Place& queries, const Place& keys,
                        const Tile<Dtype>& q, const Tile<Dtype>& k, const Dtype* log_sums,
                        const Tile<Dtype>& p) const {
    Multiply<2, 4, Dtype>(
        team, sizes.size, sizes.size, sizes.columns, [&](int i, int c) { return q(i, c); },
        [&](int c, int j) { return k(j, c); },
        [&](int i, int j, Dtype score) {
          const bool seen =
              queries.first + i < shape.queries && Sees(shape, queries.first + i, keys.first + j);
          p(i, j) = seen ? std::exp(score - log_sums[i]) : Dtype(0);
        });
  }

  /// ds(i, j) = the gradient of the score. p and ds may be one.
  template <typename Team>
  CAFFE_HD void ScoreGradient(const Team& team, const Place& queries, const Place& keys,
                              const Tile<Dtype>& g, const Tile<Dtype>& v, const Dtype* deltas,
                              const Tile<Dtype>& p, const Tile<Dtype>& ds) const {
    Multiply<2, 4, Dtype>(
        team, sizes.size, sizes.size, sizes.columns, [&](int i, int c) { return g(i, c); },
        [&](int c, int j) { return v(j, c); },
        [&](int i, int j, Dtype dp) {
          const Dtype factor = dropout.factor(Draw(shape, queries, i, keys.first + j));
          ds(i, j) = p(i, j) * (factor * dp - deltas[i]);
        });
  }
};

template <typename Dtype>
struct QueryGradient : Backward<Dtype> {
  static constexpr int kTiles = 5, kSquares = 1, kVectors = 2;

  template <typename Team>
  CAFFE_HD void operator()(const Team& team, int64_t index, char* memory) const {
    const AttentionShape& shape = this->shape;
    const TileSizes& sizes = this->sizes;
    const int size = sizes.size;
    const Place place(shape, index, sizes.Tiles(shape.queries), size);
    Arena<Dtype> arena(memory, sizes);
    const Tile<Dtype> q = arena.Rows(), k = arena.Rows(), v = arena.Rows(), g = arena.Rows(),
                      dq = arena.Rows(), p = arena.Square();
    Dtype *log_sums = arena.Vector(), *deltas = arena.Vector();
    const Dtype scale = InverseRoot<Dtype>(shape.head_dim);
    q.Load(team, this->in.q, shape, place, shape.queries, scale);
    g.Load(team, this->out_diff, shape, place, shape.queries, Dtype(1));
    this->LoadVector(team, this->log_sum, place, log_sums);
    this->LoadVector(team, this->delta, place, deltas);
    dq.Clear(team);
    const int end = shape.causal ? Smaller(shape.keys, place.first + size) : shape.keys;
    for (int key = 0; key < end; key += size) {
      const Place keys = place.At(key);
      k.Load(team, this->in.k, shape, keys, shape.keys, Dtype(1));
      v.Load(team, this->in.v, shape, keys, shape.keys, Dtype(1));
      this->Weights(team, place, keys, q, k, log_sums, p);
      this->ScoreGradient(team, place, keys, g, v, deltas, p, p);
      Multiply<4, 4, Dtype>(
          team, size, sizes.columns, size, [&](int i, int j) { return p(i, j); },
          [&](int j, int c) { return k(j, c); },
          [&](int i, int c, Dtype value) { dq(i, c) += value; });
    }
    dq.Store(team, this->diff.q, shape, place, shape.queries,
             [&](int, Dtype value) { return value * scale; });
  }
};

template <typename Dtype>
struct KeyValueGradient : Backward<Dtype> {
  static constexpr int kTiles = 6, kSquares = 2, kVectors = 2;

  template <typename Team>
  CAFFE_HD void operator()(const Team& team, int64_t index, char* memory) const {
    const AttentionShape& shape = this->shape;
    const TileSizes& sizes = this->sizes;
    const int size = sizes.size;
    const Place place(shape, index, sizes.Tiles(shape.keys), size);
    Arena<Dtype> arena(memory, sizes);
    const Tile<Dtype> q = arena.Rows(), k = arena.Rows(), v = arena.Rows(), g = arena.Rows(),
                      dk = arena.Rows(), dv = arena.Rows();
    const Tile<Dtype> p = arena.Square(), w = arena.Square();
    Dtype *log_sums = arena.Vector(), *deltas = arena.Vector();
    k.Load(team, this->in.k, shape, place, shape.keys, Dtype(1));
    v.Load(team, this->in.v, shape, place, shape.keys, Dtype(1));
    dk.Clear(team);
    dv.Clear(team);
    for (int query = shape.causal ? place.first : 0; query < shape.queries; query += size) {
      const Place queries = place.At(query);
      q.Load(team, this->in.q, shape, queries, shape.queries, InverseRoot<Dtype>(shape.head_dim));
      g.Load(team, this->out_diff, shape, queries, shape.queries, Dtype(1));
      this->LoadVector(team, this->log_sum, queries, log_sums);
      this->LoadVector(team, this->delta, queries, deltas);
      this->Weights(team, queries, place, q, k, log_sums, p);
      team.ForEach(size * size, [&](int at) {
        const int i = at / size, j = at % size;
        w(i, j) = p(i, j) * this->dropout.factor(Draw(shape, queries, i, place.first + j));
      });
      AddTransposed(team, w, g, dv);
      this->ScoreGradient(team, queries, place, g, v, deltas, p, w);
      AddTransposed(team, w, q, dk);
    }
    const auto same = [](int, Dtype value) { return value; };
    dk.Store(team, this->diff.k, shape, place, shape.keys, same);
    dv.Store(team, this->diff.v, shape, place, shape.keys, same);
  }

 private:
  /// sum(j, c) += over i, w(i, j) * rows(i, c).
  template <typename Team>
  CAFFE_HD void AddTransposed(const Team& team, const Tile<Dtype>& w, const Tile<Dtype>& rows,
                              const Tile<Dtype>& sum) const {
    Multiply<4, 4, Dtype>(
        team, this->sizes.size, this->sizes.columns, this->sizes.size,
        [&](int j, int i) { return w(i, j); }, [&](int i, int c) { return rows(i, c); },
        [&](int j, int c, Dtype value) { sum(j, c) += value; });
  }
};

/// Tile sizes for which every one of the functors finds room.
template <typename Dtype>
TileSizes ChooseSizes(int head_dim) {
  using Largest = KeyValueGradient<Dtype>;
  for (int size = 32; size >= 4; size /= 2) {
    const TileSizes sizes(size, head_dim);
    if (sizes.Bytes<Dtype>(Largest::kTiles, Largest::kSquares, Largest::kVectors) <=
        kMaxTeamBytes) {
      return sizes;
    }
  }
  throw Error("Heads of ", head_dim, " columns are too wide for the GPU. Use more heads.");
}

template <typename Device, typename Dtype, typename F>
void Run(const AttentionShape& shape, int rows, const F& f) {
  ForEachTeam<Device>(shape.num * shape.heads * f.sizes.Tiles(rows),
                      f.sizes.template Bytes<Dtype>(F::kTiles, F::kSquares, F::kVectors), f);
}

}  // namespace attention

template <typename Device, typename Dtype>
void attention_forward(AttentionShape shape, AttentionDropout<Dtype> dropout,
                       AttentionOperands<const Dtype> in, AttentionResult<Dtype> result) {
  using namespace attention;
  Run<Device, Dtype>(
      shape, shape.queries,
      Forward<Dtype>{shape, dropout, in, result, ChooseSizes<Dtype>(shape.head_dim)});
}

template <typename Device, typename Dtype>
void attention_backward(AttentionShape shape, AttentionDropout<Dtype> dropout,
                        AttentionOperands<const Dtype> in, AttentionResult<const Dtype> result,
                        const Dtype* out_diff, Dtype* delta, AttentionOperands<Dtype> diff) {
  using namespace attention;
  ForEachPlane<Device>(
      shape.num * shape.heads, shape.queries, [=] CAFFE_HD(int64_t head, int64_t i) {
        const int64_t token = head / shape.heads * shape.queries + i;
        const int64_t at = token * shape.width() + head % shape.heads * shape.head_dim;
        Dtype sum = 0;
        for (int c = 0; c < shape.head_dim; ++c) sum += result.out[at + c] * out_diff[at + c];
        delta[head * shape.queries + i] = sum;
      });
  const Backward<Dtype> backward{shape,    dropout, in,   result.log_sum,
                                 out_diff, delta,   diff, ChooseSizes<Dtype>(shape.head_dim)};
  Run<Device, Dtype>(shape, shape.queries, QueryGradient<Dtype>{backward});
  Run<Device, Dtype>(shape, shape.keys, KeyValueGradient<Dtype>{backward});
}

#define INSTANTIATE(Device, Dtype)                                                        \
  template void attention_forward<Device, Dtype>(AttentionShape, AttentionDropout<Dtype>, \
                                                 AttentionOperands<const Dtype>,          \
                                                 AttentionResult<Dtype>);                 \
  template void attention_backward<Device, Dtype>(                                        \
      AttentionShape, AttentionDropout<Dtype>, AttentionOperands<const Dtype>,            \
      AttentionResult<const Dtype>, const Dtype*, Dtype*, AttentionOperands<Dtype>);
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
