#include "caffe/native/conv_engine.hpp"

#include <algorithm>
#include <type_traits>

#include "caffe/error.hpp"
#include "caffe/native/winograd_conv.hpp"

namespace caffe {
namespace {

/// Shapes that a layer keeps ready; a net whose inputs change size all the time would
/// otherwise collect them without end.
constexpr size_t kMaxShapes = 16;

bool HasWork(const ConvShape& shape) {
  const auto positive = [](int dim) { return dim > 0; };
  return shape.num > 0 && std::all_of(shape.in.begin(), shape.in.end(), positive) &&
         std::all_of(shape.out.begin(), shape.out.end(), positive);
}

template <typename Device>
constexpr ConvolutionParameter::Engine Library() {
  return std::is_same_v<Device, Cpu> ? ConvolutionParameter::DNNL : ConvolutionParameter::CUDNN;
}

template <typename Device, typename Dtype>
std::unique_ptr<ConvEngine<Dtype>> MakeLibraryConv(const ConvShape& shape) {
  if constexpr (std::is_same_v<Device, Cpu>)
    return MakeDnnlConv<Dtype>(shape);
  else
    return MakeCudnnConv<Dtype>(shape);
}

/// Our CPU kernels fill vectors along rows. oneDNN fills them with channels, which is faster where
/// the rows are shorter than a vector (twice at 4x4, measured).
template <typename Device>
bool TooNarrow(const ConvShape& shape) {
  return std::is_same_v<Device, Cpu> && !shape.out.empty() && shape.out.back() < 8;
}

/// A way of our own that is faster than the library, or null.
template <typename Device, typename Dtype>
std::unique_ptr<ConvEngine<Dtype>> MakeFasterConv(const ConvShape& shape) {
  if constexpr (std::is_same_v<Device, Cpu> && std::is_same_v<Dtype, float>)
    if (auto engine = MakeFasterWinogradConv(shape)) return engine;
  if (TooNarrow<Device>(shape)) return nullptr;
  return MakeDepthwiseConv<Device, Dtype>(shape);
}

}  // namespace

template <typename Device, typename Dtype>
ConvEngine<Dtype>* ConvEngineCache<Device, Dtype>::Get(ConvolutionParameter::Engine wanted,
                                                       const ConvShape& shape) {
  if (wanted == ConvolutionParameter::CAFFE || !HasWork(shape)) return nullptr;
  if (const auto found = engines_.find(shape); found != engines_.end()) {
    return found->second.get();
  }
  if (engines_.size() >= kMaxShapes) engines_.clear();
  std::unique_ptr<ConvEngine<Dtype>> engine;
  constexpr auto library = Library<Device>();
  const bool own_allowed = wanted != library;
  if (own_allowed) engine = MakeFasterConv<Device, Dtype>(shape);
  if (engine == nullptr) engine = MakeLibraryConv<Device, Dtype>(shape);
  if (engine == nullptr && own_allowed) engine = MakeDepthwiseConv<Device, Dtype>(shape);
  Require(
      engine != nullptr || wanted != library, "engine ", ConvolutionParameter::Engine_Name(library),
      " does not take ",
      std::is_same_v<Device, Cpu> && sizeof(Dtype) == 8 ? "double precision" : "this convolution",
      ". Use engine DEFAULT or CAFFE.");
  return engines_.emplace(shape, std::move(engine)).first->second.get();
}

template class ConvEngineCache<Cpu, float>;
template class ConvEngineCache<Cpu, double>;
template class ConvEngineCache<Gpu, float>;
template class ConvEngineCache<Gpu, double>;

}  // namespace caffe
