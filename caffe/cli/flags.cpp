#include "caffe/cli/flags.hpp"

DEFINE_string(gpu, "", "GPUs to run on: ids separated by commas, or 'all'; CPU if empty");
DEFINE_bool(cpu, false, "run on the CPU, also where the solver's file says solver_mode: GPU");
DEFINE_string(solver, "", "solver definition (.prototxt)");
DEFINE_string(model, "", "net definition (.prototxt)");
DEFINE_string(phase, "", "phase of the net, TRAIN or TEST; TRAIN if empty");
DEFINE_int32(level, 0, "level of the net's state, for min_level and max_level of its rules");
DEFINE_string(stage, "", "stages of the net's state, separated by commas");
DEFINE_string(snapshot, "",
              "solver state (.solverstate) to resume from; 'auto': the newest complete one");
DEFINE_string(weights, "",
              "model files (.caffemodel) whose weights to start from, separated by commas");
DEFINE_int32(iterations, 50, "number of batches");
DEFINE_bool(continue_on_nan, false, "go on when the loss is NaN or infinite, instead of stopping");
DEFINE_string(sigint_effect, "stop", "what SIGINT (Ctrl-C) does: stop, snapshot or none");
DEFINE_string(sighup_effect, "snapshot", "what SIGHUP does: stop, snapshot or none");
DEFINE_string(sigterm_effect, "stop", "what SIGTERM does: stop, snapshot or none");
DEFINE_int32(
    keep_snapshots, -1,
    "how many of this run's newest snapshots to keep, 0: all; -1: as the solver file says");
DEFINE_string(keep_best, "",
              "keep the snapshot with the best value of this test output, too: the smallest of a "
              "loss or an error, else the largest; -NAME and +NAME say which");
DEFINE_string(log_csv, "", "file to write loss, rates and test results to, as CSV");
DEFINE_string(log_tensorboard, "", "directory to write the same to, for TensorBoard");
DEFINE_string(input_shape, "", "shapes of inputs: 1,3,32,32 or name=1,3,32,32;other=...");
DEFINE_int32(plans, 5, "how many plans to draw");
DEFINE_int32(samples, 0, "training samples, for rates by epochs; 0: as many as the data set has");
DEFINE_string(plot, "", "picture to write, FILE.svg: rates over the iterations");
DEFINE_int32(batch, 0, "images in a batch; 0: as the net says");
DEFINE_bool(count, false, "list what a pass, or with --solver a training step, asks of the GPU");
DEFINE_bool(fusion, true, "run batch normalisation and the layers around it as one operation");
DEFINE_bool(skip_gradients, true,
            "leave out weight gradients that ChannelDropBack drops, where that is faster (CPU)");
DEFINE_bool(share_memory, true,
            "give memory back within a pass as soon as nothing needs it any more (CPU)");
DEFINE_bool(winograd, true,
            "3x3 convolutions by Winograd's method on the CPU, where that is faster");
DEFINE_bool(skip_mismatched_weights, false,
            "layers that have other shapes than in --weights are learned from scratch");
