#include "caffe/native/conv_engine.hpp"

namespace caffe {

template <typename Dtype>
std::unique_ptr<ConvEngine<Dtype>> MakeCudnnConv(const ConvShape&) {
  return nullptr;
}

template std::unique_ptr<ConvEngine<float>> MakeCudnnConv<float>(const ConvShape&);
template std::unique_ptr<ConvEngine<double>> MakeCudnnConv<double>(const ConvShape&);

}  // namespace caffe
