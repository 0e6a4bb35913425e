#include "caffe/native/recipe.hpp"

#include "caffe/native/dnnl_memory.hpp"

namespace caffe {

void Recipe::ToPlain(void* plain) const { Make()->ToPlain(plain); }

void KeepRecipeOnly(SyncedMemory* storage) {
  const auto* values = dynamic_cast<const DnnlMemory*>(storage->native().get());
  if (values == nullptr || values->recipe() == nullptr) return;
  if (storage->head() == SyncedMemory::HEAD_AT_NATIVE) {
    storage->set_native(values->recipe());
  } else {
    storage->attach_native(nullptr);
  }
}

void MakeFromRecipe(SyncedMemory* storage) {
  if (storage->head() != SyncedMemory::HEAD_AT_NATIVE) return;
  const auto recipe = std::dynamic_pointer_cast<const Recipe>(storage->native());
  if (recipe != nullptr) storage->set_native(recipe->Make());
}

void DropReaderCopy(SyncedMemory* storage) {
  if (storage->head() == SyncedMemory::HEAD_AT_NATIVE) return;
  const auto* copy = dynamic_cast<const DnnlMemory*>(storage->native().get());
  if (copy != nullptr && copy->made_by_reader()) storage->attach_native(nullptr);
}

}  // namespace caffe
