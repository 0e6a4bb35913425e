#include "caffe/util/wait_policy.hpp"

#include "caffe/util/restart_with_spin.hpp"

extern char** environ;

namespace caffe {

void RestartWithBoundedSpin(char** argv) { RestartWithSpin(argv, environ); }

}  // namespace caffe
