#ifndef CAFFE_SGD_SOLVERS_HPP_
#define CAFFE_SGD_SOLVERS_HPP_

#include "solver/sgd_solvers.hpp"

#endif  // CAFFE_SGD_SOLVERS_HPP_
