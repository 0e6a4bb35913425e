#ifndef CAFFE_UTIL_UPGRADE_PROTO_HPP_
#define CAFFE_UTIL_UPGRADE_PROTO_HPP_

#include <string>

#include "caffe/common.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

/// Reads a net from a text file and brings it up to date. Throws Error.
void ReadNetParamsFromTextFileOrDie(const string& param_file, NetParameter* param);
/// The same from a binary file (.caffemodel).
void ReadNetParamsFromBinaryFileOrDie(const string& param_file, NetParameter* param);

/// Reads a solver from a text file and brings it up to date. A snapshot_prefix that is not set
/// becomes the path of the file without its extension; one that names a directory, a file of
/// that name within the directory. Throws Error.
void ReadSolverParamsFromTextFileOrDie(const string& param_file, SolverParameter* param);

/// Whether the net has anything of the older formats below.
bool NetNeedsUpgrade(const NetParameter& net_param);
/// Does all of the upgrades below, in that order, and logs each.
/// @param param_file  the net's file, for messages
/// @return false if something had to be dropped (which is logged)
bool UpgradeNetAsNeeded(const string& param_file, NetParameter* param);

/// Files of 2013: `layers { layer { ... } }` with all options in one message.
bool NetNeedsV0ToV1Upgrade(const NetParameter& net_param);
/// Keeps the net's name, layers, input, input_dim and force_backward.
/// @return false if a field did not fit its layer's type and was dropped
bool UpgradeV0Net(const NetParameter& v0_net_param, NetParameter* net_param);
/// Folds `padding` layers into the `pad` of the convolution or pooling that follows.
void UpgradeV0PaddingLayers(const NetParameter& param, NetParameter* param_upgraded_pad);
bool UpgradeV0LayerParameter(const V1LayerParameter& v0_layer_connection,
                             V1LayerParameter* layer_param);
/// Throws Error for an unknown type.
V1LayerParameter_LayerType UpgradeV0LayerType(const string& type);

/// Scale, mean, crop and mirror in the parameters of V1 data layers instead of in
/// transform_param.
bool NetNeedsDataUpgrade(const NetParameter& net_param);
void UpgradeNetDataTransformation(NetParameter* net_param);

/// Files of 2014: `layers` with an enum as type.
bool NetNeedsV1ToV2Upgrade(const NetParameter& net_param);
/// Throws Error if the net has both `layers` and `layer`.
bool UpgradeV1Net(const NetParameter& v1_net_param, NetParameter* net_param);
bool UpgradeV1LayerParameter(const V1LayerParameter& v1_layer_param, LayerParameter* layer_param);
/// "Convolution" for CONVOLUTION. Throws Error for an unknown value.
const char* UpgradeV1LayerType(const V1LayerParameter_LayerType type);

/// Inputs as fields of the net instead of an Input layer.
bool NetNeedsInputUpgrade(const NetParameter& net_param);
void UpgradeNetInput(NetParameter* net_param);

/// BatchNorm layers of NVIDIA's fork with a scale and a shift of their own, by their parameters or
/// by five stored blobs: each becomes a BatchNorm, and a Scale layer "<name>_scale" in place behind
/// it. Definitions and weights change alike, so that they go on fitting each other.
bool NetNeedsBatchNormSplit(const NetParameter& net_param);
void SplitNetBatchNorm(NetParameter* net_param);

/// BatchNorm layers with three `param` entries, whose multipliers must be 0.
bool NetNeedsBatchNormUpgrade(const NetParameter& net_param);
void UpgradeNetBatchNorm(NetParameter* net_param);

/// solver_type, an enum, instead of type.
bool SolverNeedsTypeUpgrade(const SolverParameter& solver_param);
/// @return whether there was something to do. Throws Error if both are set.
bool UpgradeSolverType(SolverParameter* solver_param);
/// As UpgradeSolverType, and logs it; always true.
bool UpgradeSolverAsNeeded(const string& param_file, SolverParameter* param);

}  // namespace caffe

#endif  // CAFFE_UTIL_UPGRADE_PROTO_HPP_
