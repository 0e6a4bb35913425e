// The plain code of a layer, in double precision, and the engines' in single precision agree on
// random shapes. 200 cases, or 2,000 under CAFFE_TEST_FULL=1. CAFFE_TEST_SEED chooses other ones,
// CAFFE_TEST_CASE a single one; each failure prints both.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "caffe/native/dnnl_memory.hpp"
#include "tests/caffe/layers/layer_test.hpp"
#include "tests/caffe/native/engine_cases.hpp"
#include "tests/caffe/native/move_into_blocks.hpp"

namespace caffe {
namespace {

constexpr unsigned kSeed = 20261127;

int Setting(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

string ShapesText(const EngineCase& c) {
  string text;
  for (const vector<int>& shape : c.bottoms) text += " " + ShapeText(shape);
  return text;
}

/// Everything that a forward and a backward pass leave, by name.
typedef std::map<string, vector<double>> Results;

template <typename Dtype>
void Keep(const string& name, const Dtype* values, int count, Results* results) {
  (*results)[name].assign(values, values + count);
}

/// Values that are the same in single and in double precision.
template <typename Dtype>
void FillNormal(std::mt19937* random, float scale, int count, Dtype* values) {
  std::normal_distribution<float> normal;
  for (int i = 0; i < count; ++i) values[i] = scale * normal(*random);
}

template <typename Dtype>
void MoveAll(const vector<Blob<Dtype>*>& blobs, bool data, int block) {
  for (Blob<Dtype>* blob : blobs) {
    if (block == 0 || blob->num_axes() < 3 || blob->num_axes() > 5) continue;
    MoveIntoBlocks(data ? blob->data().get() : blob->diff().get(), blob->shape(), block);
  }
}

/// @param block  of the channel blocks that images come in, 0: plain
template <typename Dtype>
Results Run(const EngineCase& c, const string& text, int block) {
  std::mt19937 random(1);
  vector<std::unique_ptr<Blob<Dtype>>> owned;
  vector<Blob<Dtype>*> bottoms;
  for (const vector<int>& shape : c.bottoms) {
    owned.push_back(std::make_unique<Blob<Dtype>>(shape));
    bottoms.push_back(owned.back().get());
    FillNormal(&random, 1, bottoms.back()->count(), bottoms.back()->mutable_cpu_data());
  }
  Blob<Dtype> top;
  const vector<Blob<Dtype>*> tops = {&top};
  const auto layer = LayerRegistry<Dtype>::CreateLayer(LayerText(text));
  layer->SetUp(bottoms, tops);
  for (const auto& blob : layer->blobs()) {
    if (c.random_weights) FillNormal(&random, 0.25f, blob->count(), blob->mutable_cpu_data());
    caffe_set(blob->count(), Dtype(0), blob->mutable_cpu_diff());
  }
  MoveAll(bottoms, true, block);
  layer->Forward(bottoms, tops);
  Results results;
  Keep("top", top.cpu_data(), top.count(), &results);
  FillNormal(&random, 1, top.count(), top.mutable_cpu_diff());
  // cpu_data() above made plain values of the forward pass current; those in blocks still are.
  MoveAll(tops, false, block);
  layer->Backward(tops, vector<bool>(bottoms.size(), true), bottoms);
  for (size_t i = 0; i < bottoms.size(); ++i) {
    Keep("bottom gradient " + std::to_string(i), bottoms[i]->cpu_diff(), bottoms[i]->count(),
         &results);
  }
  for (size_t i = 0; i < layer->blobs().size(); ++i) {
    const Blob<Dtype>& blob = *layer->blobs()[i];
    Keep("parameter " + std::to_string(i), blob.cpu_data(), blob.count(), &results);
    Keep("parameter gradient " + std::to_string(i), blob.cpu_diff(), blob.count(), &results);
  }
  return results;
}

/// The largest difference in parts of the largest value; of a result that is zero, the difference.
double Difference(const vector<double>& found, const vector<double>& wanted) {
  double worst = 0, largest = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double difference = std::abs(found[i] - wanted[i]);
    if (!(difference <= worst)) worst = difference;  // NaN stays
    largest = std::max(largest, std::abs(wanted[i]));
  }
  return largest > 0 ? worst / largest : worst;
}

void Check(unsigned seed, int number) {
  const EngineCase c = EngineCaseDraw(seed, number).Draw();
  SCOPED_TRACE("CAFFE_TEST_SEED=" + std::to_string(seed) +
               " CAFFE_TEST_CASE=" + std::to_string(number) + " caffe_engine_agreement_test\n" +
               c.native + ", bottoms" + ShapesText(c) + ", blocks of " + std::to_string(c.block));
  Results wanted, found;
  ASSERT_EQ(ErrorOf([&] {
              wanted = Run<double>(c, c.plain, 0);
              found = Run<float>(c, c.native, c.block);
            }),
            "");
  ASSERT_EQ(found.size(), wanted.size());
  for (const auto& [name, values] : wanted) {
    ASSERT_EQ(found[name].size(), values.size()) << name;
    EXPECT_LE(Difference(found[name], values), c.tolerance) << name;
  }
}

TEST(EngineAgreementTest, RandomLayers) {
  Caffe::set_mode(Caffe::CPU);
  const unsigned seed = Setting("CAFFE_TEST_SEED", kSeed);
  std::cout << "seed " << seed << "\n";
  if (const int only = Setting("CAFFE_TEST_CASE", -1); only >= 0) return Check(seed, only);
  const int cases = std::getenv("CAFFE_TEST_FULL") != nullptr ? 2000 : 200;
  for (int number = 0; number < cases; ++number) Check(seed, number);
}

}  // namespace
}  // namespace caffe
