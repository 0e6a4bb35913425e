#include "solver/make_update_rule.hpp"

#include <cmath>
#include <map>

#include "caffe/error.hpp"

namespace caffe {

namespace {

const std::map<std::string, UpdateRule::Kind>& Kinds() {
  static const std::map<std::string, UpdateRule::Kind> kinds = {
      {"SGD", UpdateRule::Kind::kSgd},           {"Nesterov", UpdateRule::Kind::kNesterov},
      {"AdaGrad", UpdateRule::Kind::kAdaGrad},   {"RMSProp", UpdateRule::Kind::kRmsProp},
      {"AdaDelta", UpdateRule::Kind::kAdaDelta}, {"Adam", UpdateRule::Kind::kAdam}};
  return kinds;
}

std::string NameOf(UpdateRule::Kind kind) {
  for (const auto& [name, value] : Kinds()) {
    if (value == kind) return name;
  }
  return "";
}

}  // namespace

bool IsUpdateRule(const std::string& name) { return Kinds().count(name) > 0; }

UpdateRule MakeUpdateRule(const std::string& name, const SolverParameter& param) {
  const auto found = Kinds().find(name);
  if (found == Kinds().end()) {
    std::string known;
    for (const auto& entry : Kinds()) known += (known.empty() ? "" : ", ") + entry.first;
    throw Error("unknown update rule '", name, "'; known: ", known);
  }
  UpdateRule rule;
  rule.kind = found->second;
  rule.momentum = param.momentum();
  rule.momentum2 = param.momentum2();
  rule.rms_decay = param.rms_decay();
  rule.delta = param.delta();
  CheckUpdateRule(rule);
  return rule;
}

void CheckUpdateRule(const UpdateRule& rule) {
  using Kind = UpdateRule::Kind;
  const std::string name = NameOf(rule.kind);
  const auto check_mean = [&name](const char* field, double value) {
    Require(value >= 0 && value < 1, name, ": ", field, " is ", value,
            ", it must be at least 0 and below 1");
  };
  if (rule.kind == Kind::kAdaGrad || rule.kind == Kind::kRmsProp) {
    Require(rule.momentum == 0, name, " has no momentum, but momentum is ", rule.momentum,
            "; leave it out, or use Adam");
  }
  if (rule.kind == Kind::kRmsProp) check_mean("rms_decay", rule.rms_decay);
  if (rule.kind == Kind::kAdam) {
    check_mean("momentum", rule.momentum);
    check_mean("momentum2", rule.momentum2);
  }
}

double RateFactor(const UpdateRule& rule, int64_t iteration) {
  if (rule.kind != UpdateRule::Kind::kAdam) return 1;
  const double t = static_cast<double>(iteration) + 1;
  return std::sqrt(1 - std::pow(rule.momentum2, t)) / (1 - std::pow(rule.momentum, t));
}

int NumHistories(UpdateRule::Kind kind) {
  return kind == UpdateRule::Kind::kAdaDelta || kind == UpdateRule::Kind::kAdam ? 2 : 1;
}

bool HasVelocity(UpdateRule::Kind kind) {
  return kind == UpdateRule::Kind::kSgd || kind == UpdateRule::Kind::kNesterov;
}

Regularization ParseRegularization(const std::string& text) {
  Require(text == "L2" || text == "L1", "regularization_type is '", text, "', it must be L2 or L1");
  return text == "L2" ? Regularization::kL2 : Regularization::kL1;
}

}  // namespace caffe
