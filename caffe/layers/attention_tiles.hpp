#ifndef CAFFE_ATTENTION_TILES_HPP_
#define CAFFE_ATTENTION_TILES_HPP_

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "caffe/device/device.hpp"
#include "caffe/layers/attention_kernels.hpp"

/// Tiles in a team's memory, for attention_kernels.cpp.

namespace caffe::attention {

CAFFE_HD inline int Smaller(int a, int b) { return a < b ? a : b; }

template <typename Dtype>
CAFFE_HD inline Dtype InverseRoot(int head_dim) {
  return Dtype(1) / std::sqrt(Dtype(head_dim));
}

/// Whether a query sees a key; no key behind the last is seen.
CAFFE_HD inline bool Sees(const AttentionShape& shape, int query, int key) {
  return key < shape.keys && (!shape.causal || key <= query);
}

/// A tile is `size` rows of `columns`: a head's columns, filled up with zeros to a multiple of 4.
/// Rows lie an odd number of elements apart, so that threads that read one column of neighbouring
/// rows hit different banks of a GPU's shared memory.
struct TileSizes {
  TileSizes(int size, int head_dim) : size(size), columns((head_dim + 3) / 4 * 4) {}

  CAFFE_HD int Tiles(int rows) const { return (rows + size - 1) / size; }
  CAFFE_HD int row_pitch() const { return columns + 1; }
  CAFFE_HD int square_pitch() const { return size + 1; }

  template <typename Dtype>
  size_t Bytes(int rows, int squares, int vectors) const {
    return sizeof(Dtype) * size *
           (size_t(rows) * row_pitch() + size_t(squares) * square_pitch() + vectors);
  }

  int size;
  int columns;
};

/// Which head, and which of its rows, a tile holds.
struct Place {
  int64_t item;  ///< of the batch
  int64_t head;  ///< item * heads + number of the head
  int column;    ///< the head's first column
  int first;     ///< first row

  /// @param index  (item * heads + head) * tiles + number of the tile
  CAFFE_HD Place(const AttentionShape& shape, int64_t index, int tiles, int size)
      : item(index / tiles / shape.heads),
        head(index / tiles),
        column(int(head % shape.heads) * shape.head_dim),
        first(int(index % tiles) * size) {}

  /// Other rows of the same head.
  CAFFE_HD Place At(int row) const {
    Place place = *this;
    place.first = row;
    return place;
  }
};

/// The draw of AttentionDropout for row i of a tile of queries.
CAFFE_HD inline int64_t Draw(const AttentionShape& shape, const Place& queries, int i, int key) {
  return (queries.head * shape.queries + queries.first + i) * shape.keys + key;
}

template <typename Dtype>
struct Tile {
  Dtype* data;
  int pitch;
  TileSizes sizes;

  CAFFE_HD Dtype& operator()(int row, int column) const { return data[row * pitch + column]; }

  template <typename Team>
  CAFFE_HD void Clear(const Team& team) const {
    team.ForEach(sizes.size * pitch, [&](int at) { data[at] = 0; });
  }

  /// Rows [place.first, place.first + size) of a head of a [num, rows, width] array, times
  /// `factor`; zero behind its last row.
  template <typename Team>
  CAFFE_HD void Load(const Team& team, const Dtype* values, const AttentionShape& shape,
                     const Place& place, int rows, Dtype factor) const {
    const Dtype* from = values + (place.item * rows + place.first) * shape.width() + place.column;
    team.ForEach(sizes.size * sizes.columns, [&](int at) {
      const int i = at / sizes.columns, c = at % sizes.columns;
      const bool inside = place.first + i < rows && c < shape.head_dim;
      (*this)(i, c) = inside ? from[int64_t(i) * shape.width() + c] * factor : Dtype(0);
    });
  }

  /// Writes f(row, value) to the rows that exist.
  template <typename Team, typename F>
  CAFFE_HD void Store(const Team& team, Dtype* values, const AttentionShape& shape,
                      const Place& place, int rows, const F& f) const {
    Dtype* to = values + (place.item * rows + place.first) * shape.width() + place.column;
    const int count = Smaller(sizes.size, rows - place.first);
    team.ForEach(count * shape.head_dim, [&](int at) {
      const int i = at / shape.head_dim, c = at % shape.head_dim;
      to[int64_t(i) * shape.width() + c] = f(i, (*this)(i, c));
    });
  }
};

/// Hands out a team's memory.
template <typename Dtype>
class Arena {
 public:
  CAFFE_HD Arena(char* memory, const TileSizes& sizes)
      : next_(reinterpret_cast<Dtype*>(memory)), sizes_(sizes) {}
  CAFFE_HD Tile<Dtype> Rows() {
    return {Take(sizes_.size * sizes_.row_pitch()), sizes_.row_pitch(), sizes_};
  }
  CAFFE_HD Tile<Dtype> Square() {
    return {Take(sizes_.size * sizes_.square_pitch()), sizes_.square_pitch(), sizes_};
  }
  CAFFE_HD Dtype* Vector() { return Take(sizes_.size); }

 private:
  CAFFE_HD Dtype* Take(int count) {
    Dtype* taken = next_;
    next_ += count;
    return taken;
  }

  Dtype* next_;
  TileSizes sizes_;
};

/// store(i, j, sum over k < depth of a(i, k) * b(k, j)) for i < rows, j < columns; a thread works
/// on kRows x kColumns of them at once. rows and columns are multiples of those.
template <int kRows, int kColumns, typename Dtype, typename Team, typename A, typename B,
          typename Store>
CAFFE_HD void Multiply(const Team& team, int rows, int columns, int depth, const A& a, const B& b,
                       const Store& store) {
  const int row_step = rows / kRows, column_step = columns / kColumns;
  team.ForEach(row_step * column_step, [&](int item) {
    const int first_row = item / column_step, first_column = item % column_step;
    Dtype sum[kRows][kColumns] = {};
    for (int k = 0; k < depth; ++k) {
      Dtype factor[kColumns];
      for (int j = 0; j < kColumns; ++j) factor[j] = b(k, first_column + j * column_step);
      for (int i = 0; i < kRows; ++i) {
        const Dtype value = a(first_row + i * row_step, k);
        for (int j = 0; j < kColumns; ++j) sum[i][j] += value * factor[j];
      }
    }
    for (int i = 0; i < kRows; ++i) {
      for (int j = 0; j < kColumns; ++j) {
        store(first_row + i * row_step, first_column + j * column_step, sum[i][j]);
      }
    }
  });
}

}  // namespace caffe::attention

#endif  // CAFFE_ATTENTION_TILES_HPP_
