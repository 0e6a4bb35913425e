#include "caffe/util/hdf5.hpp"

#include <gtest/gtest.h>

#include "caffe/util/hdf5_file.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

TEST(Hdf5, NumbersAndTextsComeBack) {
  const TempDir dir;
  Hdf5Object file = NewHdf5();
  hdf5_save_int(file, "int", -7);
  hdf5_save_string(file, "text", "a model");
  hdf5_save_string(file, "empty", "");
  const string bytes("\0\xff\x01", 3);
  hdf5_save_bytes(file, "bytes", bytes);
  Blob<double> scalar(vector<int>{}), none(vector<int>{0, 3});
  scalar.mutable_cpu_data()[0] = 2.5;
  hdf5_save_nd_dataset(file, "scalar", scalar);
  hdf5_save_nd_dataset(file, "none", none);
  WriteHdf5(file, dir / "file");

  file = OpenHdf5(dir / "file");
  EXPECT_EQ(hdf5_load_int(file, "int"), -7);
  EXPECT_EQ(hdf5_load_string(file, "text"), "a model");
  EXPECT_EQ(hdf5_load_string(file, "empty"), "");
  EXPECT_EQ(hdf5_load_bytes(file, "bytes"), bytes);
  Blob<float> read;
  hdf5_load_nd_dataset(file, "scalar", 0, 4, &read, true);
  EXPECT_EQ(read.num_axes(), 0);
  EXPECT_EQ(read.cpu_data()[0], 2.5f);
  hdf5_load_nd_dataset(file, "none", 0, 4, &read, true);
  EXPECT_EQ(read.shape(), (vector<int>{0, 3}));
  EXPECT_EQ(hdf5_get_num_links(file), 6);
  EXPECT_EQ(hdf5_get_name_by_idx(file, 0), "bytes");
  EXPECT_EQ(hdf5_get_name_by_idx(file, 5), "text");
}

TEST(Hdf5, NamesMistakes) {
  const TempDir dir;
  Hdf5Object file = NewHdf5();
  hdf5_save_string(file, "text", "a");
  Blob<float> blob(vector<int>{2, 3});
  hdf5_save_nd_dataset(file, "blob", blob);
  WriteHdf5(file, dir / "file");
  file = OpenHdf5(dir / "file");
  const auto contains = [&](const string& error, const string& part) {
    EXPECT_NE(error.find(part), string::npos) << error;
    EXPECT_NE(error.find(dir / "file: data set"), string::npos) << error;
  };
  contains(ErrorOf([&] { hdf5_load_int(file, "nothing"); }), "'nothing' is missing");
  contains(ErrorOf([&] { hdf5_load_int(file, "a/b/c"); }), "'a/b/c' is missing");
  contains(ErrorOf([&] { hdf5_load_int(file, "text"); }), "its values are texts");
  contains(ErrorOf([&] { hdf5_load_int(file, "blob"); }), "has 6 values");
  contains(ErrorOf([&] { hdf5_load_string(file, "blob"); }), "is not one text");
  contains(ErrorOf([&] { hdf5_load_bytes(file, "blob"); }), "is not a row of bytes");
  contains(ErrorOf([&] { hdf5_load_nd_dataset(file, "blob", 3, 4, &blob); }),
           "has 2 axes; wanted are at least 3");
  contains(ErrorOf([&] { hdf5_load_nd_dataset(file, "blob", 0, 1, &blob); }), "at most 1");
  Blob<float> other(vector<int>{3, 2});
  contains(ErrorOf([&] { hdf5_load_nd_dataset(file, "blob", 0, 4, &other); }),
           "has shape 2x3, wanted is 3x2");
  EXPECT_NE(ErrorOf([&] { OpenHdf5(dir / "none"); }).find("no such file"), string::npos);
  EXPECT_NE(ErrorOf([&] { OpenHdf5(dir.path()); }).find("not a file"), string::npos);
  EXPECT_NE(ErrorOf([&] { OpenHdf5(dir.Write("text", "text")); }).find("not an HDF5 file"),
            string::npos);
}

}  // namespace
}  // namespace caffe
