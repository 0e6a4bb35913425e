#ifndef CAFFE_TESTS_LAYER_TEST_HPP_
#define CAFFE_TESTS_LAYER_TEST_HPP_

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>
#include <vector>

#include "caffe/blob.hpp"
#include "caffe/filler.hpp"
#include "caffe/layer.hpp"
#include "caffe/layer_factory.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/test/test_gradient_check_util.hpp"

namespace caffe {

/// The message of the Error that f throws, or an empty text.
template <typename F>
string ErrorOf(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline LayerParameter LayerText(const string& text) {
  LayerParameter param;
  Require(google::protobuf::TextFormat::ParseFromString(text, &param), "cannot parse ", text);
  return param;
}

/// Makes and owns the blobs of a layer test.
template <typename TypeParam>
class LayerTest : public MultiDeviceTest<TypeParam> {
 public:
  typedef typename TypeParam::Dtype Dtype;
  typedef vector<Blob<Dtype>*> Blobs;

 protected:
  Blob<Dtype>* Empty() {
    blobs_.emplace_back(new Blob<Dtype>());
    return blobs_.back().get();
  }
  Blob<Dtype>* Random(const vector<int>& shape) {
    Blob<Dtype>* blob = Empty();
    blob->Reshape(shape);
    GaussianFiller<Dtype>(FillerParameter()).Fill(blob);
    return blob;
  }
  Blob<Dtype>* Values(const vector<int>& shape, const vector<double>& values) {
    Blob<Dtype>* blob = Empty();
    blob->Reshape(shape);
    Require(values.size() == static_cast<size_t>(blob->count()), "wrong number of values");
    std::copy(values.begin(), values.end(), blob->mutable_cpu_data());
    return blob;
  }
  Blob<Dtype>* Copy(const Blob<Dtype>& other) {
    Blob<Dtype>* blob = Empty();
    blob->CopyFrom(other, false, true);
    return blob;
  }
  void FillDiff(Blob<Dtype>* blob, int salt = 0) {
    for (int i = 0; i < blob->count(); ++i) {
      blob->mutable_cpu_diff()[i] = Dtype((i * 7 + salt) % 11 - 5) / Dtype(4);
    }
  }

  static shared_ptr<Layer<Dtype>> Make(const string& text) {
    return LayerRegistry<Dtype>::CreateLayer(LayerText(text));
  }
  /// A layer that is set up and has run forward.
  static shared_ptr<Layer<Dtype>> Run(const string& text, const Blobs& bottom, const Blobs& top) {
    shared_ptr<Layer<Dtype>> layer = Make(text);
    layer->SetUp(bottom, top);
    layer->Forward(bottom, top);
    return layer;
  }
  /// The error of setting a layer up and running it, or an empty text.
  static string ErrorOfRun(const string& text, const Blobs& bottom, const Blobs& top) {
    return ErrorOf([&] { Run(text, bottom, top); });
  }

  /// Forward, and gradients of bottom and parameters, are the same in place as with a top.
  void ExpectWorksInPlace(const string& text, const Blob<Dtype>& input) {
    Blob<Dtype>* bottom = Copy(input);
    Blob<Dtype>* top = Empty();
    Blob<Dtype>* both = Copy(input);
    Caffe::set_random_seed(3);
    const auto apart = Run(text, {bottom}, {top});
    Caffe::set_random_seed(3);
    const auto in_place = Run(text, {both}, {both});
    for (const auto* layer : {&apart, &in_place}) {
      for (const auto& blob : (*layer)->blobs()) {
        caffe_set(blob->count(), Dtype(0), blob->mutable_cpu_diff());
      }
    }
    ExpectNear(both->cpu_data(), *top, top->cpu_data(), "top");
    FillDiff(top);
    FillDiff(both);
    apart->Backward({top}, {true}, {bottom});
    in_place->Backward({both}, {true}, {both});
    ExpectNear(both->cpu_diff(), *bottom, bottom->cpu_diff(), "bottom gradient");
    for (size_t i = 0; i < apart->blobs().size(); ++i) {
      const Blob<Dtype>& wanted = *apart->blobs()[i];
      ExpectNear(in_place->blobs()[i]->cpu_diff(), wanted, wanted.cpu_diff(), "parameter gradient");
    }
  }

  static void ExpectNear(const Dtype* found, const Blob<Dtype>& shape, const Dtype* wanted,
                         const char* what) {
    for (int i = 0; i < shape.count(); ++i) {
      EXPECT_NEAR(found[i], wanted[i], 1e-5 * std::max(Dtype(1), std::abs(wanted[i])))
          << what << " at " << i;
    }
  }
  static void ExpectValues(const Blob<Dtype>& blob, const vector<double>& wanted,
                           double tolerance = 1e-5) {
    ASSERT_EQ(static_cast<size_t>(blob.count()), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(blob.cpu_data()[i], wanted[i], tolerance) << "at " << i;
    }
  }

 private:
  std::deque<shared_ptr<Blob<Dtype>>> blobs_;
};

}  // namespace caffe

#endif  // CAFFE_TESTS_LAYER_TEST_HPP_
