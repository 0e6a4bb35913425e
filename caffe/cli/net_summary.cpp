#include "caffe/cli/net_summary.hpp"

#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>

#include "caffe/cli/text_table.hpp"
#include "caffe/filler.hpp"
#include "caffe/net.hpp"

namespace caffe::cli {

namespace {

/// Whether the tops of the layer use the memory of its bottom. Split has one gradient for each
/// top, but one set of values for all.
bool SharesData(const string& type) {
  return type == "Split" || type == "Flatten" || type == "Reshape";
}
bool SharesGradient(const string& type) { return type == "Flatten" || type == "Reshape"; }

bool IsInsertedSplit(const LayerParameter& layer) {
  const string& name = layer.name();
  const string end = "_split";
  return layer.type() == "Split" && name.size() > end.size() &&
         name.compare(name.size() - end.size(), end.size(), end) == 0;
}

/// Numbers that belong to each layer: those of parameters that it owns.
std::vector<int64_t> OwnedNumbers(const Net<float>& net) {
  std::vector<int64_t> numbers(net.layers().size());
  for (size_t i = 0; i < net.params().size(); ++i) {
    if (net.param_owners()[i] < 0) {
      numbers[net.param_layer_indices()[i].first] += net.params()[i]->count();
    }
  }
  return numbers;
}

int64_t DataBytes(const Net<float>& net) {
  std::set<int> counted;
  int64_t count = 0;
  for (size_t i = 0; i < net.layers().size(); ++i) {
    const bool shares = SharesData(net.layers()[i]->layer_param().type());
    for (const int id : net.top_ids(i)) {
      if (counted.insert(id).second && !shares) count += net.blobs()[id]->count();
    }
  }
  return count * sizeof(float);
}

int64_t GradientBytes(const Net<float>& net) {
  std::set<int> shared;
  for (size_t i = 0; i < net.layers().size(); ++i) {
    if (!SharesGradient(net.layers()[i]->layer_param().type())) continue;
    shared.insert(net.top_ids(i).begin(), net.top_ids(i).end());
  }
  std::set<int> needed;
  for (size_t i = 0; i < net.layers().size(); ++i) {
    if (!net.layer_need_backward()[i]) continue;
    for (size_t k = 0; k < net.bottom_ids(i).size(); ++k) {
      if (net.bottom_need_backward()[i][k]) needed.insert(net.bottom_ids(i)[k]);
    }
  }
  int64_t count = 0;
  for (const int id : needed) {
    if (shared.count(id) == 0) count += net.blobs()[id]->count();
  }
  return count * sizeof(float);
}

int BatchOf(const Net<float>& net) {
  if (net.num_inputs() == 0) return 1;
  const Blob<float>& input = *net.input_blobs()[0];
  return input.num_axes() > 0 ? std::max(1, input.shape(0)) : 1;
}

string Megabytes(int64_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << bytes / 1048576. << " MiB";
  return text.str();
}

/// The program, its libraries and the engines' scratch memory; measured.
constexpr int64_t kProgramBytes = int64_t{85} << 20;

string PeakText(const NetSummary& summary) {
  // Twice the weights: in the net, and in what was read of their file.
  const int64_t inference = summary.pass.inference + 2 * summary.weight_bytes + kProgramBytes;
  const int64_t training = summary.pass.values + summary.pass.gradients + summary.weight_bytes +
                           summary.weight_gradient_bytes + summary.history_bytes + kProgramBytes;
  return "peak on the CPU, where passes give memory back: training about " + Megabytes(training) +
         ", inference about " + Megabytes(inference);
}

string OutputText(const LayerSummary& layer) {
  string text;
  for (const auto& shape : layer.outputs) {
    text += (text.empty() ? "" : ", ") + (shape.empty() ? "scalar" : ShapeText(shape));
  }
  return text;
}

string NumberText(int64_t number) { return number == 0 ? "" : WithCommas(number); }

}  // namespace

NetSummary Summarize(const NetParameter& param, const LayerTypes& layer_types) {
  const SkipFilling only_shapes;
  const Net<float> net(param);
  NetSummary summary;
  summary.name = net.name();
  summary.phase = net.phase();
  summary.batch = BatchOf(net);
  const std::vector<int64_t> owned = OwnedNumbers(net);
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < net.layers().size(); ++i) {
    const LayerParameter& layer_param = net.layers()[i]->layer_param();
    LayerSummary layer;
    layer.name = net.layer_names()[i];
    const auto given = layer_types.find(layer.name);
    const size_t occurrence = seen[layer.name]++;
    const bool is_given = given != layer_types.end() && occurrence < given->second.size();
    layer.type = is_given ? given->second[occurrence] : layer_param.type();
    for (const Blob<float>* top : net.top_vecs()[i]) layer.outputs.push_back(top->shape());
    if (layer_param.type() != "BatchNorm") layer.parameters = owned[i];
    layer.multiply_adds =
        net.layers()[i]->MultiplyAdds(net.bottom_vecs()[i], net.top_vecs()[i]) / summary.batch;
    summary.parameters += layer.parameters;
    summary.multiply_adds += layer.multiply_adds;
    summary.weight_bytes += owned[i] * sizeof(float);
    if (!IsInsertedSplit(layer_param)) summary.layers.push_back(layer);
  }
  summary.data_bytes = DataBytes(net);
  summary.gradient_bytes = GradientBytes(net);
  summary.weight_gradient_bytes = summary.weight_bytes;
  summary.history_bytes = summary.weight_bytes;
  summary.pass = ForecastPassMemory(net);
  return summary;
}

std::string ToText(const NetSummary& summary) {
  TextTable table("lllrr");
  table.Add({"layer", "type", "output", "parameters", "multiply-adds"});
  for (const LayerSummary& layer : summary.layers) {
    table.Add({layer.name, layer.type, OutputText(layer), NumberText(layer.parameters),
               NumberText(layer.multiply_adds)});
  }
  const int64_t training = summary.data_bytes + summary.gradient_bytes + summary.weight_bytes +
                           summary.weight_gradient_bytes + summary.history_bytes;
  std::ostringstream text;
  text << "net: " << summary.name << " (phase " << Phase_Name(summary.phase) << ", batch of "
       << summary.batch << ")\n\n"
       << table.ToText() << "\nparameters: " << WithCommas(summary.parameters)
       << "\nmultiply-adds an image: " << WithCommas(summary.multiply_adds) << "\nmemory: data "
       << Megabytes(summary.data_bytes) << ", its gradients " << Megabytes(summary.gradient_bytes)
       << ", weights " << Megabytes(summary.weight_bytes) << ", their gradients "
       << Megabytes(summary.weight_gradient_bytes) << ", history of SGD "
       << Megabytes(summary.history_bytes) << "; training in all " << Megabytes(training) << "\n"
       << PeakText(summary) << "\n";
  return text.str();
}

}  // namespace caffe::cli
