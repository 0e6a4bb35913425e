#include "solver/channel_dropback_solver.hpp"

#include "caffe/util/upgrade_proto.hpp"
#include "solver/channel_dropback.hpp"
#include "solver/make_update_rule.hpp"

namespace caffe {

namespace {

SolverParameter WithMethod(SolverParameter param) {
  param.set_type("ChannelDropBack");
  param.mutable_channel_dropback_param();
  return param;
}

SolverParameter ReadSolverFile(const string& param_file) {
  SolverParameter param;
  ReadSolverParamsFromTextFileOrDie(param_file, &param);
  return param;
}

/// A base that is no rule of ours may be a solver type that a user registered; that solver
/// then carries the method itself.
template <typename Dtype>
Solver<Dtype>* CreateChannelDropBackSolver(const SolverParameter& param) {
  const string base = BaseOf(param.channel_dropback_param());
  const auto& registry = SolverRegistry<Dtype>::Registry();
  const auto user_type = registry.find(base);
  if (IsUpdateRule(base) || base == "ChannelDropBack" || user_type == registry.end()) {
    return new ChannelDropBackSolver<Dtype>(param);
  }
  SolverParameter base_param = WithMethod(param);
  base_param.set_type(base);
  return user_type->second(base_param);
}

}  // namespace

template <typename Dtype>
ChannelDropBackSolver<Dtype>::ChannelDropBackSolver(const SolverParameter& param)
    : SGDSolver<Dtype>(WithMethod(param), BaseOf(param.channel_dropback_param())) {}

template <typename Dtype>
ChannelDropBackSolver<Dtype>::ChannelDropBackSolver(const string& param_file)
    : ChannelDropBackSolver(ReadSolverFile(param_file)) {}

INSTANTIATE_CLASS(ChannelDropBackSolver);
REGISTER_SOLVER_CREATOR(ChannelDropBack, CreateChannelDropBackSolver);

}  // namespace caffe
