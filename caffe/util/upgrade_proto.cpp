#include "caffe/util/upgrade_proto.hpp"

#include <filesystem>

#include "caffe/util/io.hpp"

namespace caffe {

namespace {

constexpr int kLegacyAxes = 4;

/// Runs an upgrade from one message into another in place.
bool UpgradeInPlace(bool (*upgrade)(const NetParameter&, NetParameter*), NetParameter* param) {
  const NetParameter original(*param);
  return upgrade(original, param);
}

void LogUpgrade(const string& param_file, const char* what) {
  LOG(INFO) << "Upgrading " << what << " of " << param_file;
}

void UpgradeFrom(const string& param_file, NetParameter* param) {
  try {
    UpgradeNetAsNeeded(param_file, param);
  } catch (Error& error) {
    error.add_context(param_file);
    throw;
  }
}

/// The path of the solver file without its extension, or a file of that name in the directory
/// that snapshot_prefix names.
void CompleteSnapshotPrefix(const string& param_file, SolverParameter* param) {
  namespace fs = std::filesystem;
  const fs::path file(param_file);
  if (!param->has_snapshot_prefix()) {
    param->set_snapshot_prefix((file.parent_path() / file.stem()).string());
    LOG(INFO) << "snapshot_prefix is not set, using " << param->snapshot_prefix();
  } else if (std::error_code ignored; fs::is_directory(param->snapshot_prefix(), ignored)) {
    param->set_snapshot_prefix((fs::path(param->snapshot_prefix()) / file.stem()).string());
    LOG(INFO) << "snapshot_prefix is a directory, using " << param->snapshot_prefix();
  }
}

}  // namespace

void ReadNetParamsFromTextFileOrDie(const string& param_file, NetParameter* param) {
  ReadProtoFromTextFileOrDie(param_file, param);
  UpgradeFrom(param_file, param);
}

void ReadNetParamsFromBinaryFileOrDie(const string& param_file, NetParameter* param) {
  ReadProtoFromBinaryFileOrDie(param_file, param);
  UpgradeFrom(param_file, param);
}

void ReadSolverParamsFromTextFileOrDie(const string& param_file, SolverParameter* param) {
  ReadProtoFromTextFileOrDie(param_file, param);
  try {
    UpgradeSolverAsNeeded(param_file, param);
  } catch (Error& error) {
    error.add_context(param_file);
    throw;
  }
  CompleteSnapshotPrefix(param_file, param);
}

bool NetNeedsUpgrade(const NetParameter& net_param) {
  return NetNeedsV0ToV1Upgrade(net_param) || NetNeedsDataUpgrade(net_param) ||
         NetNeedsV1ToV2Upgrade(net_param) || NetNeedsInputUpgrade(net_param) ||
         NetNeedsBatchNormSplit(net_param) || NetNeedsBatchNormUpgrade(net_param);
}

bool UpgradeNetAsNeeded(const string& param_file, NetParameter* param) {
  bool all_fit = true;
  if (NetNeedsV0ToV1Upgrade(*param)) {
    LogUpgrade(param_file, "the layer format (2013)");
    all_fit &= UpgradeInPlace(UpgradeV0Net, param);
  }
  if (NetNeedsDataUpgrade(*param)) {
    LogUpgrade(param_file, "data transformations");
    UpgradeNetDataTransformation(param);
  }
  if (NetNeedsV1ToV2Upgrade(*param)) {
    LogUpgrade(param_file, "the layer format (2014)");
    all_fit &= UpgradeInPlace(UpgradeV1Net, param);
  }
  if (NetNeedsInputUpgrade(*param)) {
    LogUpgrade(param_file, "the inputs");
    UpgradeNetInput(param);
  }
  if (NetNeedsBatchNormSplit(*param)) {
    LogUpgrade(param_file, "batch normalisation with a scale and a shift");
    SplitNetBatchNorm(param);
  }
  if (NetNeedsBatchNormUpgrade(*param)) {
    LogUpgrade(param_file, "batch normalisation");
    UpgradeNetBatchNorm(param);
  }
  LOG_IF(ERROR, !all_fit) << "Parts of " << param_file
                          << " were dropped by the upgrade, see above.";
  return all_fit;
}

bool NetNeedsInputUpgrade(const NetParameter& net_param) { return net_param.input_size() > 0; }

void UpgradeNetInput(NetParameter* net_param) {
  const int inputs = net_param->input_size();
  const bool has_shape = net_param->input_shape_size() > 0;
  const bool has_dim = net_param->input_dim_size() > 0;
  // Weight files may name inputs without shapes; the names alone say nothing.
  if (has_shape || has_dim) {
    LayerParameter layer;
    layer.set_name("input");
    layer.set_type("Input");
    layer.mutable_top()->CopyFrom(net_param->input());
    auto* shapes = layer.mutable_input_param()->mutable_shape();
    if (has_shape) {
      Require(net_param->input_shape_size() == inputs, "the net has ", inputs, " input and ",
              net_param->input_shape_size(), " input_shape fields; give each input one shape");
      shapes->CopyFrom(net_param->input_shape());
    } else {
      Require(net_param->input_dim_size() == kLegacyAxes * inputs, "the net has ", inputs,
              " input and ", net_param->input_dim_size(),
              " input_dim fields; give each input four dimensions");
      for (int i = 0; i < net_param->input_dim_size(); ++i) {
        if (i % kLegacyAxes == 0) shapes->Add();
        shapes->Mutable(i / kLegacyAxes)->add_dim(net_param->input_dim(i));
      }
    }
    google::protobuf::RepeatedPtrField<LayerParameter> others;
    others.Swap(net_param->mutable_layer());
    net_param->add_layer()->Swap(&layer);
    for (LayerParameter& other : others) net_param->add_layer()->Swap(&other);
  }
  net_param->clear_input();
  net_param->clear_input_shape();
  net_param->clear_input_dim();
}

bool SolverNeedsTypeUpgrade(const SolverParameter& solver_param) {
  return solver_param.has_solver_type();
}

bool UpgradeSolverType(SolverParameter* solver_param) {
  if (!SolverNeedsTypeUpgrade(*solver_param)) return false;
  Require(!solver_param->has_type(),
          "the solver has both 'type' and 'solver_type'; 'solver_type' is the older form, "
          "keep 'type'");
  static const char* const names[] = {"SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"};
  solver_param->set_type(names[solver_param->solver_type()]);
  solver_param->clear_solver_type();
  return true;
}

bool UpgradeSolverAsNeeded(const string& param_file, SolverParameter* param) {
  if (UpgradeSolverType(param)) LogUpgrade(param_file, "solver_type");
  return true;
}

}  // namespace caffe
