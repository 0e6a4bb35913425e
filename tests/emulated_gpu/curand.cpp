// cuRAND: generators that can be made and seeded. Nobody draws from them.
#include <curand.h>

#include "tests/emulated_gpu/library_handle.hpp"

using emulated_gpu::LibraryHandle;

namespace {

LibraryHandle& Of(curandGenerator_t generator) {
  return *reinterpret_cast<LibraryHandle*>(generator);
}

}  // namespace

extern "C" {

curandStatus_t curandCreateGenerator(curandGenerator_t* generator, curandRngType_t) {
  *generator = reinterpret_cast<curandGenerator_t>(new LibraryHandle);
  return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandDestroyGenerator(curandGenerator_t generator) {
  Of(generator).CheckStream("curandDestroyGenerator");
  delete &Of(generator);
  return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandSetStream(curandGenerator_t generator, cudaStream_t stream) {
  Of(generator).set_stream(stream);
  return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t, unsigned long long) {
  return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) {
  return CURAND_STATUS_SUCCESS;
}

}  // extern "C"
