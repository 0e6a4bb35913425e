// A layer or a net that ran in one thread runs in any other, alone and beside others, with the
// same bits.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "caffe/net.hpp"
#include "tests/caffe/layers/layer_test.hpp"
#include "tests/caffe/native/engine_cases.hpp"

namespace caffe {
namespace {

typedef vector<vector<float>> Results;

/// Runs f in a thread of its own, with the device that a new thread has.
template <typename F>
void InAnotherThread(F f) {
  std::thread(f).join();
}

vector<float> Copied(const float* values, int count) { return {values, values + count}; }

/// One layer with its blobs.
class Subject {
 public:
  explicit Subject(const EngineCase& c)
      : layer_(LayerRegistry<float>::CreateLayer(LayerText(c.native))) {
    FillerParameter normal;
    normal.set_std(0.25f);
    GaussianFiller<float> filler(normal);
    Caffe::set_random_seed(1);
    for (const vector<int>& shape : c.bottoms) {
      owned_.push_back(std::make_unique<Blob<float>>(shape));
      bottoms_.push_back(owned_.back().get());
      filler.Fill(bottoms_.back());
    }
    layer_->SetUp(bottoms_, tops_);
    for (const auto& blob : layer_->blobs()) {
      if (c.random_weights) filler.Fill(blob.get());
    }
  }

  /// A forward and a backward pass.
  Results Run() {
    for (const auto& blob : layer_->blobs()) blob->scale_diff(0);
    // Plain values every time: what the last pass left in blocks is another way to the same sums.
    for (Blob<float>* bottom : bottoms_) bottom->mutable_cpu_data();
    layer_->Forward(bottoms_, tops_);
    Results results = {Copied(top_.cpu_data(), top_.count())};
    for (int i = 0; i < top_.count(); ++i) {
      top_.mutable_cpu_diff()[i] = static_cast<float>(i * 7 % 11 - 5) / 4;
    }
    layer_->Backward(tops_, vector<bool>(bottoms_.size(), true), bottoms_);
    for (Blob<float>* bottom : bottoms_) {
      results.push_back(Copied(bottom->cpu_diff(), bottom->count()));
    }
    for (const auto& blob : layer_->blobs()) {
      results.push_back(Copied(blob->cpu_diff(), blob->count()));
    }
    return results;
  }

 private:
  std::shared_ptr<Layer<float>> layer_;
  vector<std::unique_ptr<Blob<float>>> owned_;
  Blob<float> top_;
  vector<Blob<float>*> bottoms_, tops_ = {&top_};
};

/// Convolutions of every engine, and what else EngineCaseDraw knows.
vector<EngineCase> Cases() {
  vector<EngineCase> cases;
  for (int number = 0; number < 60; ++number) {
    cases.push_back(EngineCaseDraw(20261201, number).Draw());
    if (cases.back().native.find("BatchNorm") != string::npos) cases.pop_back();  // has a state
  }
  return cases;
}

TEST(ThreadsTest, LayersRunInAnyThread) {
  Caffe::set_mode(Caffe::CPU);
  for (const EngineCase& c : Cases()) {
    SCOPED_TRACE(c.native);
    Subject subject(c);
    const Results here = subject.Run();
    Results there;
    InAnotherThread([&] { there = subject.Run(); });
    EXPECT_EQ(there, here);
    EXPECT_EQ(subject.Run(), here);
    // Made and run in a thread that has ended since.
    std::unique_ptr<Subject> other;
    InAnotherThread([&] {
      other = std::make_unique<Subject>(c);
      other->Run();
    });
    EXPECT_EQ(other->Run(), here);
  }
}

NetParameter NetText(const string& text) {
  NetParameter net;
  Require(google::protobuf::TextFormat::ParseFromString(text, &net), "cannot parse");
  net.set_force_backward(true);
  return net;
}

/// A convolution of each kind, with what fuses behind it.
const char kNet[] = R"(
  layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 32 dim: 9 dim: 9 } } }
  layer { name: 'a' type: 'Convolution' bottom: 'x' top: 'a'
          convolution_param { num_output: 32 kernel_size: 3 pad: 1 weight_filler { type: 'msra' } } }
  layer { name: 'bn' type: 'BatchNorm' bottom: 'a' top: 'a' batch_norm_param { use_global_stats: true } }
  layer { name: 'sc' type: 'Scale' bottom: 'a' top: 'a' scale_param { bias_term: true } }
  layer { name: 're' type: 'ReLU' bottom: 'a' top: 'a' }
  layer { name: 'b' type: 'Convolution' bottom: 'a' top: 'b'
          convolution_param { num_output: 32 group: 4 kernel_size: 3 pad: 1 weight_filler { type: 'msra' } } }
  layer { name: 'add' type: 'Eltwise' bottom: 'b' bottom: 'x' top: 'add' }
  layer { name: 'r2' type: 'ReLU' bottom: 'add' top: 'add' }
  layer { name: 'c' type: 'Convolution' bottom: 'add' top: 'c'
          convolution_param { num_output: 32 group: 32 kernel_size: 3 weight_filler { type: 'msra' } } }
  layer { name: 'd' type: 'Deconvolution' bottom: 'c' top: 'd'
          convolution_param { num_output: 6 group: 2 kernel_size: 3 stride: 2 weight_filler { type: 'msra' } } }
  layer { name: 'p' type: 'Pooling' bottom: 'd' top: 'p' pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
  layer { name: 'ip' type: 'InnerProduct' bottom: 'p' top: 'ip'
          inner_product_param { num_output: 7 weight_filler { type: 'msra' } } }
  layer { name: 's' type: 'Reduction' bottom: 'ip' top: 's' loss_weight: 1
          reduction_param { operation: SUMSQ } })";

/// A net with its own random values, the same for the same seed.
std::unique_ptr<Net<float>> MadeNet(Phase phase, unsigned seed) {
  Caffe::set_random_seed(seed);
  NetParameter param = NetText(kNet);
  param.mutable_state()->set_phase(phase);
  auto net = std::make_unique<Net<float>>(param);
  FillerParameter normal;
  GaussianFiller<float>(normal).Fill(net->blob_by_name("x").get());
  return net;
}

Results Pass(Net<float>* net) {
  net->ClearParamDiffs();
  Results results(1, vector<float>(1));
  net->blob_by_name("x")->mutable_cpu_data();
  net->Forward(&results[0][0]);
  if (net->phase() == TEST) return results;
  net->Backward();
  for (Blob<float>* blob : net->learnable_params()) {
    results.push_back(Copied(blob->cpu_diff(), blob->count()));
  }
  return results;
}

TEST(ThreadsTest, NetsRunInAnyThread) {
  Caffe::set_mode(Caffe::CPU);
  for (const Phase phase : {TRAIN, TEST}) {
    const auto net = MadeNet(phase, 1);
    const Results here = Pass(net.get());
    Results there;
    InAnotherThread([&] { there = Pass(net.get()); });
    EXPECT_EQ(there, here);
    EXPECT_EQ(Pass(net.get()), here);
  }
}

TEST(ThreadsTest, TwoNetsRunAtOnce) {
  Caffe::set_mode(Caffe::CPU);
  constexpr int kPasses = 20;
  for (const Phase phase : {TRAIN, TEST}) {
    const auto first = MadeNet(phase, 1), second = MadeNet(phase, 2);
    const Results alone[] = {Pass(first.get()), Pass(second.get())};
    EXPECT_NE(alone[0], alone[1]);
    Net<float>* const nets[] = {first.get(), second.get()};
    int wrong[2] = {};
    vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&, i] {
        for (int pass = 0; pass < kPasses; ++pass) wrong[i] += Pass(nets[i]) != alone[i];
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong[0], 0);
    EXPECT_EQ(wrong[1], 0);
  }
}

TEST(ThreadsTest, NetsAreMadeAtOnce) {
  Caffe::set_mode(Caffe::CPU);
  Results alone;
  InAnotherThread([&] { alone = Pass(MadeNet(TRAIN, 3).get()); });
  int wrong[2] = {};
  vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      for (int made = 0; made < 5; ++made) wrong[i] += Pass(MadeNet(TRAIN, 3).get()) != alone;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong[0], 0);
  EXPECT_EQ(wrong[1], 0);
}

}  // namespace
}  // namespace caffe
