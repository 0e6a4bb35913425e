#include "caffe/native/conv_engine.hpp"

#include <algorithm>
#include <type_traits>

#include "caffe/error.hpp"

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
  if constexpr (std::is_same_v<Device, Cpu>) {
    engine = MakeDnnlConv<Dtype>(shape);
    Require(engine != nullptr || wanted != ConvolutionParameter::DNNL,
            "engine DNNL (oneDNN) does not take ",
            sizeof(Dtype) == 8 ? "double precision" : "this convolution",
            ". Use engine DEFAULT or CAFFE.");
  } else {
    engine = MakeCudnnConv<Dtype>(shape);
    Require(engine != nullptr || wanted != ConvolutionParameter::CUDNN,
            "engine CUDNN does not take this convolution. Use engine DEFAULT or CAFFE.");
  }
  return engines_.emplace(shape, std::move(engine)).first->second.get();
}

template class ConvEngineCache<Cpu, float>;
template class ConvEngineCache<Cpu, double>;
template class ConvEngineCache<Gpu, float>;
template class ConvEngineCache<Gpu, double>;

}  // namespace caffe
