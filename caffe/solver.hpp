#ifndef CAFFE_SOLVER_HPP_
#define CAFFE_SOLVER_HPP_

#include "solver/solver.hpp"

#endif  // CAFFE_SOLVER_HPP_
