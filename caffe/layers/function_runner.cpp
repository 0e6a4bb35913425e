#include "caffe/layers/function_runner.hpp"

#include <cmath>

#include "caffe/layers/function_kernels.hpp"
#include "caffe/native/same_format.hpp"

namespace caffe {

namespace {

/// Padding has to come out of a function as zero, and its gradient too.
template <class Dtype, class Function>
Layouts LayoutsFor(const Function& f) {
  const Dtype y = f.value(Dtype(0));
  return y == Dtype(0) && std::isfinite(f.slope(Dtype(0), y)) ? Layouts::kAll : Layouts::kUnpadded;
}

}  // namespace

template <typename Dtype>
template <class Device, class Function>
void FunctionRunner<Dtype>::Forward(const Function& f, Phase phase, Blob<Dtype>* bottom,
                                    Blob<Dtype>* top) {
  SyncedMemory* from = bottom->data().get();
  SameFormat<Device, Dtype> format(from, bottom->count(), LayoutsFor<Dtype>(f));
  const Dtype* x = format.Read(from);
  Dtype* keep = nullptr;
  if (!Function::kSlopeFromValue && bottom == top && phase == TRAIN) {
    kept_.ReshapeLike(*bottom);
    keep = format.Write(kept_.data().get());
  }
  function_forward<Device>(format.count(), f, x, format.Write(top->data().get()), keep);
}

template <typename Dtype>
template <class Device, class Function>
void FunctionRunner<Dtype>::Backward(const Function& f, Phase phase, Blob<Dtype>* top,
                                     Blob<Dtype>* bottom) const {
  const bool in_place = bottom == top;
  constexpr bool kFromValue = Function::kSlopeFromValue;
  Require(kFromValue || !in_place || phase == TRAIN,
          "works in place, and in phase TEST does not keep what its gradient needs. Give the top ",
          "another name than the bottom");
  SyncedMemory* top_diff = top->diff().get();
  SameFormat<Device, Dtype> format(top_diff, bottom->count(), LayoutsFor<Dtype>(f));
  const Blob<Dtype>* input = in_place ? &kept_ : bottom;
  const Dtype* x = kFromValue ? nullptr : format.Read(input->data().get());
  const Dtype* y = kFromValue ? format.Read(top->data().get()) : nullptr;
  const Dtype* dy = format.Read(top_diff);
  function_backward<Device>(format.count(), f, x, y, dy, format.Write(bottom->diff().get()));
}

INSTANTIATE_CLASS(FunctionRunner);
#define INSTANTIATE_ON(Device, Dtype, Function)                                        \
  template void FunctionRunner<Dtype>::Forward<Device>(const Function<Dtype>&, Phase,  \
                                                       Blob<Dtype>*, Blob<Dtype>*);    \
  template void FunctionRunner<Dtype>::Backward<Device>(const Function<Dtype>&, Phase, \
                                                        Blob<Dtype>*, Blob<Dtype>*) const;
#define INSTANTIATE(Function)           \
  INSTANTIATE_ON(Cpu, float, Function)  \
  INSTANTIATE_ON(Cpu, double, Function) \
  INSTANTIATE_ON(Gpu, float, Function)  \
  INSTANTIATE_ON(Gpu, double, Function)
CAFFE_FOR_EACH_FUNCTION(INSTANTIATE)

}  // namespace caffe
