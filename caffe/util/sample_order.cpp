#include "caffe/util/sample_order.hpp"

#include <numeric>

#include "caffe/common.hpp"
#include "caffe/util/rng.hpp"

namespace caffe {

std::vector<uint32_t> EpochPermutation(uint64_t count, uint64_t key, uint64_t epoch) {
  std::vector<uint32_t> permutation(count);
  std::iota(permutation.begin(), permutation.end(), 0);
  PhiloxEngine engine;
  engine.Rekey(key, epoch);
  caffe::shuffle(permutation.begin(), permutation.end(), &engine);
  return permutation;
}

bool IsOwnSample(Phase phase, uint64_t sample) {
  return phase != TRAIN ||
         sample % uint64_t(Caffe::solver_count()) == uint64_t(Caffe::solver_rank());
}

uint64_t EndOfRound(Phase phase, uint64_t next) {
  if (phase != TRAIN) return next;
  const uint64_t size = Caffe::solver_count(), rank = Caffe::solver_rank();
  return (next + size - 1 - rank) / size * size;
}

void SampleOrder::Reset(uint64_t records, bool shuffle, const std::string& layer_name) {
  Require(!shuffle || records <= UINT32_MAX, "shuffle can order at most ", UINT32_MAX,
          " records; there are ", records, ".");
  records_ = records;
  shuffle_ = shuffle;
  name_hash_ = NameHash(layer_name);
  TakeSeed();
}

void SampleOrder::TakeSeed() {
  // A solver's seed is the run's seed plus its rank; all ranks share one order of records.
  seed_ = Caffe::random_seed() - static_cast<uint64_t>(Caffe::solver_rank());
  permutation_.clear();
}

uint64_t SampleOrder::RecordOf(uint64_t sample) {
  if (!shuffle_) return sample % records_;
  const uint64_t epoch = sample / records_;
  if (permutation_.empty() || epoch != permutation_epoch_) {
    permutation_ =
        EpochPermutation(records_, RandomKey(seed_, RandomPurpose::kShuffle, name_hash_), epoch);
    permutation_epoch_ = epoch;
  }
  return permutation_[sample % records_];
}

Philox SampleOrder::Augmentation(uint64_t sample) const {
  return Philox(RandomKey(seed_, RandomPurpose::kAugmentation, name_hash_), sample);
}

}  // namespace caffe
