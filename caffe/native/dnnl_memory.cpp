#include "caffe/native/dnnl_memory.hpp"

#include <atomic>
#include <new>
#include <utility>
#include <vector>

#include "caffe/device/host_memory.hpp"
#include "caffe/native/dnnl_api.hpp"
#include "caffe/native/dnnl_primitive.hpp"

namespace caffe {
namespace {

std::atomic<uint64_t> reorder_count{0};

/// Throws where there is none left.
void* AllocateFor(const dnnl::memory::desc& desc) {
  void* const memory = HostAllocate(desc.get_size());
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void RunReorder(const dnnl::memory& from, const dnnl::memory& to,
                const dnnl::primitive_attr& attributes) {
  DnnlPrimitive(dnnl::reorder::primitive_desc(from, to, attributes))
      .Run({{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void Reorder(const dnnl::memory& from, const dnnl::memory& to) {
  RunReorder(from, to, DnnlAttributes());
}

std::shared_ptr<DnnlMemory> NativeOf(const SyncedMemory& storage) {
  return std::dynamic_pointer_cast<DnnlMemory>(storage.native());
}

dnnl::memory Wrap(const dnnl::memory::desc& desc, const void* plain) {
  return dnnl::memory(desc, DnnlEngine(), const_cast<void*>(plain));
}

/// @param converted  out, set where the values had to be copied to another layout
dnnl::memory Read(SyncedMemory* storage, const dnnl::memory::desc& wanted, ReaderCopy copy,
                  bool* converted) {
  std::shared_ptr<DnnlMemory> native = NativeOf(*storage);
  const bool newest = storage->head() == SyncedMemory::HEAD_AT_NATIVE;
  const bool trusted =
      native != nullptr && (newest || !native->made_by_reader() || copy == ReaderCopy::kReuse);
  if (trusted && native->desc() == wanted) return native->memory();
  const dnnl::memory::desc plain = PlainDesc(DimsOf(wanted));
  if (wanted == plain) return Wrap(plain, storage->cpu_data());
  *converted = true;
  if (trusted && DimsOf(native->desc()) == DimsOf(wanted)) {
    const auto reordered = std::make_shared<DnnlMemory>(wanted);
    Reorder(native->memory(), reordered->memory());
    reordered->set_made_by_reader(!newest);
    storage->attach_native(reordered);
    return reordered->memory();
  }
  const void* values = storage->cpu_data();
  if (native == nullptr || native->desc() != wanted) native = std::make_shared<DnnlMemory>(wanted);
  Reorder(Wrap(plain, values), native->memory());
  native->set_made_by_reader(true);
  storage->attach_native(native);
  return native->memory();
}

}  // namespace

const dnnl::engine& DnnlEngine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& DnnlStream() {
  static thread_local dnnl::stream stream(DnnlEngine());
  return stream;
}

DnnlMemory::DnnlMemory(const dnnl::memory::desc& desc)
    : desc_(desc),
      blocks_(FindChannelBlocks(desc)),
      memory_(desc, DnnlEngine(), AllocateFor(desc)) {}

DnnlMemory::~DnnlMemory() { HostFree(memory_.get_data_handle()); }

void DnnlMemory::ToPlain(void* plain) const {
  Reorder(memory_, Wrap(PlainDesc(DimsOf(desc_)), plain));
}

dnnl::memory::desc PlainDesc(const dnnl::memory::dims& dims) {
  dnnl::memory::dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return dnnl::memory::desc(dims, dnnl::memory::data_type::f32, strides);
}

dnnl::memory ReadAs(SyncedMemory* storage, const dnnl::memory::desc& wanted, ReaderCopy copy) {
  bool converted = false;
  const dnnl::memory values = Read(storage, wanted, copy, &converted);
  if (converted) ++reorder_count;
  return values;
}

dnnl::memory ReadLearnedAs(SyncedMemory* storage, const dnnl::memory::desc& wanted,
                           ReaderCopy copy) {
  bool converted = false;
  return Read(storage, wanted, copy, &converted);
}
DnnlOutput OutputAs(SyncedMemory* storage, const dnnl::memory::desc& desc) {
  if (desc == PlainDesc(DimsOf(desc))) {
    return {nullptr, Wrap(desc, storage->mutable_cpu_data())};
  }
  auto native = NativeOf(*storage);
  // The storage's last values are dead, so their buffer may take the new ones, unless somebody
  // else holds it: the storage and this function are two.
  const bool is_free = native != nullptr && native.use_count() == 2 && native->desc() == desc;
  if (!is_free) native = std::make_shared<DnnlMemory>(desc);
  return {native, native->memory()};
}

void Publish(DnnlOutput output, SyncedMemory* storage) {
  if (output.native == nullptr) return;
  output.native->set_made_by_reader(false);
  output.native->set_without_nan(false);
  output.native->set_recipe(nullptr);
  storage->set_native(std::move(output.native));
}

void AddToPlain(const dnnl::memory& from, float* plain) {
  dnnl::post_ops add;
  add.append_sum(1.0f);
  dnnl::primitive_attr attributes = DnnlAttributes();
  attributes.set_post_ops(add);
  RunReorder(from, Wrap(PlainDesc(DimsOf(from.get_desc())), plain), attributes);
}

uint64_t FormatConversions() { return reorder_count + SyncedMemory::conversions(); }

}  // namespace caffe
