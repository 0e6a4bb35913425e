#include "caffe/layers/exp_layer.hpp"

#include <cmath>

namespace caffe {

template <typename Dtype>
ExpFunction<Dtype> ExpLayer<Dtype>::function() const {
  const ExpParameter& param = this->layer_param_.exp_param();
  Require(param.base() == -1 || param.base() > 0, "base is ", param.base(),
          ", but has to be above 0, or -1 for e");
  const double log_base = param.base() == -1 ? 1 : std::log(double(param.base()));
  return {.offset = static_cast<Dtype>(param.shift() * log_base),
          .factor = static_cast<Dtype>(param.scale() * log_base)};
}

INSTANTIATE_CLASS(ExpLayer);
REGISTER_LAYER_CLASS(Exp);

}  // namespace caffe
