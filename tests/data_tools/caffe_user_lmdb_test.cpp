// Reads a database that was written without any code of this project, as users of Caffe have them.
// tests/oracles/make_caffe_user_lmdb.py made it and says what is in it.

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "caffe/layers/data_layer.hpp"
#include "tests/data_tools/tool_test_util.hpp"

namespace caffe {
namespace {

class CaffeUserLmdbTest : public ::testing::Test {
 protected:
  // A copy, because readers put a lock file beside the data.
  CaffeUserLmdbTest() { fs::copy(CAFFE_TEST_DATA_DIR "/lmdb/caffe_user", path_); }

  /// Value of record `n` at index `i` (channel, row, column), as the script has it.
  static int Wanted(int n, int i) {
    const int pixel = i % 20, channel = i / 20;
    switch (n) {
      case 0:
        return (3 * i + 1) % 256;
      case 1:
        return (5 * i + 2) % 256;
      case 2:
        return 255 - i;
      default:
        return (channel == 0 ? 4 * pixel : channel == 1 ? 6 * pixel + 7 : 9 * pixel + 200) % 256;
    }
  }

  TemporaryDirectory dir_;
  string path_ = dir_ / "db";
};

TEST_F(CaffeUserLmdbTest, DataLayer) {
  LayerParameter param;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "name: 'data' type: 'Data' data_param { source: '" + path_ +
          "' backend: LMDB batch_size: 4 } transform_param { mean_value: 1 mean_value: 2 "
          "mean_value: 3 }",
      &param));
  DataLayer<float> layer(param);
  Blob<float> data, label;
  const vector<Blob<float>*> tops{&data, &label};
  layer.SetUp({}, tops);
  layer.Forward({}, tops);
  EXPECT_EQ(data.shape(), (vector<int>{4, 3, 4, 5}));
  const int labels[] = {3, 0, 999, 7};
  for (int n = 0; n < 4; ++n) {
    EXPECT_EQ(label.cpu_data()[n], labels[n]);
    for (int i = 0; i < 60; ++i) {
      EXPECT_EQ(data.cpu_data()[60 * n + i], Wanted(n, i) - (1 + i / 20)) << n << " " << i;
    }
  }
}

TEST_F(CaffeUserLmdbTest, LmdbInfo) {
  const Outcome outcome = RunCommand(string(LMDB_INFO) + " --check --head 9 " + path_);
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  for (const char* part :
       {"4 records", "bytes: 3 records", "encoded: 1 record", "3x4x5: 4 records", "4 from 0 to 999",
        "'00000001_a b.jpg' label 0, 3x4x5, bytes", "'00000003.png' label 7, 3x4x5, encoded"}) {
    EXPECT_NE(outcome.output.find(part), string::npos) << part << " is not in " << outcome.output;
  }
}

TEST_F(CaffeUserLmdbTest, ComputeImageMean) {
  const string mean_file = dir_ / "mean.binaryproto";
  const Outcome outcome = RunCommand(string(COMPUTE_IMAGE_MEAN) + " " + path_ + " " + mean_file);
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  BlobProto mean;
  ASSERT_TRUE(mean.ParseFromString(ReadBytes(mean_file)));
  ASSERT_EQ(mean.data_size(), 60);
  for (int i = 0; i < 60; ++i) {
    const int sum = Wanted(0, i) + Wanted(1, i) + Wanted(2, i) + Wanted(3, i);
    EXPECT_EQ(mean.data(i), static_cast<float>(sum) / 4) << i;
  }
}

}  // namespace
}  // namespace caffe
