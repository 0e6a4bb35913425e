#include "caffe/util/image_list.hpp"

#include <charconv>
#include <sstream>

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"

namespace caffe {

std::vector<ListedImage> ReadImageList(const std::string& file) {
  constexpr char kBlanks[] = " \t\r";
  std::istringstream lines(ReadTextFile(file));
  std::vector<ListedImage> images;
  std::string text;
  for (int line = 1; std::getline(lines, text); ++line) {
    text.erase(text.find_last_not_of(kBlanks) + 1);
    if (text.empty()) continue;
    const size_t blank = text.find_last_of(kBlanks);
    const size_t label_begin = blank == std::string::npos ? 0 : blank + 1;
    int label = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + label_begin, end, label);
    Require(blank != std::string::npos && error == std::errc() && rest == end, file, ":", line,
            ": found '", text, "', wanted a path, a blank and an integer label. (Where the labels ",
            "do not matter, write 0.)");
    const size_t path_end = text.find_last_not_of(kBlanks, blank) + 1;
    Require(path_end > 0, file, ":", line, ": there is no path before the label ", label, ".");
    images.push_back({text.substr(0, path_end), label, line});
  }
  Require(!images.empty(), "The list ", file, " names no images.");
  return images;
}

}  // namespace caffe
