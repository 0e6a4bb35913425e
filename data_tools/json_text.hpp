#ifndef DATA_TOOLS_JSON_TEXT_HPP_
#define DATA_TOOLS_JSON_TEXT_HPP_

#include <string>

namespace caffe {

/// A text as JSON has it, in quotes. In a text that is no UTF-8, bytes above 127 become the
/// characters of Latin-1.
std::string JsonString(const std::string& text);

}  // namespace caffe

#endif  // DATA_TOOLS_JSON_TEXT_HPP_
