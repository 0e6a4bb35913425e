#include "caffe/cli/memory_forecast.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "caffe/cli/value_formats.hpp"
#include "caffe/plan/norm_layers.hpp"

namespace caffe::cli {

namespace {

/// Channels of values in an engine's layout come in blocks of so many.
constexpr int kChannelBlock = 16;

bool SharesData(const std::string& type) {
  return type == "Split" || type == "Flatten" || type == "Reshape";
}
bool SharesGradient(const std::string& type) { return type == "Flatten" || type == "Reshape"; }

/// Types that need their input for the gradient and so keep a copy of it when they work in place.
bool KeepsInputInPlace(const std::string& type) {
  static const std::set<std::string> types = {"BatchNorm", "Scale", "GELU", "Swish", "SiLU", "Clip",
                                              "AbsVal",    "BNLL",  "Log",  "PReLU", "Power"};
  return types.count(type) > 0;
}

int64_t Bytes(const Blob<float>& blob) {
  int64_t count = blob.count();
  if (blob.num_axes() == 4 && blob.count(2) > 1 && blob.shape(1) > kChannelBlock) {
    const int64_t channels = blob.shape(1);
    count = count / channels * ((channels + kChannelBlock - 1) / kChannelBlock * kChannelBlock);
  }
  return count * int64_t{sizeof(float)};
}

/// What is alive in the course of a pass.
class Ledger {
 public:
  explicit Ledger(size_t blobs) : alive_(blobs, 0) {}

  void Take(int id, int64_t bytes) {
    if (alive_[id] > 0) return;
    alive_[id] = bytes;
    Add(bytes);
  }
  void Give(int id) { total_ -= std::exchange(alive_[id], 0); }
  void Add(int64_t bytes) {
    total_ += bytes;
    peak_ = std::max(peak_, total_);
  }
  int64_t total() const { return total_; }
  int64_t peak() const { return peak_; }

 private:
  std::vector<int64_t> alive_;
  int64_t total_ = 0, peak_ = 0;
};

class Forecast {
 public:
  explicit Forecast(const Net<float>& net)
      : net_(net), layers_(static_cast<int>(net.layers().size())), formats_(net) {
    data_ = Owners(SharesData);
    gradient_ = Owners(SharesGradient);
    fused_.resize(layers_);
    remade_.resize(data_.size());
    for (const auto& step : net.plan().steps()) {
      const NormLayers at = FindNormLayers(net, step->first());
      if (at.norm < 0 || formats_.LeavesPlain(at.norm)) continue;
      // Before a sum the normalised values are never made.
      for (int i = at.sum < 0 ? at.norm + 1 : at.norm; i <= at.last; ++i) fused_[i] = true;
      if (at.sum < 0) remade_[data_[net.top_ids(at.norm)[0]]] = true;
    }
    // What somebody reads in another format stays in that one.
    for (int i = 0; i < layers_; ++i) {
      if (formats_.Converts(i)) remade_[data_[net.bottom_ids(i)[0]]] = false;
    }
  }

  PassMemory Run() const { return {Values(), Gradients(), Inference()}; }

 private:
  const std::string& Type(int layer) const { return net_.layers()[layer]->layer_param().type(); }
  int64_t BytesOf(int id) const { return Bytes(*net_.blobs()[id]); }

  /// For each blob, the blob whose memory it uses.
  template <typename Shares>
  std::vector<int> Owners(const Shares& shares) const {
    std::vector<int> owners(net_.blobs().size());
    for (size_t id = 0; id < owners.size(); ++id) owners[id] = static_cast<int>(id);
    for (int i = 0; i < layers_; ++i) {
      if (!shares(Type(i))) continue;
      for (const int top : net_.top_ids(i)) owners[top] = owners[net_.bottom_ids(i)[0]];
    }
    return owners;
  }

  bool IsInPlace(int layer) const {
    return !net_.bottom_ids(layer).empty() && !net_.top_ids(layer).empty() &&
           net_.bottom_ids(layer)[0] == net_.top_ids(layer)[0];
  }

  /// What a layer keeps beside its blobs from forward to backward.
  int64_t KeptBy(int layer) const {
    const auto& tops = net_.top_vecs()[layer];
    const auto& bottoms = net_.bottom_vecs()[layer];
    if (tops.empty() || bottoms.empty()) return 0;
    const std::string& type = Type(layer);
    if (fused_[layer]) return 0;
    if (KeepsInputInPlace(type)) return IsInPlace(layer) ? Bytes(*tops[0]) : 0;
    if (type == "Dropout" || type == "LRN") return Bytes(*tops[0]);
    if (type == "DropBlock") return Bytes(*tops[0]) / 32;  // a bit for each value
    if (type == "DropConnect") return net_.layers()[layer]->MultiplyAdds(bottoms, tops) / 8;
    if (type == "SoftmaxWithLoss") return Bytes(*bottoms[0]);
    if (type == "Pooling" &&
        net_.layers()[layer]->layer_param().pooling_param().pool() == PoolingParameter::MAX) {
      return Bytes(*tops[0]);
    }
    return 0;
  }

  /// For each owner of memory, the first layer, or the last one, that touches it.
  std::vector<int> FirstTouch(const std::vector<int>& owners) const {
    std::vector<int> first(owners.size(), layers_);
    for (int i = layers_ - 1; i >= 0; --i) {
      for (const auto* ids : {&net_.bottom_ids(i), &net_.top_ids(i)}) {
        for (const int id : *ids) first[owners[id]] = i;
      }
    }
    return first;
  }
  std::vector<int> LastTouch(const std::vector<int>& owners) const {
    std::vector<int> last(owners.size(), 0);
    for (int i = 0; i < layers_; ++i) {
      for (const auto* ids : {&net_.bottom_ids(i), &net_.top_ids(i)}) {
        for (const int id : *ids) last[owners[id]] = i;
      }
    }
    return last;
  }

  /// A copy of the bottom in the format that a convolution wants.
  int64_t CopyFor(int layer) const {
    return formats_.Converts(layer) && !formats_.LeavesPlain(layer)
               ? BytesOf(net_.bottom_ids(layer)[0])
               : 0;
  }

  int64_t Values() const {
    const std::vector<int> last = LastTouch(data_);
    Ledger ledger(data_.size());
    for (int i = 0; i < layers_; ++i) {
      for (const int id : net_.top_ids(i)) ledger.Take(data_[id], BytesOf(id));
      if (net_.layer_need_backward()[i]) ledger.Add(KeptBy(i) + CopyFor(i));
      // Of values that can be made again the backward pass keeps what they are made of. In place
      // that is another array of the same size.
      for (const int id : net_.bottom_ids(i)) {
        if (remade_[data_[id]] && last[data_[id]] == i) ledger.Give(data_[id]);
      }
    }
    return ledger.peak();
  }

  int64_t Gradients() const {
    const std::vector<int> first = FirstTouch(gradient_), first_of_data = FirstTouch(data_);
    Ledger ledger(gradient_.size()), made_again(data_.size());
    int64_t peak = 0;
    for (int i = layers_ - 1; i >= 0; --i) {
      if (!net_.layer_need_backward()[i]) continue;
      for (size_t k = 0; k < net_.bottom_ids(i).size(); ++k) {
        const int id = net_.bottom_ids(i)[k];
        const int copies = k == 0 && formats_.Converts(i) ? 2 : 1;
        if (net_.bottom_need_backward()[i][k]) ledger.Take(gradient_[id], copies * BytesOf(id));
        if (remade_[data_[id]] && !fused_[i]) made_again.Take(data_[id], BytesOf(id));
      }
      peak = std::max(peak, ledger.total() + made_again.total());
      for (const int id : net_.top_ids(i)) {
        if (first[gradient_[id]] == i) ledger.Give(gradient_[id]);
        if (first_of_data[data_[id]] == i) made_again.Give(data_[id]);
      }
    }
    return peak;
  }

  int64_t Inference() const {
    const std::vector<int> last = LastTouch(data_);
    Ledger ledger(data_.size());
    for (int i = 0; i < layers_; ++i) {
      for (const int id : net_.top_ids(i)) ledger.Take(data_[id], BytesOf(id));
      if (net_.bottom_ids(i).empty()) continue;
      for (const auto* ids : {&net_.bottom_ids(i), &net_.top_ids(i)}) {
        for (const int id : *ids) {
          if (last[data_[id]] == i) ledger.Give(data_[id]);
        }
      }
    }
    return ledger.peak();
  }

  const Net<float>& net_;
  const int layers_;
  const ValueFormats formats_;
  std::vector<int> data_, gradient_;
  /// Layers that run as part of the batch normalisation before them.
  std::vector<bool> fused_;
  /// By owner of data: values that are given back in the forward pass, and made again.
  std::vector<bool> remade_;
};

}  // namespace

PassMemory ForecastPassMemory(const Net<float>& net) { return Forecast(net).Run(); }

}  // namespace caffe::cli
