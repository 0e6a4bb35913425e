#ifndef CAFFE_UTIL_SAMPLE_ORDER_HPP_
#define CAFFE_UTIL_SAMPLE_ORDER_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"
#include "caffe/util/philox.hpp"

namespace caffe {

/// A permutation of [0, count) that is a pure function of its key and the epoch.
std::vector<uint32_t> EpochPermutation(uint64_t count, uint64_t key, uint64_t epoch);

/// Whether a sample belongs to this thread's solver: in phase TRAIN sample s is that of rank
/// s mod R, of R; other phases share nothing out.
bool IsOwnSample(Phase phase, uint64_t sample);
/// The first sample of the round after the one that ends before `next`, this rank's next sample:
/// as many samples as this rank has had, the others have had too. The same on each rank.
uint64_t EndOfRound(Phase phase, uint64_t next);

/// The order in which a data layer visits its records. Samples are numbered on and on, over all
/// epochs. Sample s is record s mod N; shuffled, it is that of a permutation that is a pure
/// function of (seed, layer's name, epoch s / N).
class SampleOrder {
 public:
  /// Takes the seed from Caffe::random_seed().
  void Reset(uint64_t records, bool shuffle, const std::string& layer_name);
  /// Takes the seed anew: a resumed run goes on with the seed of its state.
  void TakeSeed();

  uint64_t records() const { return records_; }
  uint64_t RecordOf(uint64_t sample);
  /// The random numbers of one sample's augmentation.
  Philox Augmentation(uint64_t sample) const;
  uint64_t seed() const { return seed_; }

 private:
  uint64_t records_ = 0;
  bool shuffle_ = false;
  uint64_t name_hash_ = 0;
  uint64_t seed_ = 0;
  std::vector<uint32_t> permutation_;
  uint64_t permutation_epoch_ = 0;
};

}  // namespace caffe

#endif  // CAFFE_UTIL_SAMPLE_ORDER_HPP_
