#include "caffe/device/gemm_batched.hpp"

#include "caffe/device/no_cuda/gpu_launch.hpp"

namespace caffe {

template <>
void GemmBatched<Gpu, float>(int, ProductSize, float, MatrixBatch<const float>,
                             MatrixBatch<const float>, float, MatrixBatch<float>) {
  ThrowNoGpu();
}

template <>
void GemmBatched<Gpu, double>(int, ProductSize, double, MatrixBatch<const double>,
                              MatrixBatch<const double>, double, MatrixBatch<double>) {
  ThrowNoGpu();
}

}  // namespace caffe
