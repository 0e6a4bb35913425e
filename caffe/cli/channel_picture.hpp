#ifndef CAFFE_CLI_CHANNEL_PICTURE_HPP_
#define CAFFE_CLI_CHANNEL_PICTURE_HPP_

#include <string>
#include <vector>

#include "solver/drop_plan.hpp"

namespace caffe::cli {

/// The channels of one layer in a drop plan, as lines of Braille characters (UTF-8), at most 64
/// to a line. A character stands for 8 neighbouring channels, a raised dot for one that is
/// updated. Channel c is dot c % 8 + 1 of character c / 8: dots 1, 2, 3, 7 are the left column
/// from top to bottom, 4, 5, 6, 8 the right one.
std::vector<std::string> ChannelPicture(const DropPlan& plan, const EligibleLayer& layer);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_CHANNEL_PICTURE_HPP_
