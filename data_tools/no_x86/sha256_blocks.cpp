#include "data_tools/sha256_blocks.hpp"

namespace caffe {

AddSha256Blocks NativeSha256Blocks() { return nullptr; }

}  // namespace caffe
