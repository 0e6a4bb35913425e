#ifndef CAFFE_SOLVER_MAKE_UPDATE_RULE_HPP_
#define CAFFE_SOLVER_MAKE_UPDATE_RULE_HPP_

#include <string>

#include "caffe/proto/caffe.pb.h"
#include "solver/update_rule.hpp"

namespace caffe {

/// Whether there is a rule of this name: "SGD", "Nesterov".
bool IsUpdateRule(const std::string& name);

/// The rule with the constants of `param`. Throws Error for an unknown name.
UpdateRule MakeUpdateRule(const std::string& name, const SolverParameter& param);

/// Numbers that the rule remembers of each weight.
int NumHistories(UpdateRule::Kind kind);

/// Whether the rule has a velocity, so that the learning rate may be inside or outside of it.
bool HasVelocity(UpdateRule::Kind kind);

/// regularization_type. Throws Error if it is neither L2 nor L1.
Regularization ParseRegularization(const std::string& text);

}  // namespace caffe

#endif  // CAFFE_SOLVER_MAKE_UPDATE_RULE_HPP_
