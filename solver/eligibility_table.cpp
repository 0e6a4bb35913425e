#include "solver/eligibility_table.hpp"

#include <map>
#include <sstream>
#include <utility>

#include "caffe/blob.hpp"

namespace caffe {

namespace {

/// More rows than this with the same type and reason share a line.
constexpr int kMostAlike = 8;

EligibilityLine LineOf(const EligibilityRow& row, const Eligibility& eligibility) {
  EligibilityLine line{row.name, row.type, ShapeText(row.weight_shape), "-", "no: " + row.reason};
  if (row.eligible_index >= 0) {
    const EligibleLayer& layer = eligibility.layers[row.eligible_index];
    std::ostringstream verdict;
    verdict << "yes, probability " << layer.probability;
    line.channels = std::to_string(layer.channels);
    line.verdict = verdict.str();
  }
  return line;
}

}  // namespace

std::vector<EligibilityLine> EligibilityTable(const Eligibility& eligibility) {
  std::map<std::pair<std::string, std::string>, int> alike;
  for (const EligibilityRow& row : eligibility.rows) {
    if (row.eligible_index < 0) ++alike[{row.type, row.reason}];
  }
  std::vector<EligibilityLine> lines;
  for (const EligibilityRow& row : eligibility.rows) {
    if (row.eligible_index >= 0 || alike[{row.type, row.reason}] <= kMostAlike) {
      lines.push_back(LineOf(row, eligibility));
    }
  }
  for (const auto& [key, count] : alike) {
    if (count <= kMostAlike) continue;
    const auto& [type, reason] = key;
    lines.push_back({std::to_string(count) + " layers", type, "", "-", "no: " + reason});
  }
  return lines;
}

}  // namespace caffe
