#ifndef CAFFE_UTIL_MKL_ALTERNATE_H_
#define CAFFE_UTIL_MKL_ALTERNATE_H_

/// The CBLAS interface, and cblas_?axpby under the name that code written for Caffe expects
/// (OpenBLAS has it itself).

#include <cblas.h>

#endif  // CAFFE_UTIL_MKL_ALTERNATE_H_
