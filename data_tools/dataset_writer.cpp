#include "data_tools/dataset_writer.hpp"

#include <algorithm>
#include <utility>

#include "caffe/util/format.hpp"
#include "data_tools/json_text.hpp"

namespace caffe {

PreparedRecord::PreparedRecord(const Datum& datum, PixelSums pixels)
    : label(datum.label()),
      value(datum.SerializeAsString()),
      digest(Sha256(value)),
      pixels(std::move(pixels)) {}

PreparedRecord::PreparedRecord(const Datum& datum) : PreparedRecord(datum, PixelSums()) {
  pixels.AddPlanes(reinterpret_cast<const unsigned char*>(datum.data().data()), datum.channels(),
                   static_cast<size_t>(datum.height()) * datum.width());
}

std::vector<std::string> DatasetWriter::Names(const std::string& name) {
  return {LabelsName(name), ManifestName(name), name};
}

DatasetWriter::DatasetWriter(const AtomicOutput& output, const std::string& name,
                             DatasetDescription description)
    : output_(output),
      name_(name),
      description_(std::move(description)),
      lmdb_(output.path(name)) {}

void DatasetWriter::Add(const Datum& datum, int digits) {
  Add(format_int(static_cast<int>(count_), digits), PreparedRecord(datum));
}

void DatasetWriter::Add(const std::string& key, PreparedRecord record) {
  hash_.Add(key, record.digest);
  has_statistics_ = has_statistics_ && pixels_.Merge(record.pixels);
  ++labels_[record.label];
  if (count_++ >= lmdb_.found()) lmdb_.Add(key, std::move(record.value));
}

data_tools::DatabaseState DatasetWriter::state() const {
  data_tools::DatabaseState state;
  state.set_records(count_);
  state.set_content_hash(hash_.bytes());
  state.set_has_statistics(has_statistics_);
  for (const PixelSums::Channel& sums : pixels_.channels()) {
    auto* channel = state.add_channels();
    channel->set_count(sums.count);
    channel->set_sum(sums.sum);
    channel->set_squares(sums.squares);
  }
  for (const auto& [label, records] : labels_) {
    auto* entry = state.add_labels();
    entry->set_label(label);
    entry->set_records(records);
  }
  return state;
}

void DatasetWriter::GoOn(const data_tools::DatabaseState& state) {
  count_ = state.records();
  hash_ = ContentHash(state.content_hash());
  has_statistics_ = state.has_statistics();
  std::vector<PixelSums::Channel> channels;
  for (const auto& sums : state.channels()) {
    channels.push_back({sums.count(), sums.sum(), sums.squares()});
  }
  pixels_ = PixelSums(std::move(channels));
  labels_.clear();
  for (const auto& entry : state.labels()) labels_[entry.label()] = entry.records();
}

void DatasetWriter::Finish(int left_out, int repaired) {
  lmdb_.Finish();
  Manifest manifest;
  manifest.set_database(Utf8Text(name_));
  manifest.set_tool(description_.tool);
  for (const std::string& option : description_.options) manifest.add_options(Utf8Text(option));
  for (const std::string& source : description_.sources) manifest.add_sources(Utf8Text(source));
  manifest.set_records(static_cast<int>(count_));
  manifest.set_left_out(left_out);
  manifest.set_repaired(repaired);
  manifest.set_content_hash(HexText(hash_.bytes()));
  if (has_statistics_) {
    manifest.set_channel_order(description_.channel_order);
    for (size_t c = 0; c < pixels_.channels().size(); ++c) {
      manifest.add_mean(pixels_.mean(c));
      manifest.add_std(pixels_.standard_deviation(c));
    }
  }
  const auto& classes = description_.classes;
  // A class without records has an entry, too.
  for (size_t i = 0; i < classes.size(); ++i) labels_.try_emplace(static_cast<int32_t>(i), 0);
  for (const auto& [label, records] : labels_) {
    Manifest::Label* entry = manifest.add_labels();
    entry->set_label(label);
    entry->set_records(records);
    const bool has_name = label >= 0 && static_cast<size_t>(label) < classes.size();
    if (has_name) entry->set_name(Utf8Text(classes[label]));
  }
  WriteManifest(manifest, output_.path(ManifestName(name_)));
  if (!classes.empty()) WriteLines(classes, output_.path(LabelsName(name_)));
}

std::vector<std::string> TrainTestAndMeanNames() {
  std::vector<std::string> names = DatasetWriter::Names(kTrainName);
  for (const std::string& name : DatasetWriter::Names(kTestName)) names.push_back(name);
  names.push_back(kMeanName);
  return names;
}

std::vector<std::string> NumberNames(int largest, int least) {
  std::vector<std::string> names;
  for (int i = 0; i <= std::max(largest, least); ++i) names.push_back(std::to_string(i));
  return names;
}

}  // namespace caffe
