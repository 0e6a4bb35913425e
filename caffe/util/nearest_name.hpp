#ifndef CAFFE_UTIL_NEAREST_NAME_HPP_
#define CAFFE_UTIL_NEAREST_NAME_HPP_

#include <string>
#include <vector>

namespace caffe {

/// Fewest insertions, deletions, replacements of a character and swaps of two neighbours that
/// turn one text into the other; letters compare without regard to case.
int EditDistance(const std::string& a, const std::string& b);

/// The candidate that was probably meant by `name`: the one with the smallest edit distance, the
/// first of equals. "" if none is close, that is if more than a third of the longer name
/// differs.
std::string NearestName(const std::string& name, const std::vector<std::string>& candidates);

/// " (did you mean 'x'?)" for an error message, or "" if nothing is close.
std::string DidYouMean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace caffe

#endif  // CAFFE_UTIL_NEAREST_NAME_HPP_
