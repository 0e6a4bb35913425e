#ifndef CAFFE_UTIL_INSERT_SPLITS_HPP_
#define CAFFE_UTIL_INSERT_SPLITS_HPP_

#include <string>

#include "caffe/proto/caffe.pb.h"

namespace caffe {

using std::string;

/// Copies a net's definition and puts a Split layer after each top that is used more than once
/// (read by several layers, or read and part of the loss), so that every blob has one reader.
void InsertSplits(const NetParameter& param, NetParameter* param_split);

/// Fills in the Split layer of top number blob_idx of a layer.
void ConfigureSplitLayer(const string& layer_name, const string& blob_name, const int blob_idx,
                         const int split_count, const float loss_weight,
                         LayerParameter* split_layer_param);

/// "<blob>_<layer>_<index>_split".
string SplitLayerName(const string& layer_name, const string& blob_name, const int blob_idx);
/// "<blob>_<layer>_<index>_split_<use>".
string SplitBlobName(const string& layer_name, const string& blob_name, const int blob_idx,
                     const int split_idx);

}  // namespace caffe

#endif  // CAFFE_UTIL_INSERT_SPLITS_HPP_
