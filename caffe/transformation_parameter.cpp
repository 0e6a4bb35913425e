#include "caffe/data_transformer.hpp"

namespace caffe {

void CheckTransformationParameter(const TransformationParameter& param) {
  Require(!param.has_mean_file() || param.mean_value_size() == 0,
          "transform_param: mean_file and mean_value are both given. Give one of them.");
  Require((param.new_height() > 0) == (param.new_width() > 0), "transform_param: new_height is ",
          param.new_height(), " and new_width is ", param.new_width(), ". Give both or neither.");
  Require(param.rotation() >= 0 && param.rotation() <= 180, "transform_param: rotation is ",
          param.rotation(), "; it must be the largest angle, 0 to 180 degrees.");
  for (const float std : param.std_value()) {
    Require(std > 0, "transform_param: std_value is ", std, "; it must be above 0.");
  }
  Require(param.pad() == 0 || param.crop_size() > 0, "transform_param: pad is ", param.pad(),
          " but there is no crop_size. Padding is only for random crops: set crop_size.");
  if (!param.has_random_resized_crop_param()) return;
  Require(param.crop_size() > 0 || param.new_height() > 0,
          "transform_param: random_resized_crop_param needs crop_size, or new_height and "
          "new_width, as the size of the output.");
  Require(param.pad() == 0 && !param.has_mean_file(),
          "transform_param: random_resized_crop_param goes with neither pad nor mean_file. "
          "Leave out pad; use mean_value.");
  const RandomResizedCropParameter& crop = param.random_resized_crop_param();
  Require(crop.min_scale() > 0 && crop.min_scale() <= crop.max_scale() && crop.max_scale() <= 1,
          "random_resized_crop_param: scale runs from ", crop.min_scale(), " to ", crop.max_scale(),
          "; wanted 0 < min_scale <= max_scale <= 1.");
  Require(crop.min_ratio() > 0 && crop.min_ratio() <= crop.max_ratio(),
          "random_resized_crop_param: ratio runs from ", crop.min_ratio(), " to ", crop.max_ratio(),
          "; wanted 0 < min_ratio <= max_ratio.");
}

}  // namespace caffe
