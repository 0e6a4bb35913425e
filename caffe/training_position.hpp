#ifndef CAFFE_TRAINING_POSITION_HPP_
#define CAFFE_TRAINING_POSITION_HPP_

#include <cstdint>

namespace caffe {

/// Where a training stands. A solver tells its nets before every pass, and a net its layers, for
/// layers that change over a training. It counts iterations, not batches.
struct TrainingPosition {
  /// Below 0 where no solver runs the net.
  int64_t iteration = -1;
  /// The solver's max_iter.
  int64_t iterations = 0;
};

}  // namespace caffe

#endif  // CAFFE_TRAINING_POSITION_HPP_
