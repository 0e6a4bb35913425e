#ifndef CAFFE_NATIVE_DNNL_MEMORY_HPP_
#define CAFFE_NATIVE_DNNL_MEMORY_HPP_

#include <cstdint>
#include <dnnl.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "caffe/native/channel_blocks.hpp"
#include "caffe/native/format_conversions.hpp"
#include "caffe/native/recipe.hpp"
#include "caffe/syncedmem.hpp"

namespace caffe {

/// oneDNN's CPU engine, and this thread's stream on it.
const dnnl::engine& DnnlEngine();
dnnl::stream& DnnlStream();

/// Values in one of oneDNN's layouts, single precision. Its buffer comes from, and goes back
/// to, a list that all of them share, so that a training step allocates nothing.
class DnnlMemory : public NativeCopy {
 public:
  /// The content is undefined.
  explicit DnnlMemory(const dnnl::memory::desc& desc);
  ~DnnlMemory() override;
  DnnlMemory(const DnnlMemory&) = delete;
  DnnlMemory& operator=(const DnnlMemory&) = delete;

  bool on_gpu() const override { return false; }
  void ToPlain(void* plain) const override;
  size_t bytes() const override { return desc_.get_size(); }

  const dnnl::memory::desc& desc() const { return desc_; }
  const dnnl::memory& memory() const { return memory_; }
  float* values() const { return static_cast<float*>(memory_.get_data_handle()); }
  /// Empty where the layout is another one.
  const std::optional<ChannelBlocks>& blocks() const { return blocks_; }

  /// Whether a reader made it from plain values, rather than an engine as its result.
  bool made_by_reader() const { return made_by_reader_; }
  void set_made_by_reader(bool value) { made_by_reader_ = value; }

  /// Whether whoever wrote the values knows that none is a NaN. Publish takes it back.
  bool without_nan() const { return without_nan_; }
  void set_without_nan(bool value) { without_nan_ = value; }

  /// How the values can be made once more, or null. Whoever writes others takes it away; Publish
  /// does.
  const std::shared_ptr<Recipe>& recipe() const { return recipe_; }
  void set_recipe(std::shared_ptr<Recipe> recipe) { recipe_ = std::move(recipe); }

 private:
  dnnl::memory::desc desc_;
  std::optional<ChannelBlocks> blocks_;
  dnnl::memory memory_;
  bool made_by_reader_ = false;
  bool without_nan_ = false;
  std::shared_ptr<Recipe> recipe_;
};

/// The row-major layout of these dimensions.
dnnl::memory::desc PlainDesc(const dnnl::memory::dims& dims);

enum class ReaderCopy { kReuse, kRefresh };

/// The storage's values, to be read in `wanted`'s layout: its native copy if that has the
/// layout, the plain values themselves if the layout is row-major, else a reordered copy that
/// is kept beside the storage for the next reader.
/// The result is good until the storage is written.
/// @param copy  kRefresh does not trust a copy that an earlier reader made: programs written
///              for Caffe keep a blob's mutable pointer and write through it between two
///              passes, unseen by the storage
dnnl::memory ReadAs(SyncedMemory* storage, const dnnl::memory::desc& wanted, ReaderCopy copy);
/// The same for learned values, whose plain form is the master copy: what the update has changed
/// has to be copied anew, and that is not counted as a conversion.
dnnl::memory ReadLearnedAs(SyncedMemory* storage, const dnnl::memory::desc& wanted,
                           ReaderCopy copy);

/// Memory in the given layout to write the storage's new values to; hand both to Publish
/// afterwards.
struct DnnlOutput {
  std::shared_ptr<DnnlMemory> native;  // null where the layout is plain
  dnnl::memory memory;
};
DnnlOutput OutputAs(SyncedMemory* storage, const dnnl::memory::desc& desc);
/// Makes the output the storage's newest values.
void Publish(DnnlOutput output, SyncedMemory* storage);

/// plain += native, in the dimensions of `from`.
void AddToPlain(const dnnl::memory& from, float* plain);

}  // namespace caffe

#endif  // CAFFE_NATIVE_DNNL_MEMORY_HPP_
