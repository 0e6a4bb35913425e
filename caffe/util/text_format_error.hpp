#ifndef CAFFE_UTIL_TEXT_FORMAT_ERROR_HPP_
#define CAFFE_UTIL_TEXT_FORMAT_ERROR_HPP_

#include <google/protobuf/descriptor.h>

#include <string>

namespace caffe {

/// What the text format's parser complained about; line and column count from 0, or are below
/// 0 for a complaint about the message as a whole.
struct TextFormatComplaint {
  int line;
  int column;
  std::string text;
};

/// The complaint in the user's terms: "<file>:<line>:<column>: " and what is wrong with which
/// field, with the nearest known name where a field or an enum value is unknown.
/// @param root  type of the message that `content`, the text of the file, should hold
std::string DescribeTextFormatError(const std::string& file, const std::string& content,
                                    const google::protobuf::Descriptor* root,
                                    const TextFormatComplaint& complaint);

}  // namespace caffe

#endif  // CAFFE_UTIL_TEXT_FORMAT_ERROR_HPP_
