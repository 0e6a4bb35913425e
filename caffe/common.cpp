#include "caffe/common.hpp"

#include <random>

#include "caffe/device/context.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

void GlobalInit(int* pargc, char*** pargv) {
  gflags::ParseCommandLineFlags(pargc, pargv, true);
  google::InitGoogleLogging(*(pargv)[0]);
}

Caffe::Caffe() : random_generator_(new RNG()) {}

Caffe& Caffe::Get() {
  static thread_local Caffe context;
  return context;
}

Caffe::RNG& Caffe::rng_stream() {
  random_seed();  // draws one, and seeds the stream, where none was set
  return *Get().random_generator_;
}

void Caffe::set_random_seed(const unsigned int seed) {
  Caffe& context = Get();
  context.random_seed_ = seed;
  context.has_random_seed_ = true;
  *context.random_generator_ = RNG(seed);
  ResetGpuGenerators();
}

uint64_t Caffe::random_seed() {
  if (!Get().has_random_seed_) {
    std::random_device entropy;
    set_random_seed(entropy());
  }
  return Get().random_seed_;
}

class Caffe::RNG::Generator {
 public:
  explicit Generator(uint64_t seed) : engine(seed) {}
  rng_t engine;
};

Caffe::RNG::RNG() : RNG(0) {}
Caffe::RNG::RNG(unsigned int seed) : generator_(new Generator(seed)) {}
Caffe::RNG::RNG(const RNG& other) : generator_(new Generator(*other.generator_)) {}

Caffe::RNG& Caffe::RNG::operator=(const RNG& other) {
  *generator_ = *other.generator_;
  return *this;
}

void* Caffe::RNG::generator() { return &generator_->engine; }

}  // namespace caffe
