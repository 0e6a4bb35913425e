#ifndef CAFFE_SOLVER_FACTORY_HPP_
#define CAFFE_SOLVER_FACTORY_HPP_

#include "solver/solver_factory.hpp"

#endif  // CAFFE_SOLVER_FACTORY_HPP_
