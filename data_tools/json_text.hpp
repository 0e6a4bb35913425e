#ifndef DATA_TOOLS_JSON_TEXT_HPP_
#define DATA_TOOLS_JSON_TEXT_HPP_

#include <string>

namespace caffe {

/// A text in UTF-8: the text itself, or, where it is none, its bytes as characters of Latin-1.
std::string Utf8Text(const std::string& text);

/// A text as JSON has it, in quotes. In a text that is no UTF-8, bytes above 127 become the
/// characters of Latin-1.
std::string JsonString(const std::string& text);

}  // namespace caffe

#endif  // DATA_TOOLS_JSON_TEXT_HPP_
