#ifndef CAFFE_SOLVER_MAKE_UPDATE_RULE_HPP_
#define CAFFE_SOLVER_MAKE_UPDATE_RULE_HPP_

#include <string>

#include "caffe/proto/caffe.pb.h"
#include "solver/update_rule.hpp"

namespace caffe {

/// Whether there is a rule of this name: "SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta",
/// "Adam".
bool IsUpdateRule(const std::string& name);

/// The rule with the constants of `param`. Throws Error for an unknown name, and for constants
/// that the rule cannot work with.
UpdateRule MakeUpdateRule(const std::string& name, const SolverParameter& param);

/// Throws Error for constants that the rule cannot work with.
void CheckUpdateRule(const UpdateRule& rule);

/// What multiplies the learning rate in an iteration, counted from 0. For Adam the correction
/// sqrt(1 - momentum2^t) / (1 - momentum^t) of the zeros that the means started from,
/// t = iteration + 1; 1 for all other rules.
double RateFactor(const UpdateRule& rule, int64_t iteration);

/// Numbers that the rule remembers of each weight.
int NumHistories(UpdateRule::Kind kind);

/// Whether the rule has a velocity, so that the learning rate may be inside or outside of it.
bool HasVelocity(UpdateRule::Kind kind);

/// regularization_type. Throws Error if it is neither L2 nor L1.
Regularization ParseRegularization(const std::string& text);

}  // namespace caffe

#endif  // CAFFE_SOLVER_MAKE_UPDATE_RULE_HPP_
