#ifndef SIGN_SOLVER_HPP_
#define SIGN_SOLVER_HPP_

#include <string>

#include "caffe/sgd_solvers.hpp"

namespace caffe {

/// Steps of equal size against the sign of the gradient.
template <typename Dtype>
class SignSolver : public SGDSolver<Dtype> {
 public:
  explicit SignSolver(const SolverParameter& param)
      : SGDSolver<Dtype>(param) {}
  explicit SignSolver(const string& param_file)
      : SGDSolver<Dtype>(param_file) {}
  virtual inline const char* type() const { return "Sign"; }

 protected:
  virtual void ComputeUpdateValue(int param_id, Dtype rate);

  DISABLE_COPY_AND_ASSIGN(SignSolver);
};

}  // namespace caffe

#endif  // SIGN_SOLVER_HPP_
