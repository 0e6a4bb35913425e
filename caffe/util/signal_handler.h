#ifndef CAFFE_UTIL_SIGNAL_HANDLER_H_
#define CAFFE_UTIL_SIGNAL_HANDLER_H_

#include "solver/signal_handler.hpp"

#endif  // CAFFE_UTIL_SIGNAL_HANDLER_H_
