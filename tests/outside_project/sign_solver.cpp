#include <vector>

#include "caffe/solver_factory.hpp"
#include "caffe/util/math_functions.hpp"
#include "sign_solver.hpp"

namespace caffe {

template <typename Dtype>
void SignSolver<Dtype>::ComputeUpdateValue(int param_id, Dtype rate) {
  const vector<Blob<Dtype>*>& net_params = this->net_->learnable_params();
  const vector<float>& net_params_lr = this->net_->params_lr();
  Blob<Dtype>* param = net_params[param_id];
  const Dtype local_rate = rate * net_params_lr[param_id];
  switch (Caffe::mode()) {
  case Caffe::CPU: {
    Dtype* history = this->history_[param_id]->mutable_cpu_data();
    caffe_cpu_sign(param->count(), param->cpu_diff(), history);
    caffe_cpu_scale(param->count(), local_rate, history,
        param->mutable_cpu_diff());
    break;
  }
  case Caffe::GPU: {
#ifndef CPU_ONLY
    Dtype* history = this->history_[param_id]->mutable_gpu_data();
    caffe_gpu_sign(param->count(), param->gpu_diff(), history);
    caffe_gpu_scale(param->count(), local_rate, history,
        param->mutable_gpu_diff());
#else
    NO_GPU;
#endif
    break;
  }
  default:
    LOG(FATAL) << "Unknown caffe mode: " << Caffe::mode();
  }
}

INSTANTIATE_CLASS(SignSolver);
REGISTER_SOLVER_CLASS(Sign);

}  // namespace caffe
