#ifndef CAFFE_COMMON_HPP_
#define CAFFE_COMMON_HPP_

#include <gflags/gflags.h>
#include <glog/logging.h>

#include <climits>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "caffe/error.hpp"
#include "caffe/util/device_alternate.hpp"

#define STRINGIFY(m) #m
#define AS_STRING(m) STRINGIFY(m)

#define DISABLE_COPY_AND_ASSIGN(classname) \
 private:                                  \
  classname(const classname&);             \
  classname& operator=(const classname&)

/// Compiles the members of a class template for float and double.
#define INSTANTIATE_CLASS(classname)   \
  char gInstantiationGuard##classname; \
  template class classname<float>;     \
  template class classname<double>

#define INSTANTIATE_LAYER_GPU_FORWARD(classname)                                  \
  template void classname<float>::Forward_gpu(const std::vector<Blob<float>*>&,   \
                                              const std::vector<Blob<float>*>&);  \
  template void classname<double>::Forward_gpu(const std::vector<Blob<double>*>&, \
                                               const std::vector<Blob<double>*>&)

#define INSTANTIATE_LAYER_GPU_BACKWARD(classname)                                  \
  template void classname<float>::Backward_gpu(const std::vector<Blob<float>*>&,   \
                                               const std::vector<bool>&,           \
                                               const std::vector<Blob<float>*>&);  \
  template void classname<double>::Backward_gpu(const std::vector<Blob<double>*>&, \
                                                const std::vector<bool>&,          \
                                                const std::vector<Blob<double>*>&)

#define INSTANTIATE_LAYER_GPU_FUNCS(classname) \
  INSTANTIATE_LAYER_GPU_FORWARD(classname);    \
  INSTANTIATE_LAYER_GPU_BACKWARD(classname)

#define NOT_IMPLEMENTED throw ::caffe::Error(__FILE__, ":", __LINE__, ": not implemented")

namespace cv {
class Mat;
}

namespace caffe {

using std::fstream;
using std::ios;
using std::isinf;
using std::isnan;
using std::iterator;
using std::make_pair;
using std::map;
using std::ostringstream;
using std::pair;
using std::set;
using std::shared_ptr;
using std::string;
using std::stringstream;
using std::vector;

/// Takes gflags' and glog's flags off the command line and starts logging.
void GlobalInit(int* pargc, char*** pargv);

/// What a thread of a program carries around: the device in use, its library handles, the
/// random generator and its place among parallel solvers. One per thread.
class Caffe {
 public:
  /// This thread's context.
  static Caffe& Get();

  enum Brew { CPU, GPU };

  /// A random generator behind an opaque pointer (an rng_t; see caffe/util/rng.hpp).
  class RNG {
   public:
    RNG();
    explicit RNG(unsigned int seed);
    explicit RNG(const RNG&);
    RNG& operator=(const RNG&);
    void* generator();

   private:
    class Generator;
    shared_ptr<Generator> generator_;
  };

  static RNG& rng_stream();

#ifndef CPU_ONLY
  /// This thread's own for the current device; created at first use, on stream().
  static cublasHandle_t cublas_handle();
  static curandGenerator_t curand_generator();
  /// See cuda::CurrentStream.
  static cudaStream_t stream();
#endif

  static Brew mode() { return Get().mode_; }
  static void set_mode(Brew mode) { Get().mode_ = mode; }

  /// Seeds this thread's generator; everything random in nets built and run by this thread
  /// follows from it.
  static void set_random_seed(const unsigned int seed);
  /// The seed in force; drawn from the system's entropy if none was set.
  static uint64_t random_seed();

  /// Makes a GPU current for this thread. Throws Error if there is no such device.
  static void SetDevice(const int device_id);
  /// Prints the current device's properties to the log.
  static void DeviceQuery();
  static bool CheckDevice(const int device_id);
  /// First usable device with an id of at least start_id, or -1.
  static int FindDevice(const int start_id = 0);

  static int solver_count() { return Get().solver_count_; }
  static void set_solver_count(int val) { Get().solver_count_ = val; }
  static int solver_rank() { return Get().solver_rank_; }
  static void set_solver_rank(int val) { Get().solver_rank_ = val; }
  static bool multiprocess() { return Get().multiprocess_; }
  static void set_multiprocess(bool val) { Get().multiprocess_ = val; }
  static bool root_solver() { return Get().solver_rank_ == 0; }

 protected:
  shared_ptr<RNG> random_generator_;
  uint64_t random_seed_ = 0;
  bool has_random_seed_ = false;
  Brew mode_ = CPU;
  int solver_count_ = 1;
  int solver_rank_ = 0;
  bool multiprocess_ = false;

 private:
  Caffe();
  DISABLE_COPY_AND_ASSIGN(Caffe);
};

}  // namespace caffe

#endif  // CAFFE_COMMON_HPP_
