#include "caffe/layers/data_layer.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <numeric>
#include <opencv2/core/core.hpp>
#include <opencv2/imgcodecs/imgcodecs.hpp>
#include <set>
#include <thread>

#include "caffe/device/memory.hpp"
#include "caffe/test/test_caffe_main.hpp"
#include "caffe/util/format.hpp"

#include "tests/caffe/data_test_util.hpp"

namespace caffe {
namespace {

/// Records 0 to n - 1: images of 2 x 4 x 5 bytes, label = number.
Records NumberedRecords(int n) {
  Records records;
  for (int i = 0; i < n; ++i) {
    records.emplace_back(format_int(i, 5), MakeDatum(2, 4, 5, i, 11 * i).SerializeAsString());
  }
  return records;
}

/// A data layer and its tops.
template <typename Dtype>
class Reader {
 public:
  explicit Reader(const LayerParameter& param, bool labels = true) : layer_(param) {
    tops_.push_back(&data_);
    if (labels) tops_.push_back(&label_);
    layer_.SetUp({}, tops_);
  }

  /// Labels of the next batch.
  vector<int> Labels() {
    layer_.Forward({}, tops_);
    const Dtype* labels = label_.cpu_data();
    return vector<int>(labels, labels + label_.count());
  }
  vector<int> Labels(int batches) {
    vector<int> all;
    for (int i = 0; i < batches; ++i) {
      for (const int label : Labels()) all.push_back(label);
    }
    return all;
  }
  /// Pixels of the next batch.
  vector<Dtype> Pixels() {
    layer_.Forward({}, tops_);
    return vector<Dtype>(data_.cpu_data(), data_.cpu_data() + data_.count());
  }

  Blob<Dtype> data_, label_;
  vector<Blob<Dtype>*> tops_;
  DataLayer<Dtype> layer_;
};

vector<int> CountUp(int first, int count, int modulus, int step = 1) {
  vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back((first + i * step) % modulus);
  return numbers;
}

/// Makes this thread one of several solvers while it lives.
class SolverRank {
 public:
  SolverRank(int rank, int count) {
    Caffe::set_solver_rank(rank);
    Caffe::set_solver_count(count);
  }
  ~SolverRank() {
    Caffe::set_solver_rank(0);
    Caffe::set_solver_count(1);
  }
};

template <typename TypeParam>
class DataLayerTest : public MultiDeviceTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  LayerParameter Param(const string& database, const string& options, Phase phase = TRAIN) {
    LayerParameter param;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(options, &param)) << options;
    param.set_name("data");
    param.set_type("Data");
    param.set_phase(phase);
    param.mutable_data_param()->set_source(dir_ / database);
    return param;
  }

  TemporaryDirectory dir_;
};

TYPED_TEST_SUITE(DataLayerTest, TestDtypesAndDevices);

TYPED_TEST(DataLayerTest, ReadsInOrderAndWrapsInTheMiddleOfABatch) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(7));
  Reader<Dtype> reader(this->Param("db", "data_param { batch_size: 3 }"));
  EXPECT_EQ(reader.data_.shape(), (vector<int>{3, 2, 4, 5}));
  EXPECT_EQ(reader.label_.shape(), vector<int>{3});
  EXPECT_EQ(reader.Labels(8), CountUp(0, 24, 7));
  // Sample 24 is record 3.
  const vector<Dtype> pixels = reader.Pixels();
  const Datum third = MakeDatum(2, 4, 5, 3, 33);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(pixels[i], static_cast<unsigned char>(third.data()[i]));
}

TYPED_TEST(DataLayerTest, TheDeviceHoldsTheFirstBatches) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(9));
  for (const Phase phase : {TRAIN, TEST}) {
    // What set-up queues on this thread's stream runs late.
    Blob<Dtype> busy({1 << 22});
    for (int i = 0; i < 50 && Caffe::mode() == Caffe::GPU; ++i) {
      GpuMemset(busy.mutable_gpu_data(), i, busy.count() * sizeof(Dtype));
    }
    Reader<Dtype> reader(this->Param("db", "data_param { batch_size: 3 }", phase));
    for (int batch = 0; batch < 6; ++batch) {
      reader.layer_.Forward({}, reader.tops_);
      // Not the host's copy, which is right whatever the device holds.
      for (Blob<Dtype>* top : reader.tops_) {
        if (Caffe::mode() == Caffe::GPU) top->mutable_gpu_data();
      }
      for (int i = 0; i < 3; ++i) {
        const int record = (batch * 3 + i) % 9;
        const Datum datum = MakeDatum(2, 4, 5, record, 11 * record);
        EXPECT_EQ(reader.label_.cpu_data()[i], record) << "batch " << batch;
        for (int k = 0; k < 40; ++k) {
          ASSERT_EQ(reader.data_.cpu_data()[i * 40 + k],
                    static_cast<unsigned char>(datum.data()[k]))
              << "batch " << batch;
        }
      }
    }
  }
}

TYPED_TEST(DataLayerTest, WorksWithOneBatchReadAheadAndWithoutLabels) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(4));
  Reader<Dtype> reader(this->Param("db", "data_param { batch_size: 2 prefetch: 1 }"), false);
  reader.Pixels();
  const vector<Dtype> second = reader.Pixels();
  EXPECT_EQ(second[0], 22);
  EXPECT_EQ(second[40], 33);
  EXPECT_EQ(reader.label_.count(), 0);
}

TYPED_TEST(DataLayerTest, ShuffleIsAnotherPermutationInEveryEpoch) {
  typedef typename TypeParam::Dtype Dtype;
  const int n = 40;
  WriteLmdb(this->dir_ / "db", NumberedRecords(n));
  const LayerParameter param = this->Param("db", "data_param { batch_size: 8 shuffle: true }");
  Reader<Dtype> reader(param);
  std::set<vector<int>> orders;
  for (int epoch = 0; epoch < 4; ++epoch) {
    vector<int> order = reader.Labels(n / 8);
    orders.insert(order);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, CountUp(0, n, n)) << "epoch " << epoch;
  }
  EXPECT_EQ(orders.size(), 4u);
  EXPECT_EQ(orders.count(CountUp(0, n, n)), 0u);

  Reader<Dtype> again(param);
  EXPECT_EQ(orders.count(again.Labels(n / 8)), 1u);
  LayerParameter other_name = param;
  other_name.set_name("other");
  EXPECT_EQ(orders.count(Reader<Dtype>(other_name).Labels(n / 8)), 0u);
  Caffe::set_random_seed(99);
  EXPECT_EQ(orders.count(Reader<Dtype>(param).Labels(n / 8)), 0u);
}

TYPED_TEST(DataLayerTest, AugmentationDoesNotDependOnThreads) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(13));
  const string transform =
      "transform_param { crop_size: 4 pad: 2 mirror: true rotation: 20 mean_value: 90 }";
  const auto param = [&](int threads) {
    return this->Param("db", transform +
                                 "data_param { batch_size: 6 shuffle: true "
                                 "decode_threads: " +
                                 std::to_string(threads) + " }");
  };
  Reader<Dtype> one(param(1)), four(param(4));
  vector<Dtype> last;
  for (int i = 0; i < 6; ++i) {
    const vector<Dtype> pixels = one.Pixels();
    EXPECT_EQ(pixels, four.Pixels()) << "batch " << i;
    EXPECT_NE(pixels, last);
    last = pixels;
  }
}

TYPED_TEST(DataLayerTest, AugmentsTheSameRecordAnewInEveryEpoch) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(1));
  Reader<Dtype> reader(
      this->Param("db", "transform_param { crop_size: 2 } data_param { batch_size: 8 }"));
  const vector<Dtype> pixels = reader.Pixels();
  std::set<Dtype> corners;
  for (int i = 0; i < 8; ++i) corners.insert(pixels[i * 8]);
  EXPECT_GT(corners.size(), 2u);
}

TYPED_TEST(DataLayerTest, ContinuesFromAnyPositionAsIfNeverStopped) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(10));
  for (const char* shuffle : {"false", "true"}) {
    const LayerParameter param = this->Param(
        "db", string("transform_param { crop_size: 3 mirror: true } data_param { batch_size: 4 "
                     "decode_threads: 2 shuffle: ") +
                  shuffle + " }");
    Reader<Dtype> straight(param);
    EXPECT_EQ(straight.layer_.progress(), 0u);
    vector<vector<Dtype>> batches;
    for (int i = 0; i < 9; ++i) {
      batches.push_back(straight.Pixels());
      EXPECT_EQ(straight.layer_.progress(), 4u * (i + 1));
    }
    Reader<Dtype> jumping(param);
    for (const int batch : {5, 0, 8, 3, 3}) {
      jumping.layer_.set_progress(4 * batch);
      EXPECT_EQ(jumping.layer_.progress(), 4u * batch);
      EXPECT_EQ(jumping.Pixels(), batches[batch]) << "shuffle " << shuffle << " batch " << batch;
      if (batch < 8) EXPECT_EQ(jumping.Pixels(), batches[batch + 1]);
    }
  }
}

TYPED_TEST(DataLayerTest, TakesTheSeedAnewWhenItsPositionIsSet) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(20));
  const LayerParameter param = this->Param("db", "data_param { batch_size: 5 shuffle: true }");
  Caffe::set_random_seed(5);
  const vector<int> wanted = Reader<Dtype>(param).Labels(4);
  Caffe::set_random_seed(6);
  Reader<Dtype> reader(param);
  EXPECT_NE(reader.Labels(4), wanted);
  Caffe::set_random_seed(5);
  reader.layer_.set_progress(0);
  EXPECT_EQ(reader.Labels(4), wanted);
}

TYPED_TEST(DataLayerTest, KeepsTheTopsUntilTheNextForward) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(6));
  Reader<Dtype> reader(this->Param("db", "data_param { batch_size: 1 prefetch: 1 }"));
  const vector<Dtype> first = reader.Pixels();
  reader.layer_.set_progress(3);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(vector<Dtype>(reader.data_.cpu_data(), reader.data_.cpu_data() + 40), first);
  EXPECT_EQ(reader.Labels(), vector<int>{3});
}

TYPED_TEST(DataLayerTest, DealsRecordsOutToRanksInTrainingOnly) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(7));
  for (int rank = 0; rank < 3; ++rank) {
    const SolverRank scope(rank, 3);
    Reader<Dtype> train(this->Param("db", "data_param { batch_size: 2 }"));
    EXPECT_EQ(train.Labels(5), CountUp(rank, 10, 7, 3));
    // The same on all ranks, so that one rank's progress serves them all.
    EXPECT_EQ(train.layer_.progress(), 30u);
    train.layer_.set_progress(12);
    EXPECT_EQ(train.Labels(2), CountUp(12 + rank, 4, 7, 3));
    Reader<Dtype> test(this->Param("db", "data_param { batch_size: 2 }", TEST));
    EXPECT_EQ(test.Labels(5), CountUp(0, 10, 7));
    EXPECT_EQ(test.layer_.progress(), 10u);
  }
}

TYPED_TEST(DataLayerTest, RanksTogetherSeeTheShuffledEpoch) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(12));
  const LayerParameter param = this->Param("db", "data_param { batch_size: 3 shuffle: true }");
  Caffe::set_random_seed(1701);
  const vector<int> whole = Reader<Dtype>(param).Labels(4);
  vector<int> dealt(12);
  for (int rank = 0; rank < 2; ++rank) {
    const SolverRank scope(rank, 2);
    // As a solver does.
    Caffe::set_random_seed(1701 + rank);
    const vector<int> part = Reader<Dtype>(param).Labels(2);
    for (int i = 0; i < 6; ++i) dealt[2 * i + rank] = part[i];
  }
  EXPECT_EQ(dealt, whole);
}

TYPED_TEST(DataLayerTest, ReadsEncodedImagesOfChangingSize) {
  typedef typename TypeParam::Dtype Dtype;
  Records records;
  for (int i = 1; i <= 3; ++i) {
    vector<unsigned char> bytes;
    cv::imencode(".png", cv::Mat(i, 2 * i, CV_8UC3, cv::Scalar(i, 10 * i, 100)), bytes);
    Datum datum;
    datum.set_data(bytes.data(), bytes.size());
    datum.set_encoded(true);
    datum.set_label(i);
    records.emplace_back(std::to_string(i), datum.SerializeAsString());
  }
  WriteLmdb(this->dir_ / "db", records);
  Reader<Dtype> reader(this->Param("db", "data_param { batch_size: 1 }"));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(reader.Labels(), vector<int>{i});
    EXPECT_EQ(reader.data_.shape(), (vector<int>{1, 3, i, 2 * i}));
    EXPECT_EQ(reader.data_.data_at(0, 1, 0, 0), 10 * i);
  }
  Reader<Dtype> mixed(this->Param("db", "data_param { batch_size: 3 }"));
  ExpectError([&] { mixed.Labels(); }, {"record '2'", "3x2x4", "All images of a batch"});
}

TYPED_TEST(DataLayerTest, NamesTheRecordThatIsDamaged) {
  typedef typename TypeParam::Dtype Dtype;
  Records records = NumberedRecords(6);
  records[4].second = "\xff\xff\xff";
  Datum cut = MakeDatum(2, 4, 5, 0);
  cut.mutable_data()->resize(39);
  records[5].second = cut.SerializeAsString();
  WriteLmdb(this->dir_ / "db", records);
  for (const char* threads : {"1", "3"}) {
    Reader<Dtype> reader(
        this->Param("db", string("data_param { batch_size: 2 decode_threads: ") + threads + " }"));
    EXPECT_EQ(reader.Labels(2), CountUp(0, 4, 6));
    // Of two damaged records the first is named; the error stays until the reader moves on.
    for (int i = 0; i < 2; ++i) {
      ExpectError([&] { reader.Labels(); },
                  {this->dir_ / "db", "record '00004'", "3 bytes are no Datum"});
    }
    reader.layer_.set_progress(5);
    ExpectError([&] { reader.Labels(); }, {"record '00005'", "39 bytes", "2x4x5", "40"});
    reader.layer_.set_progress(0);
    EXPECT_EQ(reader.Labels(), CountUp(0, 2, 6));
  }
}

/// Makes a database of 6 records say that it has 9.
void CountWrongly(const string& database) {
  const string path = database + "/data.mdb";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (const int page : {0, 1}) {  // each may be the newest head
    const int place = page * 4096 + 120;
    char count = 0;
    file.seekg(place);
    file.get(count);
    if (count != 6) continue;
    file.seekp(place);
    file.put(9);
  }
}

TYPED_TEST(DataLayerTest, RefusesADatabaseThatLacksRecords) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(6));
  CountWrongly(this->dir_ / "db");
  for (const char* shuffle : {"", "shuffle: true"}) {
    ExpectError(
        [&] {
          Reader<Dtype>(this->Param("db", string("data_param { batch_size: 2 ") + shuffle + "}"));
        },
        {this->dir_ / "db", "tells of 9 records", "holds 6"});
  }
}

TYPED_TEST(DataLayerTest, SaysWhatIsWrongAtSetUp) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(2));
  WriteLmdb(this->dir_ / "empty", {});
  const auto set_up = [&](const string& database, const string& options) {
    return [this, database, options] { Reader<Dtype>(this->Param(database, options)); };
  };
  ExpectError(set_up("db", "data_param {}"), {"batch_size is 0"});
  ExpectError(set_up("empty", "data_param { batch_size: 1 }"),
              {this->dir_ / "empty", "no records"});
  ExpectError(set_up("none", "data_param { batch_size: 1 backend: LMDB }"), {this->dir_ / "none"});
  ExpectError(set_up("none", "data_param { batch_size: 1 }"), {"LevelDB is not built in"});
  ExpectError(set_up("db", "data_param { batch_size: 1 prefetch: 0 }"), {"prefetch is 0"});
  ExpectError(set_up("db", "data_param { batch_size: 1 } transform_param { crop_size: 9 }"),
              {"record '00000'", "4x5", "crop_size 9"});
}

TYPED_TEST(DataLayerTest, MayBeDestroyedAtAnyTime) {
  typedef typename TypeParam::Dtype Dtype;
  WriteLmdb(this->dir_ / "db", NumberedRecords(5));
  for (int i = 0; i < 20; ++i) {
    Reader<Dtype> reader(this->Param("db", "data_param { batch_size: 3 decode_threads: 2 }"));
    if (i % 2 == 1) reader.Labels();
    if (i % 3 == 0) reader.layer_.set_progress(i);
  }
}

}  // namespace
}  // namespace caffe
