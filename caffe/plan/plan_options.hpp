#ifndef CAFFE_PLAN_PLAN_OPTIONS_HPP_
#define CAFFE_PLAN_PLAN_OPTIONS_HPP_

namespace caffe {

/// What nets may do to run faster, or in less memory, than layer by layer. Results stay the same to
/// rounding.
struct PlanOptions {
  /// Run batch normalisation with the scale, the residual sum and the rectifier behind it as one.
  bool fusion = true;
  /// With fusion, in phase TEST: fold stored batch normalisation and what follows it into the
  /// convolution before.
  bool fold = true;
  /// Leave out gradients of weights that a solver has no use for (SetWantedGradients).
  bool skip_gradients = true;
  /// Give the memory of values and gradients back as soon as the pass has no more use for it.
  /// Blobs then cannot be read after a pass, except for the net's inputs and outputs.
  bool share_memory = false;
  /// The net never runs backward.
  bool forward_only = false;
};

/// The options of nets that are made from now on in this process.
PlanOptions& DefaultPlanOptions();

}  // namespace caffe

#endif  // CAFFE_PLAN_PLAN_OPTIONS_HPP_
