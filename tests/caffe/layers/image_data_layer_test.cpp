#include "caffe/layers/image_data_layer.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <set>

#include "caffe/test/test_caffe_main.hpp"
#include "tests/caffe/data_test_util.hpp"

namespace caffe {
namespace {

/// A layer and its tops.
template <typename Dtype>
class Reader {
 public:
  explicit Reader(const LayerParameter& param) : layer_(param) { layer_.SetUp({}, tops_); }
  vector<int> Labels(int batches = 1) {
    vector<int> all;
    for (int i = 0; i < batches; ++i) {
      layer_.Forward({}, tops_);
      const Dtype* labels = label_.cpu_data();
      all.insert(all.end(), labels, labels + label_.count());
    }
    return all;
  }
  vector<Dtype> Pixels() {
    layer_.Forward({}, tops_);
    return vector<Dtype>(data_.cpu_data(), data_.cpu_data() + data_.count());
  }

  Blob<Dtype> data_, label_;
  vector<Blob<Dtype>*> tops_{&data_, &label_};
  ImageDataLayer<Dtype> layer_;
};

template <typename TypeParam>
class ImageDataLayerTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  ImageDataLayerTest() { Caffe::set_random_seed(1701); }
  ~ImageDataLayerTest() {
    Caffe::set_solver_rank(0);
    Caffe::set_solver_count(1);
  }

  /// Pixel (y, x) of image i is B, G, R = i, y, x.
  static cv::Mat Image(int i, int height, int width) {
    cv::Mat image(height, width, CV_8UC3);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) image.at<cv::Vec3b>(y, x) = cv::Vec3b(i, y, x);
    }
    return image;
  }
  /// Writes n images "image i.png" and a list of them with labels i.
  void WriteImages(int n, int height = 4, int width = 5) {
    std::ofstream list(dir_ / "list.txt");
    for (int i = 0; i < n; ++i) {
      const string name = "image " + std::to_string(i) + ".png";
      cv::imwrite(dir_ / name, Image(i, height, width));
      list << name << " " << i << "\n";
    }
  }
  void WriteList(const string& text) { std::ofstream(dir_ / "list.txt") << text; }

  LayerParameter Param(const string& images, const string& more = "", Phase phase = TRAIN) {
    LayerParameter param;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "name: 'data' type: 'ImageData' image_data_param { " + images + " } " + more, &param));
    param.set_phase(phase);
    param.mutable_image_data_param()->set_source(dir_ / "list.txt");
    if (!param.image_data_param().has_root_folder()) {
      param.mutable_image_data_param()->set_root_folder(dir_ / "");
    }
    return param;
  }

  TemporaryDirectory dir_;
};

TYPED_TEST_SUITE(ImageDataLayerTest, TestDtypesAndDevices);

TYPED_TEST(ImageDataLayerTest, ReadsImagesInOrderAndWraps) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(5);
  Reader<Dtype> reader(this->Param("batch_size: 3"));
  EXPECT_EQ(reader.data_.shape(), (vector<int>{3, 3, 4, 5}));
  EXPECT_EQ(reader.label_.shape(), vector<int>{3});
  EXPECT_EQ(reader.Labels(3), (vector<int>{0, 1, 2, 3, 4, 0, 1, 2, 3}));
  const vector<Dtype> pixels = reader.Pixels();  // images 4, 0, 1
  for (int i = 0; i < 3; ++i) {
    for (int y = 0; y < 4; ++y) {
      for (int x = 0; x < 5; ++x) {
        const int at = (i * 3 * 4 + y) * 5 + x;
        ASSERT_EQ(pixels[at], (i + 4) % 5);
        ASSERT_EQ(pixels[at + 20], y);
        ASSERT_EQ(pixels[at + 40], x);
      }
    }
  }
}

TYPED_TEST(ImageDataLayerTest, ResizesAndMakesGrey) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(2, 10, 12);
  Reader<Dtype> reader(this->Param("batch_size: 2 new_height: 5 new_width: 7 is_color: false"));
  EXPECT_EQ(reader.data_.shape(), (vector<int>{2, 1, 5, 7}));
  const cv::Mat grey = cv::imread(this->dir_ / "image 1.png", cv::IMREAD_GRAYSCALE);
  const vector<Dtype> pixels = reader.Pixels();
  // The middle pixel of the smaller image lies in the middle of the larger one.
  EXPECT_NEAR(pixels[35 + 17], grey.at<unsigned char>(4, 5), 3);
}

TYPED_TEST(ImageDataLayerTest, TransformsTheSameForAnyNumberOfThreads) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(6, 9, 9);
  const string transform = "transform_param { crop_size: 5 mirror: true scale: 0.5 } data_param { ";
  Reader<Dtype> one(this->Param("batch_size: 6 shuffle: true", transform + "decode_threads: 1 }"));
  Reader<Dtype> four(this->Param("batch_size: 6 shuffle: true", transform + "decode_threads: 4 }"));
  EXPECT_EQ(one.data_.shape(), (vector<int>{6, 3, 5, 5}));
  const vector<Dtype> first = one.Pixels();
  EXPECT_EQ(first, four.Pixels());
  EXPECT_NE(first, one.Pixels());
  std::set<Dtype> values(first.begin(), first.begin() + 25);
  EXPECT_EQ(values.size(), 1u);  // blue: the image's number, halved
  EXPECT_EQ(std::fmod(first[0] * 2, Dtype(1)), Dtype(0));
}

TYPED_TEST(ImageDataLayerTest, ImagesOfOtherSizesAloneInTheirBatch) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(1, 4, 5);
  cv::imwrite(this->dir_ / "b.png", this->Image(1, 6, 3));
  this->WriteList("image 0.png 0\nb.png 1\n");
  Reader<Dtype> reader(this->Param("batch_size: 1"));
  reader.Pixels();
  EXPECT_EQ(reader.data_.shape(), (vector<int>{1, 3, 4, 5}));
  reader.Pixels();
  EXPECT_EQ(reader.data_.shape(), (vector<int>{1, 3, 6, 3}));

  Reader<Dtype> both(this->Param("batch_size: 2"));
  ExpectError([&] { both.Pixels(); }, {"list.txt:2: ", "3x6x3", "All images of a batch"});
}

TYPED_TEST(ImageDataLayerTest, ShuffleIsAnotherPermutationInEveryEpoch) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(20);
  Reader<Dtype> reader(this->Param("batch_size: 10 shuffle: true"));
  std::set<vector<int>> orders;
  for (int epoch = 0; epoch < 3; ++epoch) {
    vector<int> order = reader.Labels(2);
    orders.insert(order);
    std::sort(order.begin(), order.end());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(order[i], i);
  }
  EXPECT_EQ(orders.size(), 3u);
  Reader<Dtype> again(this->Param("batch_size: 10 shuffle: true"));
  EXPECT_EQ(orders.count(again.Labels(2)), 1u);
  Caffe::set_random_seed(5);
  Reader<Dtype> other(this->Param("batch_size: 10 shuffle: true"));
  EXPECT_EQ(orders.count(other.Labels(2)), 0u);
}

TYPED_TEST(ImageDataLayerTest, GoesOnWhereItStopped) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(7);
  const LayerParameter param = this->Param("batch_size: 3 shuffle: true rand_skip: 6",
                                           "transform_param { crop_size: 3 mirror: true }");
  Reader<Dtype> first(param);
  first.Labels(3);
  const uint64_t position = first.layer_.progress();
  const vector<Dtype> wanted = first.Pixels();
  Reader<Dtype> second(param);
  second.layer_.set_progress(position);
  EXPECT_EQ(second.layer_.progress(), position);
  EXPECT_EQ(second.Pixels(), wanted);
  EXPECT_EQ(second.Labels(2), first.Labels(2));
}

TYPED_TEST(ImageDataLayerTest, RandSkipStartsBelowIt) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(12);
  std::set<int> starts;
  for (int seed = 0; seed < 12; ++seed) {
    Caffe::set_random_seed(seed);
    starts.insert(Reader<Dtype>(this->Param("batch_size: 1 rand_skip: 4")).Labels()[0]);
  }
  EXPECT_GT(starts.size(), 1u);
  EXPECT_LT(*starts.rbegin(), 4);
}

TYPED_TEST(ImageDataLayerTest, SolversShareTheSamplesOut) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(6);
  Caffe::set_solver_count(2);
  vector<vector<int>> labels;
  for (int rank = 0; rank < 2; ++rank) {
    Caffe::set_solver_rank(rank);
    Reader<Dtype> reader(this->Param("batch_size: 2"));
    labels.push_back(reader.Labels(2));
    EXPECT_EQ(reader.layer_.progress(), 8u);
  }
  EXPECT_EQ(labels[0], (vector<int>{0, 2, 4, 0}));
  EXPECT_EQ(labels[1], (vector<int>{1, 3, 5, 1}));
}

TYPED_TEST(ImageDataLayerTest, NamesTheLineOfAMistake) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(2);
  const auto make = [&](const string& images) { Reader<Dtype> reader(this->Param(images)); };
  this->WriteList("image 0.png 0\n\nimage 1.png one\n");
  ExpectError([&] { make("batch_size: 1"); }, {"list.txt:3: found 'image 1.png one'", "integer"});
  this->WriteList("nolabel\n");
  ExpectError([&] { make("batch_size: 1"); }, {"list.txt:1: found 'nolabel'"});
  this->WriteList(" 7\n");
  ExpectError([&] { make("batch_size: 1"); }, {"list.txt:1: there is no path"});
  this->WriteList("\n");
  ExpectError([&] { make("batch_size: 1"); }, {"list.txt names no images"});
  this->WriteList("image 0.png\t0  \r\nmissing.png 1\n");
  Reader<Dtype> reader(this->Param("batch_size: 1"));
  EXPECT_EQ(reader.Labels(), vector<int>{0});
  ExpectError([&] { reader.Labels(); }, {"list.txt:2: cannot read the image", "missing.png"});
  ExpectError([&] { reader.Labels(); }, {"list.txt:2: "});
}

TYPED_TEST(ImageDataLayerTest, RefusesBadParameters) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteImages(2);
  const auto make = [&](const string& images) { Reader<Dtype> reader(this->Param(images)); };
  ExpectError([&] { make("batch_size: 0"); }, {"batch_size is 0"});
  ExpectError([&] { make("new_height: 3"); }, {"new_height is 3 and new_width 0"});
  ExpectError([&] { make("rand_skip: 1000000"); }, {"rand_skip 1000000 skips"});
  LayerParameter param = this->Param("batch_size: 1");
  param.mutable_image_data_param()->set_source(this->dir_ / "none.txt");
  ExpectError([&] { Reader<Dtype> reader(param); }, {"none.txt"});
}

}  // namespace
}  // namespace caffe
