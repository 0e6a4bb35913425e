#include "caffe/device/fence.hpp"

namespace caffe {

Fence::~Fence() {}
void Fence::Record() {}
void Fence::Wait() {}

}  // namespace caffe
