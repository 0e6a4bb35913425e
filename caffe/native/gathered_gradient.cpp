#include "caffe/native/gathered_gradient.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "caffe/native/dnnl_api.hpp"
#include "caffe/util/weights_part.hpp"

namespace caffe {
namespace {

int64_t Product(const std::vector<int>& dims) {
  int64_t product = 1;
  for (const int dim : dims) product *= dim;
  return product;
}

/// One block of gathered channels in one image, all positions of it.
/// @param kept  its channels, at most kBlock
template <int kBlock>
void GatherBlock(const float* image, int64_t slab, const int* kept, int count, float* to) {
  const float* from[kBlock];
  for (int lane = 0; lane < count; ++lane) {
    from[lane] = image + kept[lane] / kBlock * slab + kept[lane] % kBlock;
  }
  if (count == kBlock) {
    for (int64_t p = 0; p < slab; p += kBlock) {
      for (int lane = 0; lane < kBlock; ++lane) to[p + lane] = from[lane][p];
    }
    return;
  }
  for (int64_t p = 0; p < slab; p += kBlock) {
    for (int lane = 0; lane < count; ++lane) to[p + lane] = from[lane][p];
    for (int lane = count; lane < kBlock; ++lane) to[p + lane] = 0;
  }
}

/// packed = the kept channels in blocks of their own.
template <int kBlock>
void GatherChannels(const ChannelBlocks& from, const float* images, const std::vector<int>& kept,
                    float* packed) {
  const int count = static_cast<int>(kept.size()), blocks = (count + kBlock - 1) / kBlock;
  const int64_t slab = from.slab(), image = from.blocks() * slab;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < from.num; ++n) {
    for (int b = 0; b < blocks; ++b) {
      GatherBlock<kBlock>(images + n * image, slab, kept.data() + b * kBlock,
                          std::min(kBlock, count - b * kBlock), packed + (n * blocks + b) * slab);
    }
  }
}

/// The kept channels of the images, filled up to `filled` channels.
std::unique_ptr<SyncedMemory> Gather(const NativeImages& images, const ChannelBlocks& blocks,
                                     const std::vector<int>& kept, int filled) {
  dnnl::memory::dims dims = DimsOf(images.desc);
  dims[1] = filled;
  const dnnl::memory::desc desc = ChannelBlocksDesc(dims, blocks.block);
  auto packed = std::make_unique<SyncedMemory>(desc.get_size());
  const auto* from = static_cast<const float*>(images.Read().get_data_handle());
  DnnlOutput out = OutputAs(packed.get(), desc);
  const auto gather = blocks.block == 16 ? GatherChannels<16> : GatherChannels<8>;
  gather(blocks, from, kept, static_cast<float*>(out.memory.get_data_handle()));
  Publish(std::move(out), packed.get());
  return packed;
}

}  // namespace

bool GatheredGradient::Add(const WeightsPart& part, const NativeImages& src,
                           const NativeImages& dst_diff, SyncedMemory* weights_diff) {
  if (part.kept.empty()) return true;
  if (shape_.group != 1) return false;
  const bool outputs = part.axis == 0;
  const NativeImages& images = outputs ? dst_diff : src;
  const std::optional<ChannelBlocks> blocks = FindChannelBlocks(images.desc);
  if (!blocks) return false;
  const int count = static_cast<int>(part.kept.size());
  const int filled = (count + blocks->block - 1) / blocks->block * blocks->block;
  if (!Pays(part, filled)) return false;
  ConvShape fewer = shape_;
  fewer.bias = false;
  (outputs ? fewer.out_channels : fewer.in_channels) = filled;
  ConvEngine<float>* conv = ConvOf(fewer);
  if (conv == nullptr) return false;

  const std::unique_ptr<SyncedMemory> packed = Gather(images, *blocks, part.kept, filled);
  const int64_t inner = Product(shape_.kernel);
  SyncedMemory sums(sizeof(float) * fewer.out_channels * fewer.in_channels * inner);
  conv->BackwardWeights(outputs ? src.storage : packed.get(),
                        outputs ? packed.get() : dst_diff.storage, &sums, nullptr);
  AddPart(part, shape_.out_channels, shape_.in_channels, inner, filled,
          static_cast<const float*>(sums.cpu_data()),
          static_cast<float*>(weights_diff->mutable_cpu_data()));
  return true;
}

bool GatheredGradient::Pays(const WeightsPart& part, int filled) const {
  const bool outputs = part.axis == 0;
  const double saved = (outputs ? shape_.out_channels : shape_.in_channels) - filled;
  const double others = outputs ? shape_.in_channels : shape_.out_channels;
  const double outs = double(shape_.num) * Product(shape_.out);
  const double positions = outputs ? outs : double(shape_.num) * Product(shape_.in);
  const double weights = filled * others * Product(shape_.kernel);
  return GatheringPays(saved * others * Product(shape_.kernel) * outs,
                       filled * positions + weights);
}

ConvEngine<float>* GatheredGradient::ConvOf(const ConvShape& shape) {
  const auto found = convs_.find(shape);
  if (found != convs_.end()) return found->second.get();
  return convs_.emplace(shape, MakeDnnlConv<float>(shape)).first->second.get();
}

bool AddBiasGradient(const NativeImages& dst_diff, SyncedMemory* bias_diff) {
  const std::optional<ChannelBlocks> blocks = FindChannelBlocks(dst_diff.desc);
  if (!blocks) return false;
  const auto* from = static_cast<const float*>(dst_diff.Read().get_data_handle());
  auto* sums = static_cast<float*>(bias_diff->mutable_cpu_data());
  const int64_t slab = blocks->slab(), image = blocks->blocks() * slab;
#pragma omp parallel for schedule(static)
  for (int64_t b = 0; b < blocks->blocks(); ++b) {
    double lanes[16] = {};
    for (int64_t n = 0; n < blocks->num; ++n) {
      const float* values = from + n * image + b * slab;
      for (int64_t p = 0; p < slab; p += blocks->block) {
        for (int lane = 0; lane < blocks->block; ++lane) lanes[lane] += values[p + lane];
      }
    }
    const int64_t first = b * blocks->block;
    const int64_t count = std::min<int64_t>(blocks->block, blocks->channels - first);
    for (int64_t lane = 0; lane < count; ++lane) {
      sums[first + lane] += static_cast<float>(lanes[lane]);
    }
  }
  return true;
}

}  // namespace caffe
