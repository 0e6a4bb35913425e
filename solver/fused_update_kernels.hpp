#ifndef CAFFE_SOLVER_FUSED_UPDATE_KERNELS_HPP_
#define CAFFE_SOLVER_FUSED_UPDATE_KERNELS_HPP_

#include <cstdint>

#include "solver/update_rule.hpp"

namespace caffe {

/// Most elements of a piece of work. Pieces start at multiples of it.
constexpr int32_t kUpdateChunk = 8192;

/// One learnable parameter. Element i belongs to channel (i / inner) % channels; its bit is
/// bit c % 32 of keep word first_word + c / 32.
template <typename Dtype>
struct UpdateSlot {
  Dtype* weight;
  Dtype* gradient;
  Dtype* history;
  Dtype lr_mult;
  Dtype l2_decay, l1_decay;
  int32_t inner;
  int32_t channels;  // 0: never masked
  int32_t first_word;
  int32_t vectorised;  // whether all pointers are aligned for four elements at a time

  bool operator==(const UpdateSlot&) const = default;
};

/// Elements [begin, begin + count) of a slot.
struct UpdateChunk {
  int32_t slot;
  int32_t begin;
  int32_t count;
};

/// What changes from iteration to iteration; the keep words follow it in memory.
template <typename Dtype>
struct UpdateStep {
  Dtype rate;
  Dtype gradient_scale;  // clipping / iter_size
  Dtype momentum;
  Dtype unused;  // keeps the words behind it aligned

  CAFFE_HD const uint32_t* keep_words() const {
    return reinterpret_cast<const uint32_t*>(this + 1);
  }
};

/// All of one update. On the GPU every pointer is a device pointer.
template <typename Dtype>
struct UpdateTable {
  const UpdateSlot<Dtype>* slots;
  const UpdateChunk* chunks;
  int32_t num_chunks;
  const UpdateStep<Dtype>* step;
};

/// For every element: g = gradient * gradient_scale + decay; D = rule(g, rate * lr_mult, h),
/// which renews the history h; weight -= D where the channel's keep bit is set.
/// Reads 12 and writes 8 bytes for each float parameter.
/// @param store_update  also put what was subtracted into the gradient
template <typename Device, typename Dtype>
void fused_update(UpdateRule::Kind rule, bool store_update, const UpdateTable<Dtype>& table);

}  // namespace caffe

#endif  // CAFFE_SOLVER_FUSED_UPDATE_KERNELS_HPP_
