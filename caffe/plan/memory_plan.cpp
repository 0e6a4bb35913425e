#include "caffe/plan/memory_plan.hpp"

#include <algorithm>

#include "caffe/native/recipe.hpp"
#include "caffe/net.hpp"

namespace caffe {

template <typename Dtype>
MemoryPlan<Dtype>::MemoryPlan(const Net<Dtype>& net, bool forward_only)
    : net_(net), forward_only_(forward_only), uses_(net.blobs().size()) {
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    for (const auto* ids : {&net.bottom_ids(i), &net.top_ids(i)}) {
      for (const int id : *ids) {
        Use& use = uses_[id];
        if (use.first < 0) use.first = i;
        use.last = i;
      }
    }
    if (net.bottom_ids(i).empty()) Keep(net.top_vecs()[i]);
  }
  Keep(net.input_blobs());
  Keep(net.output_blobs());
  for (size_t id = 0; id < uses_.size(); ++id) {
    if (net.blob_loss_weights()[id] != Dtype(0)) uses_[id].keep_data = uses_[id].keep_diff = true;
  }
  KeepUnwrittenDiffs();
}

template <typename Dtype>
void MemoryPlan<Dtype>::Keep(const std::vector<Blob<Dtype>*>& blobs) {
  for (size_t id = 0; id < uses_.size(); ++id) {
    if (std::count(blobs.begin(), blobs.end(), net_.blobs()[id].get()) > 0) {
      uses_[id].keep_data = uses_[id].keep_diff = true;
    }
  }
}

/// A gradient that nobody writes is zero from the start, and read as such.
template <typename Dtype>
void MemoryPlan<Dtype>::KeepUnwrittenDiffs() {
  for (size_t i = 0; i < net_.layers().size(); ++i) {
    const std::vector<int>& bottoms = net_.bottom_ids(static_cast<int>(i));
    for (size_t k = 0; k < bottoms.size(); ++k) {
      if (!net_.layer_need_backward()[i] || !net_.bottom_need_backward()[i][k]) {
        uses_[bottoms[k]].keep_diff = true;
      }
    }
  }
}

/// Calls act(storage) for the storages of the layers' blobs of which is_dead(use) holds for all
/// blobs that share them. Who shares with whom is known only now: Split, Reshape and others pass
/// memory on.
template <typename Dtype>
template <typename Storage, typename IsDead, typename Action>
void MemoryPlan<Dtype>::ForEachDead(int first, int last, const Storage& storage_of,
                                    const IsDead& is_dead, const Action& act) const {
  const auto visit = [&](int id) {
    SyncedMemory* const storage = storage_of(*net_.blobs()[id]);
    if (storage == nullptr || !is_dead(uses_[id])) return;
    for (size_t other = 0; other < uses_.size(); ++other) {
      if (storage_of(*net_.blobs()[other]) == storage && !is_dead(uses_[other])) return;
    }
    act(storage);
  };
  for (int i = first; i <= last; ++i) {
    for (const int id : net_.top_ids(i)) visit(id);
    for (const int id : net_.bottom_ids(i)) visit(id);
  }
}

/// The next reader copies them anew anyway, since the update has changed them, or has to expect
/// that somebody did.
template <typename Dtype>
void MemoryPlan<Dtype>::DropCopiesOfWeights(int first, int last) const {
  for (int i = first; i <= last; ++i) {
    for (const auto& blob : net_.layers()[i]->blobs()) DropReaderCopy(blob->data().get());
  }
}

namespace {

template <typename Dtype>
SyncedMemory* DataOf(const Blob<Dtype>& blob) {
  return blob.count() > 0 ? blob.data().get() : nullptr;
}

template <typename Dtype>
SyncedMemory* DiffOf(const Blob<Dtype>& blob) {
  return blob.count() > 0 ? blob.diff().get() : nullptr;
}

}  // namespace

template <typename Dtype>
void MemoryPlan<Dtype>::AfterForward(int first, int last) const {
  if (Caffe::mode() != Caffe::CPU) return;
  ForEachDead(
      first, last, DataOf<Dtype>,
      [last](const Use& use) { return !use.keep_data && use.last <= last; },
      [this](SyncedMemory* storage) {
        forward_only_ ? storage->Discard() : KeepRecipeOnly(storage);
      });
  DropCopiesOfWeights(first, last);
}

template <typename Dtype>
void MemoryPlan<Dtype>::BeforeBackward(int layer) const {
  if (Caffe::mode() != Caffe::CPU) return;
  for (const auto* blobs : {&net_.bottom_vecs()[layer], &net_.top_vecs()[layer]}) {
    for (const Blob<Dtype>* blob : *blobs) {
      if (SyncedMemory* storage = DataOf(*blob)) MakeFromRecipe(storage);
    }
  }
}

template <typename Dtype>
void MemoryPlan<Dtype>::AfterBackward(int first, int last) const {
  if (Caffe::mode() != Caffe::CPU) return;
  const auto discard = [](SyncedMemory* storage) { storage->Discard(); };
  ForEachDead(
      first, last, DataOf<Dtype>,
      [first](const Use& use) { return !use.keep_data && use.first >= first; }, discard);
  ForEachDead(
      first, last, DiffOf<Dtype>,
      [first](const Use& use) { return !use.keep_diff && use.first >= first; }, discard);
  DropCopiesOfWeights(first, last);
}

INSTANTIATE_CLASS(MemoryPlan);

}  // namespace caffe
