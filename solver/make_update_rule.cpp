#include "solver/make_update_rule.hpp"

#include <map>

#include "caffe/error.hpp"

namespace caffe {

namespace {

const std::map<std::string, UpdateRule::Kind>& Kinds() {
  static const std::map<std::string, UpdateRule::Kind> kinds = {
      {"SGD", UpdateRule::Kind::kSgd}, {"Nesterov", UpdateRule::Kind::kNesterov}};
  return kinds;
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
  return {found->second, param.momentum()};
}

int NumHistories(UpdateRule::Kind kind) { return 1; }

bool HasVelocity(UpdateRule::Kind kind) {
  return kind == UpdateRule::Kind::kSgd || kind == UpdateRule::Kind::kNesterov;
}

Regularization ParseRegularization(const std::string& text) {
  Require(text == "L2" || text == "L1", "regularization_type is '", text, "', it must be L2 or L1");
  return text == "L2" ? Regularization::kL2 : Regularization::kL1;
}

}  // namespace caffe
