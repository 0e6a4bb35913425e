#ifndef TESTS_CAFFE_NATIVE_ENGINE_CASES_HPP_
#define TESTS_CAFFE_NATIVE_ENGINE_CASES_HPP_

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace caffe {

/// One layer, in the form that the plain code computes and in the form that an engine does.
struct EngineCase {
  std::string plain, native;
  std::vector<std::vector<int>> bottoms;
  /// Largest difference in parts of the largest value.
  double tolerance = 1e-5;
  /// Images come in channel blocks of this size, or 0.
  int block = 0;
  /// Whether the learned blobs get random values.
  bool random_weights = true;
};

/// Draws layers of random kinds and shapes: odd sizes, strides, dilations, groups, paddings.
class EngineCaseDraw {
 public:
  explicit EngineCaseDraw(unsigned seed, int number) {
    std::seed_seq sequence{seed, static_cast<unsigned>(number)};
    random_.seed(sequence);
  }

  EngineCase Draw() {
    EngineCase drawn;
    switch (From(0, 11)) {
      case 0:
      case 1:
      case 2:
        drawn = Convolution("Convolution");
        break;
      case 3:
        drawn = Winograd();
        break;
      case 4:
        drawn = Depthwise();
        break;
      case 5:
        drawn = Convolution("Deconvolution");
        break;
      case 6:
      case 7:
        drawn = Pooling();
        break;
      case 8:
        drawn = InnerProduct();
        break;
      case 9:
        drawn = Normalisation();
        break;
      case 10:
        drawn = Elementwise();
        break;
      default:
        drawn = Channels();
    }
    return drawn;
  }

 private:
  int From(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool Chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
  int Block() { return Chance(0.5) ? 0 : Chance(0.5) ? 8 : 16; }
  template <typename T>
  T OneOf(const std::vector<T>& values) {
    return values[From(0, static_cast<int>(values.size()) - 1)];
  }

  static EngineCase Same(const std::string& text, const std::vector<std::vector<int>>& bottoms) {
    return {.plain = text, .native = text, .bottoms = bottoms};
  }
  EngineCase WithEngines(const std::string& type, const std::string& param,
                         const std::vector<int>& bottom, const std::string& engine) {
    const auto text = [&](const std::string& named) {
      return "type: '" + type + "' convolution_param { engine: " + named + " " + param + "}";
    };
    return {.plain = text("CAFFE"), .native = text(engine), .bottoms = {bottom}, .block = Block()};
  }

  /// One axis of a window that fits an input; what it takes is appended to the parameters.
  struct Window {
    std::ostringstream kernel, stride, pad, dilation;
    std::vector<int> sizes;

    std::string text() const { return kernel.str() + stride.str() + pad.str() + dilation.str(); }
  };
  void AddAxis(Window* window) {
    const int kernel = From(1, 5), stride = From(1, 3), dilation = Chance(0.3) ? 2 : 1;
    const int pad = From(0, 2), reach = dilation * (kernel - 1) + 1;
    window->kernel << "kernel_size: " << kernel << " ";
    window->stride << "stride: " << stride << " ";
    window->pad << "pad: " << pad << " ";
    window->dilation << "dilation: " << dilation << " ";
    window->sizes.push_back(std::max(1, reach - 2 * pad) + From(0, 12));
  }
  std::string Bias() { return Chance(0.5) ? "bias_term: false " : ""; }

  EngineCase Convolution(const std::string& type) {
    const int axes = Chance(0.7) ? 2 : OneOf<int>({1, 3});
    const int group = Chance(0.6) ? 1 : From(2, 4), inputs = group * From(1, axes == 3 ? 8 : 20);
    const int outputs = group * From(1, axes == 3 ? 8 : 20);
    Window window;
    for (int a = 0; a < axes; ++a) AddAxis(&window);
    std::vector<int> bottom = {From(1, 4), inputs};
    bottom.insert(bottom.end(), window.sizes.begin(), window.sizes.end());
    if (type == "Deconvolution") {
      // The output would be empty where the padding is wider than the window.
      for (size_t a = 2; a < bottom.size(); ++a) bottom[a] += 4;
    }
    return WithEngines(type,
                       "num_output: " + std::to_string(outputs) +
                           " group: " + std::to_string(group) + " " + Bias() + window.text(),
                       bottom, Chance(0.5) ? "DNNL" : "DEFAULT");
  }

  EngineCase Winograd() {
    const int pad = From(0, 2);
    EngineCase drawn = WithEngines("Convolution",
                                   "num_output: " + std::to_string(From(32, 70)) +
                                       " kernel_size: 3 pad: " + std::to_string(pad) + " " + Bias(),
                                   {From(1, 3), From(32, 70), From(3, 14), From(3, 14)}, "DEFAULT");
    drawn.tolerance = 1e-4;
    return drawn;
  }

  EngineCase Depthwise() {
    const int channels = From(2, 40), axes = Chance(0.8) ? 2 : 1;
    Window window;
    for (int a = 0; a < axes; ++a) AddAxis(&window);
    std::vector<int> bottom = {From(1, 4), channels};
    bottom.insert(bottom.end(), window.sizes.begin(), window.sizes.end());
    const std::string size = std::to_string(channels);
    return WithEngines("Convolution",
                       "num_output: " + size + " group: " + size + " " + Bias() + window.text(),
                       bottom, "DEFAULT");
  }

  EngineCase Pooling() {
    const int kernel_h = From(1, 4), kernel_w = From(1, 4);
    std::ostringstream text;
    text << "type: 'Pooling' pooling_param { pool: " << (Chance(0.5) ? "MAX" : "AVE") << " ";
    if (Chance(0.15)) {
      text << "global_pooling: true }";
    } else {
      text << "kernel_h: " << kernel_h << " kernel_w: " << kernel_w << " stride_h: " << From(1, 3)
           << " stride_w: " << From(1, 3) << " pad_h: " << From(0, kernel_h - 1)
           << " pad_w: " << From(0, kernel_w - 1)
           << (Chance(0.5) ? " round_mode: FLOOR }" : " round_mode: CEIL }");
    }
    EngineCase drawn = Same(
        text.str(), {{From(1, 4), From(1, 40), kernel_h + From(0, 12), kernel_w + From(0, 12)}});
    drawn.block = OneOf<int>({8, 16});
    return drawn;
  }

  EngineCase InnerProduct() {
    const std::string text =
        "type: 'InnerProduct' inner_product_param { num_output: " + std::to_string(From(1, 200)) +
        " " + Bias() + (Chance(0.5) ? "transpose: true }" : "}");
    return Same(text, {{From(1, 150), From(1, 24), From(1, 12)}});
  }

  EngineCase Normalisation() {
    const std::vector<int> shape = {From(2, 4), From(1, 40), From(1, 12), From(2, 12)};
    if (Chance(0.4)) {
      std::ostringstream text;
      text << "type: 'LRN' lrn_param { local_size: " << OneOf<int>({1, 3, 5}) << " alpha: 0.5 "
           << (Chance(0.5) ? "norm_region: WITHIN_CHANNEL }" : "}");
      return Same(text.str(), {shape});
    }
    EngineCase drawn = Same("type: 'BatchNorm'", {shape});
    drawn.block = OneOf<int>({8, 16});
    drawn.random_weights = false;
    return drawn;
  }

  EngineCase Elementwise() {
    const std::string text = OneOf<std::string>(
        {"type: 'ReLU' relu_param { negative_slope: 0.1 }", "type: 'Sigmoid'", "type: 'TanH'",
         "type: 'ELU'", "type: 'Swish'", "type: 'GELU'", "type: 'ReLU6'", "type: 'PReLU'",
         "type: 'Scale' scale_param { bias_term: true }", "type: 'Softmax'", "type: 'BNLL'",
         "type: 'Power' power_param { power: 2 scale: 0.5 shift: 3 }"});
    EngineCase drawn = Same(text, {{From(1, 4), From(1, 40), From(1, 12), From(1, 12)}});
    drawn.block = OneOf<int>({8, 16});
    return drawn;
  }

  /// Layers of several bottoms.
  EngineCase Channels() {
    const int count = From(2, 4), num = From(1, 4), height = From(1, 12), width = From(1, 12);
    const bool concat = Chance(0.5);
    const int channels = From(1, 40);
    std::vector<std::vector<int>> bottoms;
    for (int i = 0; i < count; ++i) {
      const int own = Chance(0.5) ? 16 * From(1, 3) : From(1, 40);
      bottoms.push_back({num, concat ? own : channels, height, width});
    }
    const std::string operation = OneOf<std::string>({"SUM", "PROD", "MAX"});
    EngineCase drawn =
        Same(concat ? "type: 'Concat'"
                    : "type: 'Eltwise' eltwise_param { operation: " + operation + " }",
             bottoms);
    drawn.block = OneOf<int>({8, 16});
    return drawn;
  }

  std::mt19937 random_;
};

}  // namespace caffe

#endif  // TESTS_CAFFE_NATIVE_ENGINE_CASES_HPP_
