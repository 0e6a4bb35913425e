#include "caffe/layers/log_layer.hpp"

#include <cmath>

namespace caffe {

template <typename Dtype>
LogFunction<Dtype> LogLayer<Dtype>::function() const {
  const LogParameter& param = this->layer_param_.log_param();
  Require(param.base() == -1 || (param.base() > 0 && param.base() != 1), "base is ", param.base(),
          ", but has to be above 0 and not 1, or -1 for e");
  const double log_base = param.base() == -1 ? 1 : std::log(double(param.base()));
  return {.shift = static_cast<Dtype>(param.shift()),
          .scale = static_cast<Dtype>(param.scale()),
          .factor = static_cast<Dtype>(1 / log_base)};
}

INSTANTIATE_CLASS(LogLayer);
REGISTER_LAYER_CLASS(Log);

}  // namespace caffe
