#include <algorithm>
#include <fstream>
#include <set>

#include "caffe/layers/hdf5_data_layer.hpp"
#include "caffe/layers/hdf5_output_layer.hpp"
#include "caffe/util/hdf5.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "tests/caffe/data_test_util.hpp"
#include "tests/caffe/layers/layer_test.hpp"

namespace caffe {

template <typename TypeParam>
class Hdf5LayersTest : public LayerTest<TypeParam> {
 protected:
  typedef typename TypeParam::Dtype Dtype;

  Hdf5LayersTest() { Caffe::set_random_seed(1701); }
  ~Hdf5LayersTest() {
    Caffe::set_solver_rank(0);
    Caffe::set_solver_count(1);
  }

  /// Rows first, first + 1, ...: x[row] = (row, 10 row, 100 row), y[row] = row.
  void WriteRows(const string& name, int first, int rows) {
    Blob<float> x(vector<int>{rows, 3});
    Blob<double> y(vector<int>{rows});
    for (int i = 0; i < rows; ++i) {
      for (int c = 0; c < 3; ++c) x.mutable_cpu_data()[3 * i + c] = std::pow(10, c) * (first + i);
      y.mutable_cpu_data()[i] = first + i;
    }
    const Hdf5Object file = NewHdf5();
    hdf5_save_nd_dataset(file, "x", x);
    hdf5_save_nd_dataset(file, "y", y);
    WriteHdf5(file, dir_ / name);
  }
  void WriteList(const string& names) {
    std::istringstream words(names);
    string text;
    for (string name; words >> name;) text += dir_ / name + "\n";
    std::ofstream(dir_ / "list.txt") << text;
  }
  LayerParameter Param(const string& more) {
    LayerParameter param = LayerText("name: 'data' type: 'HDF5Data' top: 'x' top: 'y' " + more);
    param.mutable_hdf5_data_param()->set_source(dir_ / "list.txt");
    return param;
  }

  /// A layer and its tops.
  struct Reader {
    explicit Reader(const LayerParameter& param) : layer(param) { layer.SetUp({}, tops); }
    vector<int> Rows(int batches) {
      vector<int> rows;
      for (int b = 0; b < batches; ++b) {
        layer.Forward({}, tops);
        for (int i = 0; i < y.count(); ++i) {
          rows.push_back(static_cast<int>(y.cpu_data()[i]));
          EXPECT_EQ(x.cpu_data()[3 * i + 2], 100 * y.cpu_data()[i]);
        }
      }
      return rows;
    }
    Blob<Dtype> x, y;
    vector<Blob<Dtype>*> tops{&x, &y};
    HDF5DataLayer<Dtype> layer;
  };

  TemporaryDirectory dir_;
};

TYPED_TEST_SUITE(Hdf5LayersTest, TestDtypesAndDevices);

TYPED_TEST(Hdf5LayersTest, BatchesRunOverFiles) {
  this->WriteRows("a", 0, 3);
  this->WriteRows("b", 3, 4);
  this->WriteList("a b");
  typename TestFixture::Reader reader(this->Param("hdf5_data_param { batch_size: 2 }"));
  EXPECT_EQ(reader.x.shape(), (vector<int>{2, 3}));
  EXPECT_EQ(reader.y.shape(), vector<int>{2});
  EXPECT_EQ(reader.Rows(5), (vector<int>{0, 1, 2, 3, 4, 5, 6, 0, 1, 2}));
  EXPECT_EQ(reader.layer.progress(), 10u);
}

TYPED_TEST(Hdf5LayersTest, FillsTheTopsThatTheDefinitionNames) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteRows("a", 0, 3);
  this->WriteList("a");
  const LayerParameter param = this->Param("hdf5_data_param { batch_size: 2 }");
  Blob<Dtype> x, y, more;
  HDF5DataLayer<Dtype> layer(param);
  layer.SetUp({}, {&x, &y, &more});
  layer.Forward({}, {&x, &y, &more});
  EXPECT_EQ(y.cpu_data()[1], 1);
  EXPECT_EQ(more.count(), 0);
  HDF5DataLayer<Dtype> narrow(param);
  EXPECT_THROW(narrow.SetUp({}, {&x}), Error);
}

TYPED_TEST(Hdf5LayersTest, ShufflesFilesAndRowsAnewInEachEpoch) {
  this->WriteRows("a", 0, 6);
  this->WriteRows("b", 6, 6);
  this->WriteRows("c", 12, 6);
  this->WriteList("a b c");
  const LayerParameter param = this->Param("hdf5_data_param { batch_size: 6 shuffle: true }");
  typename TestFixture::Reader reader(param);
  std::set<vector<int>> orders;
  for (int epoch = 0; epoch < 4; ++epoch) {
    vector<int> order = reader.Rows(3);
    orders.insert(order);
    // One file after another.
    for (int i = 0; i < 18; ++i) EXPECT_EQ(order[i] / 6, order[i / 6 * 6] / 6);
    std::sort(order.begin(), order.end());
    for (int i = 0; i < 18; ++i) EXPECT_EQ(order[i], i);
  }
  EXPECT_EQ(orders.size(), 4u);
  typename TestFixture::Reader again(param);
  EXPECT_EQ(orders.count(again.Rows(3)), 1u);
}

/// A layer for which files are too large early.
template <typename Dtype>
class SmallMemoryLayer : public HDF5DataLayer<Dtype> {
 public:
  SmallMemoryLayer(const LayerParameter& param, int64_t max_count) : HDF5DataLayer<Dtype>(param) {
    this->max_count_ = max_count;
  }
  int rows_at_hand() const { return this->hdf_blobs_[0]->shape(0); }
};

TYPED_TEST(Hdf5LayersTest, LargeFilesAreReadByRows) {
  typedef typename TypeParam::Dtype Dtype;
  this->WriteRows("small", 0, 3);
  this->WriteRows("large", 3, 200);
  this->WriteList("small large");
  for (const string shuffle : {"false", "true"}) {
    const LayerParameter param =
        this->Param("hdf5_data_param { batch_size: 7 shuffle: " + shuffle + " }");
    typename TestFixture::Reader whole(param);
    SmallMemoryLayer<Dtype> streamed(param, 590);
    Blob<Dtype> x, y;
    const vector<Blob<Dtype>*> tops = {&x, &y};
    streamed.SetUp({}, tops);
    for (int batch = 0; batch < 70; ++batch) {
      const vector<int> rows = whole.Rows(1);
      streamed.Forward({}, tops);
      for (int i = 0; i < 7; ++i) {
        ASSERT_EQ(y.cpu_data()[i], rows[i]) << shuffle << " batch " << batch;
        ASSERT_EQ(x.cpu_data()[3 * i + 2], 100 * rows[i]);
      }
      ASSERT_LE(streamed.rows_at_hand(), 6);
    }
  }
}

TYPED_TEST(Hdf5LayersTest, GoesOnWhereItStopped) {
  this->WriteRows("a", 0, 5);
  this->WriteRows("b", 5, 4);
  this->WriteList("a b");
  const LayerParameter param = this->Param("hdf5_data_param { batch_size: 4 shuffle: true }");
  typename TestFixture::Reader first(param), second(param);
  first.Rows(3);
  second.layer.set_progress(first.layer.progress());
  EXPECT_EQ(first.Rows(4), second.Rows(4));
}

TYPED_TEST(Hdf5LayersTest, SolversShareTheRowsOut) {
  this->WriteRows("a", 0, 5);
  this->WriteList("a");
  LayerParameter param = this->Param("hdf5_data_param { batch_size: 2 }");
  param.set_phase(TRAIN);
  Caffe::set_solver_count(2);
  vector<vector<int>> rows;
  for (int rank = 0; rank < 2; ++rank) {
    Caffe::set_solver_rank(rank);
    typename TestFixture::Reader reader(param);
    rows.push_back(reader.Rows(2));
    EXPECT_EQ(reader.layer.progress(), 8u);
  }
  EXPECT_EQ(rows[0], (vector<int>{0, 2, 4, 1}));
  EXPECT_EQ(rows[1], (vector<int>{1, 3, 0, 2}));
}

TYPED_TEST(Hdf5LayersTest, NameMistakesInData) {
  this->WriteRows("a", 0, 3);
  std::ofstream(this->dir_ / "text") << "no HDF5";
  const auto error = [&](const string& list, const string& param) {
    this->WriteList(list);
    return ErrorOf([&] { typename TestFixture::Reader reader(this->Param(param)); });
  };
  const auto contains = [](const string& text, const string& part) {
    EXPECT_NE(text.find(part), string::npos) << text;
  };
  const string batch = "hdf5_data_param { batch_size: 1 }";
  contains(error("a", ""), "batch_size is 0");
  contains(error("", batch), "names no HDF5 files");
  contains(error("a missing", batch), "list.txt:2");
  contains(error("a missing", batch), "there is no such file");
  contains(error("text", batch), "is not an HDF5 file");
  contains(error("a", batch + " transform_param { scale: 2 }"), "transform_param");

  Blob<float> x(vector<int>{2, 3}), y(vector<int>{3}), wide(vector<int>{3, 4});
  Hdf5Object file = NewHdf5();
  hdf5_save_nd_dataset(file, "x", x);
  WriteHdf5(file, this->dir_ / "half");
  contains(error("half", batch), "data set 'y' is missing");
  hdf5_save_nd_dataset(file, "y", y);
  WriteHdf5(file, this->dir_ / "uneven");
  contains(error("uneven", batch), "'y' has 3 rows, 'x' has 2");
  file = NewHdf5();
  hdf5_save_nd_dataset(file, "x", wide);
  hdf5_save_nd_dataset(file, "y", y);
  WriteHdf5(file, this->dir_ / "wide");
  this->WriteList("a wide");
  typename TestFixture::Reader reader(this->Param(batch));
  reader.Rows(3);
  contains(ErrorOf([&] { reader.Rows(1); }), "rows of another shape");
}

TYPED_TEST(Hdf5LayersTest, OutputIsReadBack) {
  typedef typename TypeParam::Dtype Dtype;
  auto *data = this->Random({4, 3, 2}), *label = this->Values({4}, {1, 2, 3, 4});
  const string path = this->dir_ / "out";
  const string text = "type: 'HDF5Output' hdf5_output_param { file_name: '" + path + "' }";
  auto layer = this->Run(text, {data, label}, {});
  const Hdf5Object file = OpenHdf5(path);
  Blob<Dtype> read;
  hdf5_load_nd_dataset(file, "data", 1, 4, &read, true);
  EXPECT_EQ(read.shape(), (vector<int>{4, 3, 2, 1}));
  for (int i = 0; i < read.count(); ++i) EXPECT_EQ(read.cpu_data()[i], data->cpu_data()[i]);
  hdf5_load_nd_dataset(file, "label", 1, 4, &read, true);
  EXPECT_EQ(read.shape(), (vector<int>{4, 1, 1, 1}));
  this->ExpectValues(read, {1, 2, 3, 4});
  EXPECT_NE(ErrorOf([&] {
              layer->Forward({data, label}, {});
            }).find("holds a batch already"),
            string::npos);
  EXPECT_NE(this->ErrorOfRun("type: 'HDF5Output'", {data, label}, {}).find("no file_name"),
            string::npos);
}

}  // namespace caffe
