#include "data_tools/unreadable_images.hpp"

#include <algorithm>
#include <sstream>

#include "caffe/error.hpp"

namespace caffe {

namespace {

constexpr size_t kReasonsShown = 20;

}  // namespace

std::vector<std::string> ListLines(const std::vector<ImageRemark>& remarks) {
  std::vector<std::string> lines;
  for (const ImageRemark& remark : remarks) lines.push_back(remark.path + '\t' + remark.text);
  return lines;
}

std::string UnreadableText(const std::vector<ImageRemark>& problems, size_t total,
                           const std::string& database, const std::string& list) {
  std::ostringstream text;
  text << problems.size() << " of " << total << " images could not be read; " << database
       << " has the other " << total - problems.size() << ". Left out, as listed in " << list
       << ":";
  const size_t shown = std::min(problems.size(), kReasonsShown);
  for (size_t i = 0; i < shown; ++i) {
    text << "\n  " << problems[i].path << ": " << problems[i].text;
  }
  if (shown < problems.size()) text << "\n  and " << problems.size() - shown << " more";
  return text.str();
}

void RequireSome(uint64_t read, const std::vector<ImageRemark>& problems, size_t total) {
  if (read > 0) return;
  throw Error("None of the ", total, " images could be read. The first one, ",
              problems.front().path, ": ", problems.front().text, ". Nothing was written.");
}

}  // namespace caffe
