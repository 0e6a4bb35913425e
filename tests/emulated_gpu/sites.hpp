#ifndef TESTS_EMULATED_GPU_SITES_HPP_
#define TESTS_EMULATED_GPU_SITES_HPP_

namespace emulated_gpu {

/// Places in the program that order work: a kernel's barrier, or a call of the runtime that waits
/// or records an event. mutations.py takes them away one by one, to see that some test fails:
///
///   CAFFE_EMULATED_GPU_SITES=FILE   every site is added to FILE when it is first reached
///   CAFFE_EMULATED_GPU_IGNORE=SITE  what stands at SITE does nothing
///
/// A call's site is the chain of the three nearest callers, "cudaStreamSynchronize lib+offset
/// lib+offset lib+offset"; a barrier's is "__syncthreads file:line".
bool IsIgnoredCall(const char* call);
bool IsIgnoredBarrier(const char* file, int line);

}  // namespace emulated_gpu

#endif  // TESTS_EMULATED_GPU_SITES_HPP_
