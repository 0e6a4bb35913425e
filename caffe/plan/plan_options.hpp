#ifndef CAFFE_PLAN_PLAN_OPTIONS_HPP_
#define CAFFE_PLAN_PLAN_OPTIONS_HPP_

namespace caffe {

/// What nets may do to run faster than layer by layer. Results stay the same to rounding.
struct PlanOptions {
  /// Run batch normalisation with the scale, the residual sum and the rectifier behind it as one.
  bool fusion = true;
};

/// The options of nets that are made from now on in this process.
PlanOptions& DefaultPlanOptions();

}  // namespace caffe

#endif  // CAFFE_PLAN_PLAN_OPTIONS_HPP_
