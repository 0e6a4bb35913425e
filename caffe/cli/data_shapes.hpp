#ifndef CAFFE_CLI_DATA_SHAPES_HPP_
#define CAFFE_CLI_DATA_SHAPES_HPP_

#include <map>
#include <string>
#include <vector>

#include "caffe/proto/caffe.pb.h"

namespace caffe::cli {

/// What the user says about the shapes of a net's inputs.
struct InputShapes {
  /// By blob name; the shape under the name "" is for the first top of the only layer that
  /// brings data.
  std::map<std::string, std::vector<int>> by_name;
  /// Images in a batch; 0: as the net says.
  int batch = 0;
};

/// From "data=1,3,32,32;label=1" or "1,3,32,32". Throws Error.
InputShapes ParseInputShapes(const std::string& text, int batch);

/// Makes an Input layer out of each layer that would read a data set, so that the net can be
/// built without the data. The shape of its first top is, in this order: what the user says; the
/// first record of an LMDB that exists; crop_size or new_height x new_width of the
/// transformation, with as many channels as there are mean values or std values (3 for one or
/// none, 1 with force_gray). Further tops are labels: one number an image. Throws Error where the
/// shape cannot be known, and where the user's shapes name no input.
/// @param net  filtered for `phase`
/// @return what was guessed, a line each
std::vector<std::string> ReplaceDataLayers(const InputShapes& shapes, Phase phase,
                                           NetParameter* net);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_DATA_SHAPES_HPP_
