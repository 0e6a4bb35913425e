#ifndef CAFFE_UTIL_WEIGHTS_PART_HPP_
#define CAFFE_UTIL_WEIGHTS_PART_HPP_

#include <cstdint>
#include <vector>

#include "caffe/wanted_gradient.hpp"

namespace caffe {

/// Whether it pays to move `moved` values in order to leave out `saved` multiply-adds.
bool GatheringPays(double saved, double moved);

/// packed (rows x kept) = some columns of a matrix with `columns` columns.
template <typename Dtype>
void GatherColumns(int64_t rows, int64_t columns, const std::vector<int>& kept, const Dtype* matrix,
                   Dtype* packed);

/// Adds gradients of a part of weights of [rows x columns x inner] to the gradient of the whole.
/// @param sums    the kept rows, or for each row the kept columns, one behind the other
/// @param stored  columns that `sums` has in a row; those beyond the kept ones are ignored
template <typename Dtype>
void AddPart(const WeightsPart& part, int64_t rows, int64_t columns, int64_t inner, int64_t stored,
             const Dtype* sums, Dtype* diff);

}  // namespace caffe

#endif  // CAFFE_UTIL_WEIGHTS_PART_HPP_
