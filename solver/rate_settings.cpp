#include "solver/rate_settings.hpp"

#include <google/protobuf/text_format.h>

#include <sstream>
#include <vector>

#include "solver/lr_policy.hpp"

namespace caffe {

namespace {

const std::vector<const char*>& FieldNames() {
  static const std::vector<const char*> names = {
      "base_lr",     "lr_policy",           "gamma", "power", "stepsize", "stepvalue", "max_iter",
      "warmup_iter", "warmup_start_factor", "min_lr"};
  return names;
}

/// "stepvalue: 100 stepvalue: 200"; "no stepvalue" where it is not set.
std::string FieldText(const SolverParameter& solver, const char* name) {
  const auto* field = SolverParameter::descriptor()->FindFieldByName(name);
  const auto* reflection = solver.GetReflection();
  SolverParameter one;
  const int count = field->is_repeated() ? reflection->FieldSize(solver, field)
                                         : reflection->HasField(solver, field);
  if (count == 0) return std::string("no ") + name;
  std::string text;
  for (int i = 0; i < count; ++i) {
    std::string value;
    google::protobuf::TextFormat::PrintFieldValueToString(solver, field,
                                                          field->is_repeated() ? i : -1, &value);
    text += (i > 0 ? " " : "") + std::string(name) + ": " + value;
  }
  return text;
}

/// The steps that the policy has counted when it comes to the iteration by itself.
int StepsAt(const LrPolicy& policy, int iteration) {
  int steps = 0;
  for (const int64_t decay : policy.Decays()) steps += decay < iteration;
  return steps;
}

}  // namespace

SolverParameter RateSettings(const SolverParameter& solver) {
  SolverParameter settings = solver;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  settings.GetReflection()->ListFields(settings, &fields);
  for (const auto* field : fields) {
    bool is_setting = false;
    for (const char* name : FieldNames()) is_setting |= field->name() == name;
    if (!is_setting) settings.GetReflection()->ClearField(&settings, field);
  }
  return settings;
}

std::string RateChangeText(const SolverParameter& solver, const SolverState& state) {
  if (!solver.has_lr_policy()) return "";
  const LrPolicy policy(solver);
  const bool uses_max_iter = solver.lr_policy() == "poly" || solver.lr_policy() == "cosine";
  std::ostringstream changes;
  for (const char* name : FieldNames()) {
    if (!state.has_rate_settings()) break;
    if (name == std::string("max_iter") && !uses_max_iter) continue;
    const std::string before = FieldText(state.rate_settings(), name);
    const std::string now = FieldText(solver, name);
    if (before != now) {
      changes << (changes.tellp() > 0 ? "; " : "") << now << " instead of " << before;
    }
  }
  int steps_kept = state.current_step(), steps_alone = StepsAt(policy, state.iter());
  const double kept = policy.Rate(state.iter(), &steps_kept);
  const double alone = policy.Rate(state.iter(), &steps_alone);
  if (changes.tellp() == 0 && kept == alone) return "";
  std::ostringstream text;
  text << "The learning rate has another schedule than the state was written with";
  if (changes.tellp() > 0) text << ": " << changes.str();
  text << ". Training resumes at iteration " << state.iter() << " with the rate " << kept;
  if (state.has_rate_settings()) {
    const LrPolicy old(state.rate_settings());
    int steps = state.current_step();
    text << ", before it was " << old.Rate(state.iter(), &steps);
  }
  text << ".";
  if (kept != alone) {
    text << " By itself the solver file gives " << alone << " there: the state has counted "
         << state.current_step() << " decays of the rate, with this file there are " << steps_alone
         << ". To get the file's rate, start a new training with --weights instead.";
  }
  return text.str();
}

}  // namespace caffe
