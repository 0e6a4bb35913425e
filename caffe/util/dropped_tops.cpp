#include "caffe/util/dropped_tops.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "caffe/error.hpp"

namespace caffe {

namespace {

/// "include { phase: TRAIN }" for each rule of a layer.
std::string RulesText(const LayerParameter& layer) {
  std::string text;
  const auto add = [&text](const char* kind, const auto& rules) {
    for (const NetStateRule& rule : rules) {
      text +=
          (text.empty() ? "" : " ") + std::string(kind) + " { " + rule.ShortDebugString() + " }";
    }
  };
  add("include", layer.include());
  add("exclude", layer.exclude());
  return text;
}

/// "phase TEST, level 0, stages 'a', 'b'".
std::string StateText(const NetState& state) {
  std::string text =
      "phase " + Phase_Name(state.phase()) + ", level " + std::to_string(state.level());
  std::string stages;
  for (const std::string& stage : state.stage()) {
    if (!stage.empty()) stages += (stages.empty() ? ", stages '" : ", '") + stage + "'";
  }
  return text + stages;
}

std::string Place(const LayerParameter& layer) {
  return layer.name() + " (" + layer.type() +
         (layer.source_location().empty() ? "" : ", " + layer.source_location()) + ")";
}

bool Makes(const LayerParameter& layer, const std::string& blob) {
  return std::find(layer.top().begin(), layer.top().end(), blob) != layer.top().end();
}

}  // namespace

void CheckDroppedTops(const NetParameter& all, const NetParameter& kept) {
  // Filtering keeps the order, so one walk over the kept layers sees what each may read.
  std::set<std::string> made(all.input().begin(), all.input().end());
  for (const LayerParameter& layer : kept.layer()) {
    for (const std::string& bottom : layer.bottom()) {
      if (made.count(bottom) > 0) continue;
      const auto makes = [&bottom](const LayerParameter& other) { return Makes(other, bottom); };
      // A kept layer that makes it further down is a matter of order, not of rules.
      if (std::any_of(kept.layer().begin(), kept.layer().end(), makes)) continue;
      const auto maker = std::find_if(all.layer().begin(), all.layer().end(), makes);
      if (maker == all.layer().end()) continue;
      throw Error(Place(layer), ": unknown bottom '", bottom, "'; layer ", Place(*maker),
                  " makes it, but its rule ", RulesText(*maker), " leaves it out of this net (",
                  StateText(all.state()), "). Let a layer make '", bottom,
                  "' in this state too, or leave out '", layer.name(), "' by the same rule");
    }
    made.insert(layer.top().begin(), layer.top().end());
  }
}

}  // namespace caffe
