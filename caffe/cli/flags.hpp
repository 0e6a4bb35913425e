#ifndef CAFFE_CLI_FLAGS_HPP_
#define CAFFE_CLI_FLAGS_HPP_

#include <gflags/gflags.h>

DECLARE_string(gpu);
DECLARE_bool(cpu);
DECLARE_string(solver);
DECLARE_string(model);
DECLARE_string(phase);
DECLARE_int32(level);
DECLARE_string(stage);
DECLARE_string(snapshot);
DECLARE_string(weights);
DECLARE_int32(iterations);
DECLARE_bool(continue_on_nan);
DECLARE_string(sigint_effect);
DECLARE_string(sighup_effect);
DECLARE_string(sigterm_effect);
DECLARE_int32(keep_snapshots);
DECLARE_string(keep_best);
DECLARE_string(log_csv);
DECLARE_string(log_tensorboard);
DECLARE_string(input_shape);
DECLARE_int32(plans);
DECLARE_int32(samples);
DECLARE_string(plot);
DECLARE_int32(batch);
DECLARE_bool(count);
DECLARE_bool(fusion);
DECLARE_bool(share_memory);
DECLARE_bool(skip_gradients);
DECLARE_bool(winograd);
DECLARE_bool(skip_mismatched_weights);

#endif  // CAFFE_CLI_FLAGS_HPP_
