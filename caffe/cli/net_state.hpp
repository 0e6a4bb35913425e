#ifndef CAFFE_CLI_NET_STATE_HPP_
#define CAFFE_CLI_NET_STATE_HPP_

#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe::cli {

/// The phase in --phase; TRAIN if it is empty. Throws Error for other text.
Phase PhaseFromFlag();

/// The stages in --stage; one empty stage if it is empty, as Caffe has it.
std::vector<std::string> StagesFromFlag();

}  // namespace caffe::cli

#endif  // CAFFE_CLI_NET_STATE_HPP_
