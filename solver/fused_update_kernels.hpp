#ifndef CAFFE_SOLVER_FUSED_UPDATE_KERNELS_HPP_
#define CAFFE_SOLVER_FUSED_UPDATE_KERNELS_HPP_

#include <cstdint>

#include "caffe/util/philox.hpp"
#include "solver/element_action.hpp"
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
  Dtype* history[kMaxHistory];
  uint64_t random_key;  // of the draws for single weights
  Dtype lr_mult;
  Dtype l2_decay, l1_decay;
  int32_t inner;
  int32_t channels;  // 0: without keep bits
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

/// What an iteration does to one slot.
template <typename Dtype>
struct SlotStep {
  Dtype gradient_factor;
  int32_t kept, dropped;  // ElementAction where the keep bit is set, and where it is not
};

/// Draws that leave single weights where they are: weight i moves where word i of the slot's
/// random sequence is above `last_dropped`.
struct WeightDraw {
  uint32_t is_on;
  uint32_t last_dropped;

  WeightDraw() = default;
  /// @param drop_rate  probability that a weight is left where it is
  explicit WeightDraw(double drop_rate)
      : is_on(BernoulliBound(drop_rate) > 0),
        last_dropped(static_cast<uint32_t>(BernoulliBound(drop_rate) - 1)) {}

  CAFFE_HD bool Moves(uint32_t word) const { return word > last_dropped; }
};

/// What changes from iteration to iteration; a SlotStep for each slot and then the keep words
/// follow it in memory.
template <typename Dtype>
struct UpdateStep {
  uint64_t iteration;  // of the draws for single weights
  WeightDraw weight_draw;
  Dtype rate;
  Dtype gradient_scale;  // clipping / iter_size
  RuleConstants<Dtype> constants;
  int64_t num_slots;

  CAFFE_HD const SlotStep<Dtype>* slot_steps() const {
    return reinterpret_cast<const SlotStep<Dtype>*>(this + 1);
  }
  CAFFE_HD const uint32_t* keep_words() const {
    return reinterpret_cast<const uint32_t*>(slot_steps() + num_slots);
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

/// For every element, as far as its ElementAction says:
///   g = gradient * gradient_scale * gradient_factor + decay;
///   D = rule(g, rate * lr_mult, history), which renews the history;
///   weight -= D, unless a draw for this single weight leaves it where it is.
/// A rule with one number of history reads 12 and writes 8 bytes for each float parameter.
/// @param store_update  also put what was subtracted into the gradient
template <typename Device, typename Dtype>
void fused_update(UpdateRule::Kind rule, bool store_update, const UpdateTable<Dtype>& table);

}  // namespace caffe

#endif  // CAFFE_SOLVER_FUSED_UPDATE_KERNELS_HPP_
