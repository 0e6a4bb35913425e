#include "caffe/data_transformer.hpp"

#include <gtest/gtest.h>

#include <google/protobuf/text_format.h>

#include <cmath>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <set>

#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/io.hpp"
#include "tests/caffe/data_test_util.hpp"
#include "tests/caffe/image_oracle.hpp"

namespace caffe {
namespace {

template <typename T>
float PerChannel(const T& values, int c, float otherwise) {
  return values.size() == 0 ? otherwise : values.size() == 1 ? values.Get(0) : values.Get(c);
}

/// A transformer whose draws are given, and which remembers what was asked.
template <typename Dtype>
class ScriptedTransformer : public DataTransformer<Dtype> {
 public:
  ScriptedTransformer(const TransformationParameter& param, Phase phase, vector<int> script)
      : DataTransformer<Dtype>(param, phase), script_(std::move(script)) {}
  vector<int> asked_;

 protected:
  int Rand(int n) override {
    asked_.push_back(n);
    return script_.at(asked_.size() - 1);
  }

 private:
  vector<int> script_;
};

template <typename Dtype>
class DataTransformerTest : public ::testing::Test {
 protected:
  TransformationParameter Param(const string& text) {
    TransformationParameter param;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param)) << text;
    return param;
  }

  void ExpectAsOracle(const Datum& datum, const string& text, Phase phase, int samples = 20) {
    SCOPED_TRACE(text + (phase == TRAIN ? " TRAIN" : " TEST"));
    const TransformationParameter param = Param(text);
    DataTransformer<Dtype> transformer(param, phase);
    const vector<int> shape = transformer.InferBlobShape(datum);
    int compared = 0, nonzero = 0;
    for (int sample = 0; sample < samples; ++sample) {
      const Philox philox(RandomKey(17, RandomPurpose::kAugmentation, NameHash("data")), sample);
      vector<Dtype> found(shape[1] * shape[2] * shape[3]);
      transformer.Transform(datum, philox, shape, found.data());
      const Image wanted = Augmented(datum, param, phase, Draws{philox});
      ASSERT_EQ(shape, (vector<int>{1, wanted.channels, wanted.height, wanted.width}));
      size_t i = 0;
      for (int c = 0; c < wanted.channels; ++c) {
        const double mean = PerChannel(param.mean_value(), c, 0);
        const double std = PerChannel(param.std_value(), c, 1);
        for (int y = 0; y < wanted.height; ++y) {
          for (int x = 0; x < wanted.width; ++x, ++i) {
            const double pixel = wanted.at(c, y, x);
            if (std::isnan(pixel)) continue;
            ++compared;
            nonzero += pixel != 0;
            // Pixels up to 255 with single precision weights of the resize.
            ASSERT_NEAR(found[i], (pixel - mean) * param.scale() / std, 2e-4 * param.scale() / std)
                << "sample " << sample << " at " << c << "," << y << "," << x;
          }
        }
      }
    }
    EXPECT_GT(compared, 0);
    EXPECT_GT(nonzero, compared / 4);
  }
};

TYPED_TEST_SUITE(DataTransformerTest, TestDtypes);

TYPED_TEST(DataTransformerTest, NormalisesPlainImages) {
  const Datum datum = MakeDatum(3, 5, 6, 1);
  this->ExpectAsOracle(datum, "", TRAIN, 1);
  this->ExpectAsOracle(datum, "scale: 0.00390625", TEST, 1);
  this->ExpectAsOracle(datum, "mean_value: 100", TRAIN, 1);
  this->ExpectAsOracle(datum, "mean_value: 1 mean_value: 20 mean_value: 120 scale: 0.5", TRAIN, 1);
  this->ExpectAsOracle(datum, "mean_value: 120 std_value: 64", TEST, 1);
  this->ExpectAsOracle(datum,
                       "mean_value: 1 mean_value: 2 mean_value: 3 "
                       "std_value: 50 std_value: 60 std_value: 70",
                       TRAIN, 1);
}

TYPED_TEST(DataTransformerTest, AgreesWithTheSlowLoopInAllExtensions) {
  const Datum datum = MakeDatum(3, 12, 15, 1, 3);
  for (const Phase phase : {TRAIN, TEST}) {
    this->ExpectAsOracle(datum, "crop_size: 8", phase);
    this->ExpectAsOracle(datum, "crop_size: 8 mirror: true", phase);
    this->ExpectAsOracle(datum, "crop_size: 12 pad: 4 mirror: true mean_value: 9", phase);
    this->ExpectAsOracle(datum, "rotation: 15", phase);
    this->ExpectAsOracle(datum, "rotation: 180 mirror: true", phase);
    this->ExpectAsOracle(datum, "crop_size: 11 pad: 2 mirror: true rotation: 30 std_value: 3",
                         phase);
    this->ExpectAsOracle(datum, "new_height: 20 new_width: 9", phase);
    this->ExpectAsOracle(datum, "new_height: 7 new_width: 31 mirror: true", phase);
    this->ExpectAsOracle(datum,
                         "new_height: 20 new_width: 22 crop_size: 18 pad: 3 mirror: true "
                         "rotation: 15 mean_value: 100 std_value: 50",
                         phase);
  }
}

TYPED_TEST(DataTransformerTest, AgreesWithTheSlowLoopInRandomResizedCrops) {
  const Datum datum = MakeDatum(2, 17, 13, 1, 3);
  this->ExpectAsOracle(datum, "crop_size: 8 random_resized_crop_param { min_scale: 0.05 }", TRAIN);
  this->ExpectAsOracle(datum,
                       "new_height: 9 new_width: 24 mirror: true rotation: 10 "
                       "random_resized_crop_param { min_scale: 0.3 max_scale: 0.6 }",
                       TRAIN);
  // In phase TEST the whole image is resized, and cropped in its centre.
  this->ExpectAsOracle(
      datum, "new_height: 20 new_width: 20 crop_size: 16 random_resized_crop_param {}", TEST);
}

TYPED_TEST(DataTransformerTest, TakesTheCentreWhereNoRandomBoxFits) {
  const Datum datum = MakeDatum(1, 4, 40, 1);
  const TransformationParameter param = this->Param(
      "crop_size: 4 random_resized_crop_param { min_scale: 0.9 min_ratio: 1 max_ratio: 1 }");
  DataTransformer<TypeParam> transformer(param, TRAIN);
  vector<TypeParam> out(16);
  transformer.Transform(datum, Philox(1, 2), {1, 1, 4, 4}, out.data());
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4; ++x) {
      EXPECT_EQ(out[y * 4 + x], static_cast<unsigned char>(datum.data()[y * 40 + 18 + x]));
    }
  }
}

TYPED_TEST(DataTransformerTest, DrawsMirrorThenRowThenColumnAsCaffe) {
  const Datum datum = MakeDatum(1, 6, 9, 1);
  ScriptedTransformer<TypeParam> train(this->Param("crop_size: 4 mirror: true"), TRAIN, {1, 2, 5});
  Blob<TypeParam> out(1, 1, 4, 4);
  train.Transform(datum, &out);
  EXPECT_EQ(train.asked_, (vector<int>{2, 3, 6}));
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4; ++x) {
      EXPECT_EQ(out.data_at(0, 0, y, x),
                static_cast<unsigned char>(datum.data()[(y + 2) * 9 + 5 + 3 - x]));
    }
  }
  // The mirror is drawn in phase TEST too; the crop is not.
  ScriptedTransformer<TypeParam> test(this->Param("crop_size: 4 mirror: true"), TEST, {0});
  test.Transform(datum, &out);
  EXPECT_EQ(test.asked_, vector<int>{2});
  EXPECT_EQ(out.data_at(0, 0, 0, 0), static_cast<unsigned char>(datum.data()[1 * 9 + 2]));
}

TYPED_TEST(DataTransformerTest, ReachesEveryCropAndBothMirrors) {
  // The only pixel with 1 shows where the crop lies; columns 0 and 1 of the crop, mirrored too.
  Datum datum = MakeDatum(1, 4, 4, 1);
  std::string bytes(16, '\0');
  for (int i = 0; i < 16; ++i) bytes[i] = static_cast<char>(i);
  datum.set_data(bytes);
  DataTransformer<TypeParam> transformer(this->Param("crop_size: 3 mirror: true"), TRAIN);
  std::set<vector<TypeParam>> seen;
  for (int sample = 0; sample < 200; ++sample) {
    vector<TypeParam> out(9);
    transformer.Transform(datum, Philox(5, sample), {1, 1, 3, 3}, out.data());
    seen.insert(out);
  }
  EXPECT_EQ(seen.size(), 8u);
}

TYPED_TEST(DataTransformerTest, SubtractsTheMeanFileWhereThePixelLay) {
  const TemporaryDirectory dir;
  BlobProto proto;
  proto.set_num(1);
  proto.set_channels(2);
  proto.set_height(5);
  proto.set_width(5);
  for (int i = 0; i < 50; ++i) proto.add_data(0.25f * i);
  WriteProtoToBinaryFile(proto, dir / "mean");
  const Datum datum = MakeDatum(2, 5, 5, 1);
  const string text = "mirror: true scale: 2 mean_file: '" + (dir / "mean") + "'";
  ScriptedTransformer<TypeParam> transformer(this->Param(text + " crop_size: 3"), TRAIN, {1, 2, 1});
  Blob<TypeParam> out(1, 2, 3, 3);
  transformer.Transform(datum, &out);
  for (int c = 0; c < 2; ++c) {
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 3; ++x) {
        const int i = (c * 5 + y + 2) * 5 + 1 + 2 - x;
        EXPECT_EQ(out.data_at(0, c, y, x),
                  2 * (static_cast<unsigned char>(datum.data()[i]) - TypeParam(0.25) * i));
      }
    }
  }
  DataTransformer<TypeParam> plain(this->Param(text), TEST);
  plain.InitRand();
  Blob<TypeParam> big(1, 2, 6, 5);
  ExpectError([&] { plain.Transform(MakeDatum(2, 6, 5, 1), &big); },
              {"mean_file", "2x5x5", "2x6x5"});
  ExpectError([&] { DataTransformer<TypeParam>(this->Param(text + " mean_value: 1"), TEST); },
              {"mean_file and mean_value"});
}

TYPED_TEST(DataTransformerTest, TurnsTheMeanWithItsPixel) {
  const TemporaryDirectory dir;
  const Datum datum = MakeDatum(3, 6, 7, 1);
  BlobProto proto;
  proto.set_num(1);
  proto.set_channels(3);
  proto.set_height(6);
  proto.set_width(7);
  for (const char byte : datum.data()) proto.add_data(static_cast<unsigned char>(byte));
  WriteProtoToBinaryFile(proto, dir / "mean");
  // The mean is the image itself, so all that is left is what lies outside of it.
  DataTransformer<TypeParam> transformer(
      this->Param("rotation: 40 mirror: true mean_file: '" + (dir / "mean") + "'"), TRAIN);
  vector<TypeParam> out(3 * 6 * 7);
  int zeros = 0;
  for (int sample = 0; sample < 10; ++sample) {
    transformer.Transform(datum, Philox(1, sample), {1, 3, 6, 7}, out.data());
    for (const TypeParam value : out) {
      EXPECT_LE(value, 0);
      zeros += value == 0;
    }
  }
  EXPECT_GT(zeros, 10 * 126 / 2);
}

TYPED_TEST(DataTransformerTest, ReadsFloatsAndEncodedImages) {
  Datum floats;
  floats.set_channels(1);
  floats.set_height(4);
  floats.set_width(4);
  for (int i = 0; i < 16; ++i) floats.add_float_data(i * 1.5f - 3);
  this->ExpectAsOracle(floats, "crop_size: 3 pad: 1 mean_value: 1", TRAIN);

  const Datum plain = MakeDatum(3, 6, 7, 2);
  cv::Mat image(6, 7, CV_8UC3);
  for (int i = 0; i < 3 * 6 * 7; ++i) {
    image.data[(i % 42) * 3 + i / 42] = static_cast<unsigned char>(plain.data()[i]);
  }
  vector<unsigned char> bytes;
  cv::imencode(".png", image, bytes);
  Datum encoded;
  encoded.set_data(bytes.data(), bytes.size());
  encoded.set_encoded(true);
  for (const char* text : {"", "crop_size: 4 mirror: true", "rotation: 20 crop_size: 5",
                           "rotation: 20 crop_size: 6 pad: 1", "new_height: 9 new_width: 9"}) {
    DataTransformer<TypeParam> transformer(this->Param(text), TRAIN);
    const vector<int> shape = transformer.InferBlobShape(encoded);
    EXPECT_EQ(shape, transformer.InferBlobShape(plain));
    vector<TypeParam> a(shape[1] * shape[2] * shape[3]), b(a.size());
    transformer.Transform(encoded, Philox(3, 4), shape, a.data());
    transformer.Transform(plain, Philox(3, 4), shape, b.data());
    EXPECT_EQ(a, b) << text;
  }
  DataTransformer<TypeParam> gray(this->Param("force_gray: true"), TRAIN);
  EXPECT_EQ(gray.InferBlobShape(encoded), (vector<int>{1, 1, 6, 7}));
  DataTransformer<TypeParam> both(this->Param("force_gray: true force_color: true"), TRAIN);
  ExpectError([&] { both.InferBlobShape(encoded); }, {"force_color and force_gray"});
  encoded.mutable_data()->resize(20);
  ExpectError([&] { gray.InferBlobShape(encoded); }, {"decode", "20 bytes"});
}

TYPED_TEST(DataTransformerTest, TurnsDecodedImagesIntoRgb) {
  cv::Mat image(6, 7, CV_8UC3);
  for (int i = 0; i < 126; ++i) image.data[i] = static_cast<unsigned char>(2 * i + 1);
  vector<unsigned char> bytes;
  cv::imencode(".png", image, bytes);
  Datum encoded;
  encoded.set_data(bytes.data(), bytes.size());
  encoded.set_encoded(true);
  // Records of pixels keep their order: this one has red first.
  Datum red_first;
  cv::Mat reversed(6, 7, CV_8UC3);
  for (int i = 0; i < 126; ++i) reversed.data[i] = image.data[i - i % 3 + 2 - i % 3];
  CVMatToDatum(reversed, &red_first);
  for (const string text : {"mean_value: 1 mean_value: 2 mean_value: 3 std_value: 2 std_value: 3 "
                            "std_value: 5",
                            "crop_size: 4 mirror: true", "rotation: 20 crop_size: 6 pad: 1",
                            "new_height: 9 new_width: 9"}) {
    DataTransformer<TypeParam> transformer(this->Param(text + " rgb: true"), TRAIN);
    const vector<int> shape = transformer.InferBlobShape(encoded);
    vector<TypeParam> a(shape[1] * shape[2] * shape[3]), b(a.size());
    transformer.Transform(encoded, Philox(3, 4), shape, a.data());
    transformer.Transform(red_first, Philox(3, 4), shape, b.data());
    EXPECT_EQ(a, b) << text;
    Blob<TypeParam> blob(shape);
    DataTransformer<TypeParam> test(this->Param("rgb: true"), TEST);
    blob.Reshape(test.InferBlobShape(image));
    test.Transform(image, &blob);
    EXPECT_EQ(blob.data_at(0, 0, 2, 3), image.at<cv::Vec3b>(2, 3)[2]);
    EXPECT_EQ(blob.data_at(0, 2, 5, 6), image.at<cv::Vec3b>(5, 6)[0]);
  }
  DataTransformer<TypeParam> rgb(this->Param("rgb: true"), TEST);
  const cv::Mat grey(6, 7, CV_8UC1, cv::Scalar(5)), with_alpha(6, 7, CV_8UC4, cv::Scalar(5));
  Blob<TypeParam> blob(1, 1, 6, 7);
  rgb.Transform(grey, &blob);
  EXPECT_EQ(blob.data_at(0, 0, 5, 6), 5);
  blob.Reshape(1, 4, 6, 7);
  ExpectError([&] { rgb.Transform(with_alpha, &blob); }, {"rgb", "4 channels", "force_color"});
}

TYPED_TEST(DataTransformerTest, SubtractsTheMeanOfABlobInPlace) {
  Blob<TypeParam> in(2, 1, 3, 3), out;
  for (int i = 0; i < 18; ++i) in.mutable_cpu_data()[i] = i;
  ScriptedTransformer<TypeParam> transformer(
      this->Param("crop_size: 2 mirror: true mean_value: 4 scale: 3"), TRAIN, {1, 1, 0});
  transformer.Transform(&in, &out);
  ASSERT_EQ(out.shape(), (vector<int>{2, 1, 2, 2}));
  EXPECT_EQ(in.cpu_data()[0], -4);
  for (int n = 0; n < 2; ++n) {
    for (int y = 0; y < 2; ++y) {
      for (int x = 0; x < 2; ++x) {
        EXPECT_EQ(out.data_at(n, 0, y, x), 3 * (n * 9 + (y + 1) * 3 + 1 - x - 4));
      }
    }
  }
}

TYPED_TEST(DataTransformerTest, TransformsManyImages) {
  DataTransformer<TypeParam> transformer(this->Param("mean_value: 2"), TEST);
  transformer.InitRand();
  const vector<Datum> datums{MakeDatum(1, 2, 2, 0), MakeDatum(1, 2, 2, 0, 50)};
  Blob<TypeParam> out(transformer.InferBlobShape(datums));
  transformer.Transform(datums, &out);
  EXPECT_EQ(out.data_at(1, 0, 0, 0), 48);
  EXPECT_EQ(out.data_at(0, 0, 1, 1), 19);
  const vector<cv::Mat> images{cv::Mat(2, 2, CV_8UC1, cv::Scalar(9))};
  transformer.Transform(images, &out);
  EXPECT_EQ(out.data_at(0, 0, 0, 1), 7);
  EXPECT_EQ(out.data_at(1, 0, 0, 0), 48);
  Blob<TypeParam> small(1, 1, 2, 2);
  ExpectError([&] { transformer.Transform(datums, &small); }, {"2x1x2x2", "1x1x2x2"});
}

TYPED_TEST(DataTransformerTest, SaysWhatIsWrongWithOptions) {
  const auto make = [this](const char* text) {
    return [this, text] { DataTransformer<TypeParam>(this->Param(text), TRAIN); };
  };
  ExpectError(make("new_height: 3"), {"new_height is 3", "new_width is 0", "both or neither"});
  ExpectError(make("rotation: 200"), {"rotation is 200"});
  ExpectError(make("std_value: 0"), {"std_value is 0"});
  ExpectError(make("pad: 4"), {"pad is 4", "crop_size"});
  ExpectError(make("random_resized_crop_param {}"), {"crop_size", "new_height"});
  ExpectError(make("crop_size: 3 random_resized_crop_param { min_scale: 0 }"), {"min_scale"});
  ExpectError(make("crop_size: 3 pad: 1 random_resized_crop_param {}"), {"pad"});
  ExpectError(make("mean_file: '/nowhere/mean'"), {"/nowhere/mean"});
}

TYPED_TEST(DataTransformerTest, SaysWhatIsWrongWithImages) {
  DataTransformer<TypeParam> crop(this->Param("crop_size: 5"), TEST);
  ExpectError([&] { crop.InferBlobShape(MakeDatum(1, 4, 6, 0)); }, {"4x6", "crop_size 5"});
  DataTransformer<TypeParam> means(this->Param("mean_value: 1 mean_value: 2"), TEST);
  Blob<TypeParam> out(1, 3, 4, 4);
  ExpectError([&] { means.Transform(MakeDatum(3, 4, 4, 0), &out); },
              {"2 values of mean_value", "3 channels"});
  Datum cut = MakeDatum(3, 4, 4, 0);
  cut.mutable_data()->resize(40);
  DataTransformer<TypeParam> plain(this->Param(""), TEST);
  ExpectError([&] { plain.InferBlobShape(cut); }, {"40 bytes", "3x4x4", "48"});
  ExpectError([&] { plain.InferBlobShape(Datum()); }, {"0x0x0"});
  ExpectError(
      [&] {
        plain.Transform(MakeDatum(3, 4, 5, 0), Philox(), {1, 3, 4, 4}, nullptr);
      },
      {"3x4x5", "All images of a batch must agree"});
  for (const int channels : {1, 3}) {
    ExpectError(
        [&] {
          plain.Transform(MakeDatum(channels, 4, 4, 0), Philox(), {1, 4 - channels, 4, 4}, nullptr);
        },
        {"grey and colour images are mixed", "force_color: true", "encoded"});
  }
  DataTransformer<TypeParam> mirror(this->Param("mirror: true"), TEST);
  ExpectError([&] { mirror.Transform(MakeDatum(3, 4, 4, 0), &out); }, {"InitRand"});
}

}  // namespace
}  // namespace caffe
