#include "solver/solver_factory.hpp"

#include "caffe/util/nearest_name.hpp"
#include "solver/solver.hpp"

namespace caffe {

template <typename Dtype>
typename SolverRegistry<Dtype>::CreatorRegistry& SolverRegistry<Dtype>::Registry() {
  static CreatorRegistry registry;
  return registry;
}

template <typename Dtype>
void SolverRegistry<Dtype>::AddCreator(const string& type, Creator creator) {
  const bool is_new = Registry().emplace(type, creator).second;
  Require(is_new, "solver type '", type, "' is registered twice");
}

template <typename Dtype>
vector<string> SolverRegistry<Dtype>::SolverTypeList() {
  vector<string> types;
  for (const auto& entry : Registry()) types.push_back(entry.first);
  return types;
}

template <typename Dtype>
Solver<Dtype>* SolverRegistry<Dtype>::CreateSolver(const SolverParameter& param) {
  const auto found = Registry().find(param.type());
  if (found != Registry().end()) return found->second(param);
  string known;
  for (const string& type : SolverTypeList()) known += (known.empty() ? "" : ", ") + type;
  throw Error("unknown solver type '", param.type(), "'",
              DidYouMean(param.type(), SolverTypeList()), "; known types: ", known);
}

template class SolverRegistry<float>;
template class SolverRegistry<double>;

}  // namespace caffe
