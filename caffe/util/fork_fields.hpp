#ifndef CAFFE_UTIL_FORK_FIELDS_HPP_
#define CAFFE_UTIL_FORK_FIELDS_HPP_

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>

namespace caffe {

/// How often each field was left out: "layer.convolution_param.conv_algos_override" -> 12.
using SkippedFields = std::map<std::string, int>;

/// A net or solver in text format without the fields of NVIDIA's and Intel's forks that only tune:
/// where they say what to run on, in which precision, with how many threads, but not what to
/// compute. Spaces stand in their places, so that lines and columns stay.
/// And with `ceil_mode` of pooling_param as `round_mode`, whose field number it has in the fork
/// that brought it. Throws Error if both are given and contradict each other.
/// @param root  type of the message that the text holds
std::string InOurWords(const google::protobuf::Descriptor* root, const std::string& content,
                       SkippedFields* skipped);

/// "layer.data_param.cache, layer.convolution_param.engine: MKL2017 (12 times)"
std::string SkippedFieldsText(const SkippedFields& skipped);

}  // namespace caffe

#endif  // CAFFE_UTIL_FORK_FIELDS_HPP_
