// One step, forward and backward, of a depthwise convolution in four ways: ours, oneDNN on the same
// row-major data, oneDNN in layouts of its choice, and grouped matrix products as Caffe does it.
//
//   depthwise_benchmark [rounds]

#include <google/protobuf/text_format.h>

#include <cstdio>
#include <cstdlib>
#include <dnnl.hpp>
#include <memory>
#include <string>

#include "benchmarks/median_time.hpp"
#include "caffe/caffe.hpp"
#include "caffe/filler.hpp"
#include "caffe/native/dnnl_api.hpp"

namespace caffe {
namespace {

struct Case {
  int num, channels, size, kernel, stride;
};

/// A layer with filled blobs.
class Step {
 public:
  Step(const Case& c, const string& type, const string& engine) {
    LayerParameter param;
    param.set_type(type);
    ConvolutionParameter* conv = param.mutable_convolution_param();
    conv->set_num_output(c.channels);
    conv->set_group(c.channels);
    conv->add_kernel_size(c.kernel);
    conv->add_pad(c.kernel / 2);
    conv->add_stride(c.stride);
    conv->set_bias_term(false);
    conv->mutable_weight_filler()->set_type("gaussian");
    ConvolutionParameter::Engine value;
    Require(ConvolutionParameter::Engine_Parse(engine, &value), "no engine ", engine);
    conv->set_engine(value);
    layer_ = LayerRegistry<float>::CreateLayer(param);
    bottom_.Reshape(c.num, c.channels, c.size, c.size);
    GaussianFiller<float>(FillerParameter()).Fill(&bottom_);
    layer_->SetUp({&bottom_}, {&top_});
    caffe_copy(top_.count(), bottom_.cpu_data(), top_.mutable_cpu_diff());
  }

  void Forward() {
    layer_->Forward({&bottom_}, {&top_});
    top_.cpu_data();
  }
  void Backward() {
    layer_->Backward({&top_}, {true}, {&bottom_});
    bottom_.cpu_diff();
  }
  Blob<float>& bottom() { return bottom_; }
  Blob<float>& top() { return top_; }
  Blob<float>& weights() { return *layer_->blobs()[0]; }

 private:
  shared_ptr<Layer<float>> layer_;
  Blob<float> bottom_, top_;
};

/// oneDNN's three convolutions on row-major operands.
class RowMajorDnnl {
 public:
  RowMajorDnnl(const Case& c, Step* step) {
    using dnnl::memory;
    using dnnl::prop_kind;
    const auto desc = [](const memory::dims& dims, memory::format_tag tag) {
      return memory::desc(dims, memory::data_type::f32, tag);
    };
    const int out = step->top().width();
    const auto image = memory::format_tag::nchw;
    const memory::desc x = desc({c.num, c.channels, c.size, c.size}, image);
    const memory::desc y = desc({c.num, c.channels, out, out}, image);
    const memory::desc w = desc({c.channels, 1, 1, c.kernel, c.kernel}, memory::format_tag::goihw);
    const memory::dims pad{c.kernel / 2, c.kernel / 2};
    const DnnlConvolution convolution = {.src = x,
                                         .weights = w,
                                         .bias = {},
                                         .dst = y,
                                         .stride = {c.stride, c.stride},
                                         .dilation = {0, 0},
                                         .pad_front = pad,
                                         .pad_back = pad};
    const dnnl::primitive_attr attributes;
    const auto forward =
        ForwardPrimitive(convolution, prop_kind::forward_training, attributes, engine_);
    forward_ = dnnl::convolution_forward(forward);
    data_ = dnnl::convolution_backward_data(
        BackwardDataPrimitive(convolution, attributes, engine_, forward));
    weights_ = dnnl::convolution_backward_weights(
        BackwardWeightsPrimitive(convolution, attributes, engine_, forward));
    x_ = memory(x, engine_, step->bottom().mutable_cpu_data());
    dx_ = memory(x, engine_, step->bottom().mutable_cpu_diff());
    y_ = memory(y, engine_, step->top().mutable_cpu_data());
    dy_ = memory(y, engine_, step->top().mutable_cpu_diff());
    w_ = memory(w, engine_, step->weights().mutable_cpu_data());
    dw_ = memory(w, engine_, step->weights().mutable_cpu_diff());
  }
  void Forward() {
    forward_.execute(stream_, {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, w_}, {DNNL_ARG_DST, y_}});
    stream_.wait();
  }
  void Backward() {
    weights_.execute(stream_,
                     {{DNNL_ARG_SRC, x_}, {DNNL_ARG_DIFF_DST, dy_}, {DNNL_ARG_DIFF_WEIGHTS, dw_}});
    data_.execute(stream_,
                  {{DNNL_ARG_DIFF_DST, dy_}, {DNNL_ARG_WEIGHTS, w_}, {DNNL_ARG_DIFF_SRC, dx_}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::convolution_forward forward_;
  dnnl::convolution_backward_data data_;
  dnnl::convolution_backward_weights weights_;
  dnnl::memory x_, dx_, y_, dy_, w_, dw_;
};

void Measure(const Case& c, int rounds) {
  Step ours(c, "DepthwiseConvolution", "DEFAULT");
  Step library(c, "Convolution", "DNNL");
  Step gemm(c, "Convolution", "CAFFE");
  Step rows(c, "Convolution", "DNNL");
  RowMajorDnnl row_major(c, &rows);
  const std::vector<double> ms =
      MedianTimes({[&] { ours.Forward(); }, [&] { ours.Backward(); }, [&] { row_major.Forward(); },
                   [&] { row_major.Backward(); }, [&] { library.Forward(); },
                   [&] { library.Backward(); }, [&] { gemm.Forward(); }, [&] { gemm.Backward(); }},
                  rounds);
  std::printf("%dx%d stride %d on %dx%dx%dx%d\n", c.kernel, c.kernel, c.stride, c.num, c.channels,
              c.size, c.size);
  const char* names[] = {"ours", "oneDNN, row-major", "oneDNN, own layouts, converted",
                         "grouped matrix products"};
  const double step = ms[0] + ms[1];
  for (int i = 0; i < 4; ++i) {
    const double forward = ms[2 * i], backward = ms[2 * i + 1];
    std::printf("  %-32s forward %8.2f ms  backward %8.2f ms  step %8.2f ms  %6.1f x ours\n",
                names[i], forward, backward, forward + backward, (forward + backward) / step);
  }
}

}  // namespace
}  // namespace caffe

int main(int argc, char** argv) {
  FLAGS_minloglevel = google::WARNING;
  google::InitGoogleLogging(argv[0]);
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 11;
  for (const caffe::Case& c : {caffe::Case{32, 192, 32, 3, 1}, caffe::Case{32, 144, 32, 3, 2},
                               caffe::Case{32, 384, 8, 3, 1}, caffe::Case{32, 960, 4, 3, 1},
                               caffe::Case{8, 960, 7, 3, 1}, caffe::Case{8, 96, 112, 3, 2},
                               caffe::Case{8, 240, 28, 5, 1}, caffe::Case{8, 240, 28, 5, 2}}) {
    caffe::Measure(c, rounds);
  }
}
