#include "caffe/layers/function_kernels.hpp"

#include "caffe/device/launch.hpp"
#include "caffe/layers/functions.hpp"

namespace caffe {

template <class Device, class Function, class Dtype>
void function_forward(int64_t n, Function f, const Dtype* x, Dtype* y, Dtype* keep) {
  if (keep != nullptr) {
    ForEach<Device>(n, [=] CAFFE_HD(int64_t i) {
      const Dtype v = x[i];
      keep[i] = v;
      y[i] = f.value(v);
    });
  } else {
    ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { y[i] = f.value(x[i]); });
  }
}

template <class Device, class Function, class Dtype>
void function_backward(int64_t n, Function f, const Dtype* x, const Dtype* y, const Dtype* dy,
                       Dtype* dx) {
  if constexpr (Function::kSlopeFromValue) {
    ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { dx[i] = dy[i] * f.slope(Dtype(0), y[i]); });
  } else {
    ForEach<Device>(n, [=] CAFFE_HD(int64_t i) { dx[i] = dy[i] * f.slope(x[i], Dtype(0)); });
  }
}

#define INSTANTIATE_WITH(Device, Dtype, Function)                                               \
  template void function_forward<Device, Function<Dtype>, Dtype>(int64_t, Function<Dtype>,      \
                                                                 const Dtype*, Dtype*, Dtype*); \
  template void function_backward<Device, Function<Dtype>, Dtype>(                              \
      int64_t, Function<Dtype>, const Dtype*, const Dtype*, const Dtype*, Dtype*);
#define INSTANTIATE_CPU_FLOAT(Function) INSTANTIATE_WITH(Cpu, float, Function)
#define INSTANTIATE_CPU_DOUBLE(Function) INSTANTIATE_WITH(Cpu, double, Function)
#define INSTANTIATE_GPU_FLOAT(Function) INSTANTIATE_WITH(Gpu, float, Function)
#define INSTANTIATE_GPU_DOUBLE(Function) INSTANTIATE_WITH(Gpu, double, Function)
#define INSTANTIATE_Cpu_float CAFFE_FOR_EACH_FUNCTION(INSTANTIATE_CPU_FLOAT)
#define INSTANTIATE_Cpu_double CAFFE_FOR_EACH_FUNCTION(INSTANTIATE_CPU_DOUBLE)
#define INSTANTIATE_Gpu_float CAFFE_FOR_EACH_FUNCTION(INSTANTIATE_GPU_FLOAT)
#define INSTANTIATE_Gpu_double CAFFE_FOR_EACH_FUNCTION(INSTANTIATE_GPU_DOUBLE)
#define INSTANTIATE(Device, Dtype) INSTANTIATE_##Device##_##Dtype
CAFFE_INSTANTIATE_KERNELS(INSTANTIATE)

}  // namespace caffe
