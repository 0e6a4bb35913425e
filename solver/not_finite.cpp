#include "solver/not_finite.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "caffe/net.hpp"
#include "caffe/util/upgrade_proto.hpp"
#include "solver/snapshot_files.hpp"

namespace caffe {

namespace {

template <typename Iterator>
int64_t CountNotFinite(Iterator begin, Iterator end) {
  return std::count_if(begin, end, [](auto x) { return !std::isfinite(x); });
}

/// "3 of the 10 values of <what> are not finite", or "".
template <typename Dtype>
std::string Describe(const std::string& what, const Dtype* values, int count) {
  const int64_t bad = CountNotFinite(values, values + count);
  if (bad == 0) return "";
  std::ostringstream text;
  text << bad << " of the " << count << " values of " << what << " are not finite";
  return text.str();
}

template <typename Dtype>
std::string OfParameters(const Net<Dtype>& net, int layer, bool diff) {
  const auto& blobs = net.layers()[layer]->blobs();
  for (size_t i = 0; i < blobs.size(); ++i) {
    const std::string found =
        Describe((diff ? "the gradient of its parameter " : "its parameter ") + std::to_string(i),
                 diff ? blobs[i]->cpu_diff() : blobs[i]->cpu_data(), blobs[i]->count());
    if (!found.empty()) return found;
  }
  return "";
}

template <typename Dtype>
std::string OfBlobs(const Net<Dtype>& net, int layer, bool diff) {
  const std::string of_parameters = OfParameters(net, layer, diff);
  if (!of_parameters.empty()) return of_parameters;
  const auto& tops = net.top_vecs()[layer];
  for (size_t i = 0; i < tops.size(); ++i) {
    const std::string name = net.blob_names()[net.top_ids(layer)[i]];
    const std::string found =
        Describe((diff ? "the gradient of its output '" : "its output '") + name + "'",
                 diff ? tops[i]->cpu_diff() : tops[i]->cpu_data(), tops[i]->count());
    if (!found.empty()) return found;
  }
  return "";
}

/// Throws Error if the model file holds a weight that is not finite, or cannot be read.
void CheckFiniteWeights(const std::string& model_file) {
  NetParameter net;
  ReadNetParamsFromBinaryFileOrDie(model_file, &net);
  for (const LayerParameter& layer : net.layer()) {
    for (const BlobProto& blob : layer.blobs()) {
      const int64_t bad = CountNotFinite(blob.data().begin(), blob.data().end()) +
                          CountNotFinite(blob.double_data().begin(), blob.double_data().end());
      Require(bad == 0, "'", model_file, "': weights of layer ", layer.name(), " are not finite");
    }
  }
}

template <typename Dtype>
std::string Sentence(const Net<Dtype>& net, int layer, const std::string& found) {
  return "The first layer that is not finite is " + net.layer_names()[layer] + " (" +
         net.layers()[layer]->type() + "): " + found + ".";
}

}  // namespace

template <typename Dtype>
std::string DescribeNotFiniteWeights(const Net<Dtype>& net) {
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    const std::string found = OfParameters(net, i, false);
    if (!found.empty()) return Sentence(net, i, found);
  }
  return "";
}

template <typename Dtype>
std::string DescribeNotFinite(const Net<Dtype>& net) {
  const int num_layers = static_cast<int>(net.layers().size());
  for (int i = 0; i < num_layers; ++i) {
    const std::string found = OfBlobs(net, i, false);
    if (!found.empty()) return Sentence(net, i, found);
  }
  for (int i = num_layers - 1; i >= 0; --i) {
    const std::string found = OfBlobs(net, i, true);
    if (!found.empty()) return Sentence(net, i, found);
  }
  return "All weights, outputs and gradients are finite.";
}

std::string NewestGoodSnapshotText(const std::vector<std::string>& state_files) {
  const std::string file = FirstGoodSnapshot(state_files, CheckFiniteWeights);
  if (file.empty()) return "There is no snapshot with finite weights of this run.";
  return "The newest good snapshot of this run is '" + file + "'.";
}

template std::string DescribeNotFinite(const Net<float>& net);
template std::string DescribeNotFinite(const Net<double>& net);
template std::string DescribeNotFiniteWeights(const Net<float>& net);
template std::string DescribeNotFiniteWeights(const Net<double>& net);

}  // namespace caffe
