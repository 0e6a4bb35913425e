#ifndef CAFFE_SOLVER_CHANNEL_DROPBACK_SOLVER_HPP_
#define CAFFE_SOLVER_CHANNEL_DROPBACK_SOLVER_HPP_

#include <string>

#include "solver/sgd_solvers.hpp"

namespace caffe {

/// `type: "ChannelDropBack"`: the rule that channel_dropback_param.base names, with the
/// method's masks on the update. Without any channel_dropback_param this is the method of the
/// paper with the paper's rates.
template <typename Dtype>
class ChannelDropBackSolver : public SGDSolver<Dtype> {
 public:
  explicit ChannelDropBackSolver(const SolverParameter& param);
  explicit ChannelDropBackSolver(const string& param_file);
  const char* type() const override { return "ChannelDropBack"; }

  DISABLE_COPY_AND_ASSIGN(ChannelDropBackSolver);
};

}  // namespace caffe

#endif  // CAFFE_SOLVER_CHANNEL_DROPBACK_SOLVER_HPP_
