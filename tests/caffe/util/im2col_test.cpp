#include "caffe/util/im2col.hpp"

#include <vector>

#include "caffe/filler.hpp"
#include "caffe/test/test_caffe_main.hpp"

namespace caffe {

/// One axis of a window and where its taps fall.
struct Axis {
  int in, kernel, pad, stride, dilation;
  int out() const { return (in + 2 * pad - (dilation * (kernel - 1) + 1)) / stride + 1; }
  int at(int o, int k) const { return o * stride - pad + k * dilation; }
};

template <typename TypeParam>
class Im2colTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;
  static constexpr bool kGpu = TypeParam::device == Caffe::GPU;

  Im2colTest() { Caffe::set_random_seed(1701); }

  static const Dtype* In(const Blob<Dtype>& blob) {
    return kGpu ? blob.gpu_data() : blob.cpu_data();
  }
  static Dtype* Out(Blob<Dtype>* blob) {
    return kGpu ? blob->mutable_gpu_data() : blob->mutable_cpu_data();
  }
  static const int* In(const Blob<int>& blob) { return kGpu ? blob.gpu_data() : blob.cpu_data(); }

  void Run2d(bool to_columns, const Blob<Dtype>& from, int channels, Axis h, Axis w,
             Blob<Dtype>* to) {
    const auto run = to_columns ? (kGpu ? im2col_gpu<Dtype> : im2col_cpu<Dtype>)
                                : (kGpu ? col2im_gpu<Dtype> : col2im_cpu<Dtype>);
    run(In(from), channels, h.in, w.in, h.kernel, w.kernel, h.pad, w.pad, h.stride, w.stride,
        h.dilation, w.dilation, Out(to));
  }

  void RunNd(bool to_columns, const Blob<Dtype>& from, int channels, const vector<Axis>& axes,
             Blob<Dtype>* to) {
    const int n = static_cast<int>(axes.size());
    Blob<int> im({n + 1}), col({n + 1}), kernel({n}), pad({n}), stride({n}), dilation({n});
    im.mutable_cpu_data()[0] = col.mutable_cpu_data()[0] = channels;
    for (int a = 0; a < n; ++a) {
      im.mutable_cpu_data()[a + 1] = axes[a].in;
      col.mutable_cpu_data()[a + 1] = axes[a].out();
      col.mutable_cpu_data()[0] *= axes[a].kernel;
      kernel.mutable_cpu_data()[a] = axes[a].kernel;
      pad.mutable_cpu_data()[a] = axes[a].pad;
      stride.mutable_cpu_data()[a] = axes[a].stride;
      dilation.mutable_cpu_data()[a] = axes[a].dilation;
    }
    if (kGpu) {
      const auto run = to_columns ? im2col_nd_gpu<Dtype> : col2im_nd_gpu<Dtype>;
      run(In(from), n, to->count(), In(im), In(col), In(kernel), In(pad), In(stride), In(dilation),
          Out(to));
    } else {
      const auto run = to_columns ? im2col_nd_cpu<Dtype> : col2im_nd_cpu<Dtype>;
      run(In(from), n, In(im), In(col), In(kernel), In(pad), In(stride), In(dilation), Out(to));
    }
  }

  /// Both directions over two axes against the definition.
  void Check(int channels, Axis h, Axis w) {
    SCOPED_TRACE(testing::Message() << channels << " channels of " << h.in << "x" << w.in
                                    << ", kernel " << h.kernel << "x" << w.kernel);
    Blob<Dtype> image({channels, h.in, w.in});
    Blob<Dtype> columns({channels, h.kernel, w.kernel, h.out(), w.out()});
    Blob<Dtype> columns_nd(columns.shape()), sums(image.shape()), sums_nd(image.shape());
    GaussianFiller<Dtype>(FillerParameter()).Fill(&image);
    Run2d(true, image, channels, h, w, &columns);
    RunNd(true, image, channels, {h, w}, &columns_nd);
    vector<double> want_sums(image.count());
    for (int c = 0; c < channels; ++c) {
      for (int kh = 0; kh < h.kernel; ++kh) {
        for (int kw = 0; kw < w.kernel; ++kw) {
          for (int oh = 0; oh < h.out(); ++oh) {
            for (int ow = 0; ow < w.out(); ++ow) {
              const int y = h.at(oh, kh), x = w.at(ow, kw);
              const bool inside = y >= 0 && y < h.in && x >= 0 && x < w.in;
              const int i = inside ? (c * h.in + y) * w.in + x : -1;
              const Dtype want = inside ? image.cpu_data()[i] : Dtype(0);
              const int at = columns.offset(vector<int>{c, kh, kw, oh, ow});
              ASSERT_EQ(columns.cpu_data()[at], want);
              ASSERT_EQ(columns_nd.cpu_data()[at], want);
              if (inside) want_sums[i] += want;
            }
          }
        }
      }
    }
    caffe_set(sums.count(), Dtype(99), sums.mutable_cpu_data());
    Run2d(false, columns, channels, h, w, &sums);
    RunNd(false, columns, channels, {h, w}, &sums_nd);
    for (int i = 0; i < sums.count(); ++i) {
      const double bound = 1e-6 * (1 + std::abs(want_sums[i]));
      ASSERT_NEAR(sums.cpu_data()[i], want_sums[i], bound);
      ASSERT_EQ(sums.cpu_data()[i], sums_nd.cpu_data()[i]);
    }
  }
};

TYPED_TEST_SUITE(Im2colTest, TestDtypesAndDevices);

TYPED_TEST(Im2colTest, AgreesWithDefinition) {
  this->Check(1, {5, 3, 0, 1, 1}, {5, 3, 0, 1, 1});
  this->Check(3, {6, 3, 1, 2, 1}, {5, 2, 0, 1, 1});
  this->Check(2, {9, 3, 2, 1, 2}, {10, 3, 4, 2, 3});
  this->Check(2, {7, 2, 0, 3, 1}, {8, 1, 0, 2, 1});
  this->Check(2, {1, 3, 1, 1, 1}, {4, 5, 4, 1, 1});
}

TYPED_TEST(Im2colTest, ThreeAxesAreTransposes) {
  typedef typename TypeParam::Dtype Dtype;
  const vector<Axis> axes = {{4, 2, 1, 2, 1}, {5, 3, 1, 1, 1}, {6, 2, 0, 1, 2}};
  vector<int> columns_shape = {2 * 2 * 3 * 2};
  for (const Axis& axis : axes) columns_shape.push_back(axis.out());
  Blob<Dtype> x(2, 4, 5, 6), y(columns_shape), columns(columns_shape), image(x.shape());
  GaussianFiller<Dtype>(FillerParameter()).Fill(&x);
  GaussianFiller<Dtype>(FillerParameter()).Fill(&y);
  this->RunNd(true, x, 2, axes, &columns);
  this->RunNd(false, y, 2, axes, &image);
  double left = 0, right = 0;
  for (int i = 0; i < y.count(); ++i) left += double(columns.cpu_data()[i]) * y.cpu_data()[i];
  for (int i = 0; i < x.count(); ++i) right += double(image.cpu_data()[i]) * x.cpu_data()[i];
  EXPECT_GT(std::abs(left), 1e-3);
  EXPECT_NEAR(left, right, 1e-6 * y.count());
  // Channel 1, tap (1, 1, 1) of output (0, 3, 2) lies at (0, 3, 4).
  EXPECT_EQ(columns.data_at(21, 0, 3, 2), x.data_at(1, 0, 3, 4));
}

}  // namespace caffe
