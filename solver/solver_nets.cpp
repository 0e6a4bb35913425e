#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "caffe/filler.hpp"
#include "caffe/util/upgrade_proto.hpp"
#include "solver/initial_weights.hpp"
#include "solver/solver.hpp"

namespace caffe {

namespace {

/// The definition of a net and where it comes from, for the log.
struct NetSource {
  NetParameter param;
  string text;
};

NetSource FromFile(const string& field, const string& file) {
  NetSource source;
  ReadNetParamsFromTextFileOrDie(file, &source.param);
  source.text = field + " file: " + file;
  return source;
}

NetSource TrainNetSource(const SolverParameter& param) {
  const int count =
      param.has_net() + param.has_net_param() + param.has_train_net() + param.has_train_net_param();
  Require(count == 1,
          "a solver needs exactly one of net, net_param, train_net and "
          "train_net_param; ",
          count, " are set");
  if (param.has_net()) {
    if (Caffe::root_solver()) LOG(INFO) << "Creating training net from net file: " << param.net();
    return FromFile("net", param.net());
  }
  if (param.has_train_net()) {
    if (Caffe::root_solver()) {
      LOG(INFO) << "Creating training net from train_net file: " << param.train_net();
    }
    return FromFile("train_net", param.train_net());
  }
  const string field = param.has_net_param() ? "net_param" : "train_net_param";
  if (Caffe::root_solver()) LOG(INFO) << "Creating training net specified in " << field << ".";
  return {param.has_net_param() ? param.net_param() : param.train_net_param(), field};
}

void CheckTestFields(const SolverParameter& param) {
  const bool shared_definition = param.has_net() || param.has_net_param();
  const int explicit_nets = param.test_net_param_size() + param.test_net_size();
  if (shared_definition) {
    Require(param.test_iter_size() >= explicit_nets,
            "test_iter must be given for each test net: ", explicit_nets, " test nets, ",
            param.test_iter_size(), " values");
  } else {
    Require(param.test_iter_size() == explicit_nets,
            "test_iter must be given once for each "
            "test net: ",
            explicit_nets, " test nets, ", param.test_iter_size(), " values");
  }
  const int nets = std::max(param.test_iter_size(), explicit_nets);
  Require(param.test_state_size() == 0 || param.test_state_size() == nets,
          "test_state must be "
          "given for no test net or for each: ",
          nets, " test nets, ", param.test_state_size(), " values");
  Require(nets == 0 || param.test_interval() > 0,
          "the solver has test nets but no test_interval; "
          "set it, or leave test_iter out");
  for (const int batches : param.test_iter()) {
    Require(batches >= 0, "test_iter is ", batches, ", it must not be negative");
  }
}

/// Explicit test nets first, then copies of the common definition until test_iter is used up.
vector<NetSource> TestNetSources(const SolverParameter& param) {
  vector<NetSource> sources;
  for (const NetParameter& net : param.test_net_param()) sources.push_back({net, "test_net_param"});
  for (const string& file : param.test_net()) sources.push_back(FromFile("test_net", file));
  while (static_cast<int>(sources.size()) < param.test_iter_size()) {
    sources.push_back(param.has_net_param() ? NetSource{param.net_param(), "net_param"}
                                            : FromFile("net", param.net()));
  }
  return sources;
}

/// The phase, then the net's own state, then the solver's; what comes later wins.
void SetState(Phase phase, const NetState& solver_state, NetParameter* net) {
  NetState state;
  state.set_phase(phase);
  state.MergeFrom(net->state());
  state.MergeFrom(solver_state);
  *net->mutable_state() = state;
}

template <typename Dtype>
std::set<const void*> Weights(const Net<Dtype>& net) {
  std::set<const void*> weights;
  for (const auto& layer : net.layers()) {
    for (const auto& blob : layer->blobs()) weights.insert(blob.get());
  }
  return weights;
}

/// Whether all layers that learn are layers of another net as well.
template <typename Dtype>
bool LearnsNothingElse(const Net<Dtype>& net, const Net<Dtype>& other) {
  for (size_t i = 0; i < net.layers().size(); ++i) {
    if (!net.layers()[i]->blobs().empty() && !other.has_layer(net.layer_names()[i])) return false;
  }
  return true;
}

/// A net on the weights of the training net. Values of its own, to draw and to store, are only made
/// where it has layers that the other one lacks, or that fill something else than weights.
template <typename Dtype>
std::unique_ptr<Net<Dtype>> MakeTestNet(const NetParameter& param, const SolverParameter& solver,
                                        const Net<Dtype>& train_net) {
  std::unique_ptr<Net<Dtype>> net;
  {
    const SkipFilling weights_are_shared;
    net = std::make_unique<Net<Dtype>>(param);
    const bool is_complete =
        LearnsNothingElse(*net, train_net) && weights_are_shared.SkippedOnly(Weights(*net));
    if (!is_complete) net.reset();
  }
  if (net == nullptr) {
    net = std::make_unique<Net<Dtype>>(param);
    LoadInitialWeights(solver, net.get());
  }
  net->ShareTrainedLayersWith(&train_net);
  return net;
}

}  // namespace

template <typename Dtype>
void Solver<Dtype>::InitTrainNet() {
  NetSource source = TrainNetSource(param_);
  SetState(TRAIN, param_.train_state(), &source.param);
  net_.reset(new Net<Dtype>(source.param));
  LogInitialWeights(*net_, LoadInitialWeights(param_, net_.get()));
}

template <typename Dtype>
void Solver<Dtype>::InitTestNets() {
  CheckTestFields(param_);
  vector<NetSource> sources = TestNetSources(param_);
  test_nets_.clear();
  for (size_t i = 0; i < sources.size(); ++i) {
    const NetState state =
        param_.test_state_size() ? param_.test_state(static_cast<int>(i)) : NetState();
    SetState(TEST, state, &sources[i].param);
    if (Caffe::root_solver()) {
      LOG(INFO) << "Creating test net (#" << i << ") specified by " << sources[i].text;
    }
    test_nets_.emplace_back(MakeTestNet(sources[i].param, param_, *net_));
    PlanOptions plan = DefaultPlanOptions();
    plan.forward_only = plan.share_memory;
    test_nets_.back()->MakePlan(plan);
    test_nets_.back()->set_debug_info(param_.debug_info());
  }
}

#define INSTANTIATE(Dtype)                     \
  template void Solver<Dtype>::InitTrainNet(); \
  template void Solver<Dtype>::InitTestNets();
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
