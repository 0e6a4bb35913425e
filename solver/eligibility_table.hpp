#ifndef CAFFE_SOLVER_ELIGIBILITY_TABLE_HPP_
#define CAFFE_SOLVER_ELIGIBILITY_TABLE_HPP_

#include <string>
#include <vector>

#include "solver/eligibility.hpp"

namespace caffe {

/// A line of the table of layers, for people.
struct EligibilityLine {
  std::string layer;
  std::string type;
  std::string weights;   // their shape, or ""
  std::string channels;  // how many, or "-"
  /// The layer's probability, or why it is not eligible.
  std::string verdict;
};

/// What became of every layer with weights, in net order. Layers that are out for the same
/// reason share one line at the end if they are many of one type: in a deep net these are the
/// normalisations.
std::vector<EligibilityLine> EligibilityTable(const Eligibility& eligibility);

}  // namespace caffe

#endif  // CAFFE_SOLVER_ELIGIBILITY_TABLE_HPP_
