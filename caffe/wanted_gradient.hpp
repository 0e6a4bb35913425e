#ifndef CAFFE_WANTED_GRADIENT_HPP_
#define CAFFE_WANTED_GRADIENT_HPP_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace caffe {

/// The part of a learnable blob's gradient that an iteration uses: element i belongs to channel
/// (i / inner) % channels, and the channels in `kept`, in rising order, are wanted.
struct WantedGradient {
  int64_t inner = 1;
  int channels = 1;
  std::vector<int> kept;
};

/// The wanted part of weights of [rows x columns x inner].
struct WeightsPart {
  /// 0: `kept` are rows, 1: columns.
  int axis;
  const std::vector<int>& kept;
};

/// Empty where the channels are neither rows nor columns. Nothing at all is no rows.
inline std::optional<WeightsPart> FindPart(const WantedGradient& wanted, int64_t rows,
                                           int64_t columns, int64_t inner) {
  if (wanted.kept.empty()) return WeightsPart{0, wanted.kept};
  if (wanted.channels == rows && wanted.inner == columns * inner)
    return WeightsPart{0, wanted.kept};
  if (wanted.channels == columns && wanted.inner == inner) return WeightsPart{1, wanted.kept};
  return std::nullopt;
}

/// Base of layers that can leave out gradients which nobody uses. What they leave out stays as it
/// was in the diff. Other layers compute everything, which is never wrong.
class SelectiveGradients {
 public:
  /// For the backward passes from now on. @param wanted  null: all of the blob's gradient
  void set_wanted_gradient(int param_id, std::shared_ptr<const WantedGradient> wanted) {
    if (static_cast<int>(wanted_.size()) <= param_id) wanted_.resize(param_id + 1);
    wanted_[param_id] = std::move(wanted);
  }

 protected:
  const WantedGradient* wanted_gradient(int param_id) const {
    return static_cast<int>(wanted_.size()) > param_id ? wanted_[param_id].get() : nullptr;
  }

 private:
  std::vector<std::shared_ptr<const WantedGradient>> wanted_;
};

}  // namespace caffe

#endif  // CAFFE_WANTED_GRADIENT_HPP_
