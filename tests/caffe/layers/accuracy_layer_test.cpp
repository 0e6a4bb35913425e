#include "caffe/layers/accuracy_layer.hpp"

#include <limits>

#include "tests/caffe/layers/layer_test.hpp"
#include "tests/log_capture.hpp"

namespace caffe {

template <typename TypeParam>
class AccuracyLayerTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;
  AccuracyLayerTest() : accuracy_(this->Empty()) {}

  static string Text(const string& param) {
    return "type: 'Accuracy' accuracy_param { " + param + " }";
  }
  Blob<Dtype>* RandomLabels(const vector<int>& shape, int classes) {
    Blob<Dtype>* labels = this->Empty();
    labels->Reshape(shape);
    for (int i = 0; i < labels->count(); ++i) {
      labels->mutable_cpu_data()[i] = caffe_rng_rand() % classes;
    }
    return labels;
  }
  /// Whether the label's score is among the k largest of a row, ties counting against it.
  static bool Correct(const Dtype* x, int classes, int stride, int label, int k) {
    int better = 0;
    for (int c = 0; c < classes; ++c) {
      better += c != label && x[c * stride] >= x[label * stride];
    }
    return better < k;
  }

  Blob<Dtype>* accuracy_;
};
TYPED_TEST_SUITE(AccuracyLayerTest, TestDtypesAndDevices);

TYPED_TEST(AccuracyLayerTest, CountsLabelsAmongTheLargest) {
  for (const int k : {1, 2, 5}) {
    auto* x = this->Random({100, 5});
    auto* labels = this->RandomLabels({100}, 5);
    this->Run(this->Text("top_k: " + std::to_string(k)), {x, labels}, {this->accuracy_});
    int correct = 0;
    for (int i = 0; i < 100; ++i) {
      correct += this->Correct(x->cpu_data() + 5 * i, 5, 1, labels->cpu_data()[i], k);
    }
    EXPECT_NEAR(this->accuracy_->cpu_data()[0], correct / 100., 1e-6);
    EXPECT_EQ(this->accuracy_->num_axes(), 0);
  }
}

TYPED_TEST(AccuracyLayerTest, AnyAxisWithIgnoredLabelsAndClasses) {
  typedef typename TypeParam::Dtype Dtype;
  auto* x = this->Random({3, 4, 5});
  auto* labels = this->RandomLabels({3, 5}, 3);
  for (const int i : {0, 6, 7}) labels->mutable_cpu_data()[i] = -1;
  auto* by_class = this->Empty();
  this->Run(this->Text("axis: -2 ignore_label: -1"), {x, labels}, {this->accuracy_, by_class});
  vector<double> correct(4), items(4);
  double all_correct = 0;
  for (int i = 0; i < 15; ++i) {
    const int label = static_cast<int>(labels->cpu_data()[i]);
    if (label == -1) continue;
    const Dtype* row = x->cpu_data() + i / 5 * 20 + i % 5;
    const bool right = this->Correct(row, 4, 5, label, 1);
    correct[label] += right;
    items[label] += 1;
    all_correct += right;
  }
  EXPECT_NEAR(this->accuracy_->cpu_data()[0], all_correct / 12, 1e-6);
  for (int c = 0; c < 4; ++c) {
    EXPECT_NEAR(by_class->cpu_data()[c], items[c] > 0 ? correct[c] / items[c] : 0, 1e-6);
  }
}

TYPED_TEST(AccuracyLayerTest, TiesCountAgainstThePrediction) {
  auto* x = this->Values({1, 4}, {0.2, 0.5, 0.5, 0.1});
  auto* label = this->Values({1}, {1});
  this->Run(this->Text("top_k: 1"), {x, label}, {this->accuracy_});
  EXPECT_EQ(this->accuracy_->cpu_data()[0], 0);
  this->Run(this->Text("top_k: 2"), {x, label}, {this->accuracy_});
  EXPECT_EQ(this->accuracy_->cpu_data()[0], 1);

  auto* equal = this->Values({1, 3}, {1, 1, 1});
  this->Run(this->Text("top_k: 2"), {equal, label}, {this->accuracy_});
  EXPECT_EQ(this->accuracy_->cpu_data()[0], 0);
  this->Run(this->Text("top_k: 3"), {equal, label}, {this->accuracy_});
  EXPECT_EQ(this->accuracy_->cpu_data()[0], 1);

  auto* nan = this->Values({1, 2}, {1, NAN});
  this->Run(this->Text(""), {nan, label}, {this->accuracy_});
  EXPECT_EQ(this->accuracy_->cpu_data()[0], 1);
}

TYPED_TEST(AccuracyLayerTest, NothingLeftIsZero) {
  this->Run(this->Text("ignore_label: 1"), {this->Random({2, 3}), this->Values({2}, {1, 1})},
            {this->accuracy_});
  EXPECT_EQ(this->accuracy_->cpu_data()[0], 0);
}

TYPED_TEST(AccuracyLayerTest, LabelOutOfRange) {
  auto* x = this->Values({2, 2}, {0, 1, 0, 1});
  auto* labels = this->Values({2}, {1, 2});
  const string error = this->ErrorOfRun(this->Text(""), {x, labels}, {this->accuracy_});
  if (TypeParam::device == Caffe::CPU) {
    EXPECT_NE(error.find("label 2 at index 1 of bottom 1 is not among the 2 classes"),
              string::npos);
  } else {
    EXPECT_EQ(this->accuracy_->cpu_data()[0], 0.5);
  }
}

TYPED_TEST(AccuracyLayerTest, Errors) {
  auto* x = this->Random({2, 3});
  auto* labels = this->Values({2}, {1, 1});
  EXPECT_NE(this->ErrorOfRun(this->Text("top_k: 4"), {x, labels}, {this->accuracy_})
                .find("top_k is 4, but there are only 3 classes"),
            string::npos);
  EXPECT_NE(this->ErrorOfRun(this->Text(""), {x, this->Random({3})}, {this->accuracy_})
                .find("need 2 labels"),
            string::npos);
  const auto layer = this->Run(this->Text(""), {x, labels}, {this->accuracy_});
  EXPECT_NE(ErrorOf([&] {
              layer->Backward({this->accuracy_}, {true, false}, {x, labels});
            }).find("no gradient"),
            string::npos);
}

TYPED_TEST(AccuracyLayerTest, WarnsOnceOfScoresThatAreNoNumbers) {
  typedef typename TypeParam::Dtype Dtype;
  if (Caffe::mode() == Caffe::GPU) GTEST_SKIP() << "scores stay on the GPU";
  auto* x = this->Random({4, 3});
  auto* labels = this->Values({4}, {0, 1, 2, 0});
  const auto layer = this->Make(this->Text(""));
  layer->SetUp({x, labels}, {this->accuracy_});
  LogCapture log;
  layer->Forward({x, labels}, {this->accuracy_});
  EXPECT_EQ(log.Count("not numbers"), 0);
  x->mutable_cpu_data()[4] = std::numeric_limits<Dtype>::quiet_NaN();  // that of the label
  for (int i = 0; i < 2; ++i) layer->Forward({x, labels}, {this->accuracy_});
  EXPECT_EQ(log.Count("1 of 4 items have scores that are not numbers"), 1);
}

}  // namespace caffe
