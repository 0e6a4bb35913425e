#ifndef BENCHMARKS_MACHINE_CEILINGS_HPP_
#define BENCHMARKS_MACHINE_CEILINGS_HPP_

namespace caffe {

/// What this machine can do with all OpenMP threads, as measured just now.
struct MachineCeilings {
  /// Multiply-adds a second, in 1e9: of a large matrix product, and of the fastest of a few 1x1
  /// convolutions in oneDNN's layout, which comes closer to the processor's peak.
  double matrix_product = 0;
  double convolution = 0;
  /// Bytes a second that a loop reads and writes in arrays far larger than the caches, in 1e9: two
  /// read, one written.
  double memory = 0;
};

MachineCeilings MeasureMachine();

}  // namespace caffe

#endif  // BENCHMARKS_MACHINE_CEILINGS_HPP_
