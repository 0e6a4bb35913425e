#include <glog/logging.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "caffe/device/gpu_counter.hpp"
#include "caffe/device/memory.hpp"
#include "caffe/native/conv_engine.hpp"
#include "caffe/native/cuda/cudnn_context.hpp"
#include "caffe/native/cuda/cudnn_conv_plan.hpp"

namespace caffe {
namespace {

using cuda::ConvPlan;
using cuda::CudnnHandle;
using cuda::CudnnWorkspace;

/// cuDNN convolves over as many axes at most.
constexpr size_t kMaxSpatialAxes = 3;
/// The share of a GPU's memory that one plan may ask for as scratch memory. A share of all of it,
/// not of what happens to be free, so that a resumed run chooses the same plans.
constexpr size_t kWorkspaceShare = 8;

/// Owns a description of a contiguous tensor [n, c, spatial].
template <typename Dtype>
class PlaneTensor {
 public:
  PlaneTensor(int n, int c, int spatial) {
    cudnn::createTensor4dDesc<Dtype>(&tensor_);
    cudnn::setTensor4dDesc<Dtype>(&tensor_, n, c, spatial, 1);
  }
  ~PlaneTensor() { cudnnDestroyTensorDescriptor(tensor_); }
  PlaneTensor(const PlaneTensor&) = delete;
  PlaneTensor& operator=(const PlaneTensor&) = delete;
  operator cudnnTensorDescriptor_t() const { return tensor_; }

 private:
  cudnnTensorDescriptor_t tensor_ = nullptr;
};

int Product(const std::vector<int>& axes) {
  int product = 1;
  for (int axis : axes) product *= axis;
  return product;
}

std::string Text(const std::vector<int>& axes) {
  std::ostringstream text;
  for (size_t i = 0; i < axes.size(); ++i) text << (i == 0 ? "" : "x") << axes[i];
  return text.str();
}

std::string Text(const ConvShape& s) {
  std::ostringstream text;
  text << s.num << " images of " << s.in_channels << "x" << Text(s.in) << ", " << s.out_channels
       << " filters of " << s.in_channels / s.group << "x" << Text(s.kernel) << ", stride "
       << Text(s.stride) << ", dilation " << Text(s.dilation);
  return text.str();
}

const char* Text(ConvPass pass) {
  switch (pass) {
    case ConvPass::kForward:
      return "forward pass";
    case ConvPass::kBackwardData:
      return "gradient of the input";
    case ConvPass::kBackwardWeights:
      return "gradient of the weights";
  }
  return "";
}

/// What the pass is called where launches are counted.
const char* CallName(ConvPass pass) {
  switch (pass) {
    case ConvPass::kForward:
      return "cuDNN convolution, forward";
    case ConvPass::kBackwardData:
      return "cuDNN convolution, data gradient";
    case ConvPass::kBackwardWeights:
      return "cuDNN convolution, weight gradient";
  }
  return "";
}

/// cuDNN's convolution over one to three axes, row-major. Each pass has a plan of its own, chosen
/// when it first runs.
template <typename Dtype>
class CudnnConv : public ConvEngine<Dtype> {
 public:
  explicit CudnnConv(const ConvShape& shape)
      : shape_(shape),
        dst_(shape.num, shape.out_channels, Product(shape.out)),
        bias_(1, shape.out_channels, 1) {}

  bool Takes(ConvPass pass) override { return Plan(pass) != nullptr; }

  void Forward(SyncedMemory* src, SyncedMemory* weights, SyncedMemory* bias,
               SyncedMemory* dst) override {
    void* out = dst->mutable_gpu_data();
    Run(ConvPass::kForward, src->gpu_data(), weights->gpu_data(), out);
    if (bias == nullptr) return;
    CountGpuLaunch("cuDNN bias", Caffe::stream());
    CUDNN_CHECK(cudnnAddTensor(CudnnHandle(), kOne, bias_, bias->gpu_data(), kOne, dst_, out));
  }

  void BackwardData(SyncedMemory* dst_diff, SyncedMemory* weights,
                    SyncedMemory* src_diff) override {
    Run(ConvPass::kBackwardData, src_diff->mutable_gpu_data(), weights->gpu_data(),
        dst_diff->gpu_data());
  }

  void BackwardWeights(SyncedMemory* src, SyncedMemory* dst_diff, SyncedMemory* weights_diff,
                       SyncedMemory* bias_diff) override {
    Run(ConvPass::kBackwardWeights, src->gpu_data(), weights_diff->mutable_gpu_data(),
        dst_diff->gpu_data());
    if (bias_diff == nullptr) return;
    CountGpuLaunch("cuDNN bias gradient", Caffe::stream());
    CUDNN_CHECK(cudnnConvolutionBackwardBias(CudnnHandle(), kOne, dst_, dst_diff->gpu_data(), kOne,
                                             bias_, bias_diff->mutable_gpu_data()));
  }

 private:
  inline static const void* const kOne = cudnn::dataType<Dtype>::one;

  /// The plan of a pass, or null if cuDNN has none: then the log says so, once.
  ConvPlan* Plan(ConvPass pass) {
    const auto found = plans_.find(pass);
    if (found != plans_.end()) return found->second ? &*found->second : nullptr;
    const size_t limit = GpuMemory().total / kWorkspaceShare;
    std::string reason;
    std::optional<ConvPlan> plan = cuda::ChooseConvPlan(shape_, pass, cudnn::dataType<Dtype>::type,
                                                        {.handle = CudnnHandle()}, limit, &reason);
    LOG_IF(WARNING, !plan) << "The " << Text(pass) << " of a convolution (" << Text(shape_)
                           << ") runs image by image, which is slow: " << reason << ".";
    std::optional<ConvPlan>& kept = plans_[pass] = std::move(plan);
    return kept ? &*kept : nullptr;
  }

  void Run(ConvPass pass, const void* src, const void* weights, const void* dst) {
    ConvPlan* plan = Plan(pass);
    Require(plan != nullptr, "cuDNN does not take the ", Text(pass), " of this convolution.");
    const std::array<int64_t, 3> names = {cuda::kSrcTensor, cuda::kWeightsTensor, cuda::kDstTensor};
    const std::array<const void*, 3> values = {src, weights, dst};
    const void* workspace = CudnnWorkspace(plan->workspace);
    CountGpuLaunch(CallName(pass), Caffe::stream());
    cuda::BackendDescriptor operands(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    operands.Set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 3, names.data());
    operands.Set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 3, values.data());
    operands.Set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
    operands.Finalize();
    CUDNN_CHECK(cudnnBackendExecute(CudnnHandle(), plan->plan.get(), operands.get()));
  }

  const ConvShape shape_;
  PlaneTensor<Dtype> dst_;
  PlaneTensor<Dtype> bias_;
  std::map<ConvPass, std::optional<ConvPlan>> plans_;
};

}  // namespace

template <typename Dtype>
std::unique_ptr<ConvEngine<Dtype>> MakeCudnnConv(const ConvShape& shape) {
  if (shape.in.empty() || shape.in.size() > kMaxSpatialAxes) return nullptr;
  return std::make_unique<CudnnConv<Dtype>>(shape);
}

template std::unique_ptr<ConvEngine<float>> MakeCudnnConv<float>(const ConvShape&);
template std::unique_ptr<ConvEngine<double>> MakeCudnnConv<double>(const ConvShape&);

}  // namespace caffe
