#include "caffe/native/depthwise_cpu.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <ostream>
#include <random>
#include <vector>

#include "caffe/device/device.hpp"
#include "caffe/native/depthwise_kernels.hpp"
#include "tests/caffe/layers/conv_reference.hpp"

namespace caffe {

struct DepthwiseCase {
  int num, channels, height, width, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w,
      dilation_h, dilation_w;
};

std::ostream& operator<<(std::ostream& out, const DepthwiseCase& c) {
  return out << c.num << "x" << c.channels << "x" << c.height << "x" << c.width << " kernel "
             << c.kernel_h << "," << c.kernel_w << " stride " << c.stride_h << "," << c.stride_w
             << " pad " << c.pad_h << "," << c.pad_w << " dilation " << c.dilation_h << ","
             << c.dilation_w;
}

class DepthwiseTest : public testing::TestWithParam<DepthwiseCase> {};

/// The vector code and the functors that a GPU runs, against loops over all products. Every
/// result has a guard value on either side.
template <typename Dtype>
void CheckCase(const DepthwiseCase& c) {
  const ReferenceConv reference{c.num,
                                c.channels,
                                c.channels,
                                c.channels,
                                {c.height, c.width},
                                {c.kernel_h, c.kernel_w},
                                {c.stride_h, c.stride_w},
                                {c.pad_h, c.pad_w},
                                {c.dilation_h, c.dilation_w}};
  const std::vector<int> out = reference.out();
  const DepthwiseShape shape{c.num,
                             c.channels,
                             {c.height, out[0], c.kernel_h, c.pad_h, c.stride_h, c.dilation_h},
                             {c.width, out[1], c.kernel_w, c.pad_w, c.stride_w, c.dilation_w}};
  const int planes = c.num * c.channels;
  std::mt19937 engine(1701);
  std::uniform_real_distribution<Dtype> uniform(-2, 2);
  const auto random = [&](int n) {
    std::vector<Dtype> values(n);
    for (Dtype& value : values) value = uniform(engine);
    return values;
  };
  const std::vector<Dtype> x = random(planes * c.height * c.width);
  const std::vector<Dtype> w = random(c.channels * c.kernel_h * c.kernel_w);
  const std::vector<Dtype> b = random(c.channels);
  const std::vector<Dtype> dy = random(planes * out[0] * out[1]);

  ReferenceSums y(dy.size()), dx(x.size()), dw(w.size());
  reference.ForEachProduct([&](int i, int k, int o) {
    y.Add(o, double(x[i]) * w[k]);
    dx.Add(i, double(dy[o]) * w[k]);
    dw.Add(k, double(dy[o]) * x[i]);
  });
  for (size_t o = 0; o < dy.size(); ++o) y.Add(o, b[o / (out[0] * out[1]) % c.channels]);
  for (size_t k = 0; k < w.size(); ++k) dw.Add(k, 1);  // what stood there before

  constexpr Dtype kGuard = 77;
  const auto check = [&](const char* what, const ReferenceSums& want, Dtype start, auto run) {
    std::vector<Dtype> got(want.value.size() + 2, start);
    got.front() = got.back() = kGuard;
    run(got.data() + 1);
    EXPECT_EQ(got.front(), kGuard) << what;
    EXPECT_EQ(got.back(), kGuard) << what;
    for (size_t i = 0; i < want.value.size(); ++i) {
      ASSERT_NEAR(got[i + 1], want.value[i], want.Bound(i, std::numeric_limits<Dtype>::epsilon()))
          << what << ", element " << i;
    }
  };
  const Dtype unset = std::numeric_limits<Dtype>::quiet_NaN();
  check("vector y", y, unset,
        [&](Dtype* got) { DepthwiseForwardCpu(shape, x.data(), w.data(), b.data(), {}, got); });
  check("vector dx", dx, unset,
        [&](Dtype* got) { DepthwiseBackwardDataCpu(shape, dy.data(), w.data(), got); });
  std::vector<int> all(c.channels);
  std::iota(all.begin(), all.end(), 0);
  check("vector dw", dw, 1,
        [&](Dtype* got) { DepthwiseBackwardWeightsCpu(shape, all, x.data(), dy.data(), got); });
  check("functor y", y, unset,
        [&](Dtype* got) { depthwise_forward<Cpu>(shape, x.data(), w.data(), b.data(), got); });
  check("functor dx", dx, unset,
        [&](Dtype* got) { depthwise_backward_data<Cpu>(shape, dy.data(), w.data(), got); });
  check("functor dw", dw, 1,
        [&](Dtype* got) { depthwise_backward_weights<Cpu>(shape, x.data(), dy.data(), got); });
}

TEST_P(DepthwiseTest, AgreesWithLoops) {
  CheckCase<float>(GetParam());
  CheckCase<double>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Shapes, DepthwiseTest,
                         testing::Values(DepthwiseCase{2, 3, 8, 8, 3, 3, 1, 1, 1, 1, 1, 1},
                                         DepthwiseCase{3, 5, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1},
                                         DepthwiseCase{1, 2, 4, 4, 3, 3, 1, 1, 1, 1, 1, 1},
                                         DepthwiseCase{2, 2, 7, 13, 3, 3, 2, 2, 1, 1, 1, 1},
                                         DepthwiseCase{2, 3, 16, 16, 3, 3, 2, 2, 1, 1, 1, 1},
                                         DepthwiseCase{2, 3, 14, 9, 5, 5, 1, 1, 2, 2, 1, 1},
                                         DepthwiseCase{2, 2, 15, 20, 5, 5, 2, 2, 2, 2, 1, 1},
                                         DepthwiseCase{1, 2, 12, 11, 7, 7, 1, 1, 3, 3, 1, 1},
                                         DepthwiseCase{1, 2, 19, 17, 7, 7, 3, 3, 3, 3, 1, 1},
                                         DepthwiseCase{1, 3, 17, 19, 3, 3, 1, 1, 2, 2, 2, 2},
                                         DepthwiseCase{1, 3, 17, 22, 3, 3, 2, 2, 3, 3, 3, 3},
                                         DepthwiseCase{1, 2, 9, 10, 3, 3, 2, 2, 4, 4, 2, 2},
                                         DepthwiseCase{1, 2, 9, 10, 2, 5, 3, 2, 0, 4, 2, 1},
                                         DepthwiseCase{1, 2, 9, 10, 4, 1, 1, 3, 3, 0, 1, 4},
                                         DepthwiseCase{2, 2, 9, 11, 1, 1, 2, 2, 0, 0, 1, 1},
                                         DepthwiseCase{1, 2, 9, 11, 1, 1, 4, 4, 3, 3, 1, 1},
                                         DepthwiseCase{1, 2, 1, 30, 1, 3, 1, 1, 0, 1, 1, 1},
                                         DepthwiseCase{1, 2, 30, 1, 3, 1, 1, 1, 1, 0, 1, 1},
                                         DepthwiseCase{1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1},
                                         DepthwiseCase{1, 2, 2, 3, 3, 3, 2, 2, 1, 1, 1, 1},
                                         DepthwiseCase{1, 2, 3, 2, 1, 1, 5, 5, 4, 4, 1, 1},
                                         DepthwiseCase{1, 2, 1, 1, 1, 1, 9, 9, 6, 6, 1, 1},
                                         DepthwiseCase{1, 2, 5, 40, 11, 11, 4, 4, 5, 5, 1, 1},
                                         DepthwiseCase{1, 1, 21, 21, 3, 3, 7, 7, 0, 0, 1, 1}));

}  // namespace caffe
