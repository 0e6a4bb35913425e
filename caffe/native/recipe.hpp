#ifndef CAFFE_NATIVE_RECIPE_HPP_
#define CAFFE_NATIVE_RECIPE_HPP_

#include <memory>

#include "caffe/syncedmem.hpp"

namespace caffe {

class DnnlMemory;

/// How values are worked out of others that are kept anyway. It may stand in their place.
class Recipe : public NativeCopy {
 public:
  bool on_gpu() const override { return false; }
  size_t bytes() const override { return 0; }
  void ToPlain(void* plain) const override;
  virtual std::shared_ptr<DnnlMemory> Make() const = 0;
};

/// Gives the memory of the storage's values back where there is a recipe for them. Where somebody
/// has made plain values of them, these stay.
void KeepRecipeOnly(SyncedMemory* storage);

/// Makes the values of which only a recipe is left.
void MakeFromRecipe(SyncedMemory* storage);

/// Gives back what a reader copied to an engine's layout beside the plain values.
void DropReaderCopy(SyncedMemory* storage);

}  // namespace caffe

#endif  // CAFFE_NATIVE_RECIPE_HPP_
