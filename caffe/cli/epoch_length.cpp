#include "caffe/cli/epoch_length.hpp"

#include <filesystem>
#include <memory>
#include <set>

#include "caffe/error.hpp"
#include "caffe/util/db.hpp"

namespace caffe::cli {

namespace {

uint64_t SamplesOf(const LayerParameter& layer) {
  const std::string& source = layer.data_param().source();
  if (layer.type() != "Data" || !std::filesystem::exists(source + "/data.mdb")) return 0;
  const std::unique_ptr<db::DB> database(db::GetDB(DataParameter::LMDB));
  database->Open(source, db::READ);
  return database->size();
}

bool CountsEpochs(const DropRateParameter& rate, bool is_by_default) {
  if (rate.has_iterations_per_epoch()) return false;
  if (rate.has_policy()) return rate.policy() == "reference";
  return is_by_default && !rate.has_value();
}

}  // namespace

TrainingData FindTrainingData(const NetParameter& net) {
  static const std::set<std::string> types = {"Data", "ImageData", "HDF5Data", "MemoryData",
                                              "WindowData"};
  for (int i = 0; i < net.layer_size(); ++i) {
    const LayerParameter& layer = net.layer(i);
    if (types.count(layer.type()) == 0) continue;
    return {layer.name() + " (" + layer.type() + ", " + layer.source_location() + ")", i,
            SamplesOf(layer)};
  }
  return {};
}

void CompleteEpochs(const TrainingData& data, uint64_t samples, SolverParameter* solver) {
  ChannelDropBackParameter* method = solver->mutable_channel_dropback_param();
  const bool is_reference = method->semantics() == ChannelDropBackParameter::REFERENCE;
  const bool layers_count = CountsEpochs(method->layer_drop_rate(), is_reference);
  const bool channels_count = CountsEpochs(method->channel_drop_rate(), false);
  // A net without data layer is left to the solver, which says what it wants.
  if (data.index < 0 || !(layers_count || channels_count)) return;
  Require(samples > 0, data.layer,
          ": a drop rate counts epochs (policy 'reference'), and without the data set it is not "
          "known how many iterations make one; give the number of training samples: --samples=N");
  const BlobShape& shape = solver->net_param().layer(data.index).input_param().shape(0);
  const uint64_t batch = static_cast<uint64_t>(shape.dim(0)) * solver->iter_size();
  const int iterations = static_cast<int>((samples + batch - 1) / batch);
  if (layers_count) method->mutable_layer_drop_rate()->set_iterations_per_epoch(iterations);
  if (channels_count) method->mutable_channel_drop_rate()->set_iterations_per_epoch(iterations);
}

}  // namespace caffe::cli
