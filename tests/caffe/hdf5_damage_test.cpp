// HDF5 files and stored blobs that claim more than they hold, or point elsewhere.

#include <gmock/gmock.h>
#include <hdf5.h>

#include <cstring>
#include <string>

#include "caffe/blob.hpp"
#include "caffe/util/hdf5.hpp"
#include "caffe/util/hdf5_file.hpp"
#include "tests/caffe/util/temp_dir.hpp"

namespace caffe {
namespace {

using ::testing::HasSubstr;

class Hdf5DamageTest : public ::testing::Test {
 protected:
  string path() const { return dir_ / "x.h5"; }
  hid_t Create() {
    const Hdf5Lock lock;
    return H5Fcreate(path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  }
  /// The error of reading data set "x".
  string LoadError() {
    return ErrorOf([&] {
      Blob<float> blob;
      hdf5_load_nd_dataset(OpenHdf5(path()), "x", 0, 9, &blob, true);
    });
  }
  TempDir dir_;
};

TEST_F(Hdf5DamageTest, ValuesInOtherFilesAreRefused) {
  {
    const Hdf5Object file(Create(), H5Fclose);
    const hsize_t four = 4;
    const Hdf5Object space(H5Screate_simple(1, &four, nullptr), H5Sclose);
    const Hdf5Object creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_external(creation, "/etc/passwd", 0, 16);
    const Hdf5Object dataset(
        H5Dcreate2(file, "x", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, creation, H5P_DEFAULT),
        H5Dclose);
  }
  EXPECT_THAT(LoadError(), HasSubstr("stored in other files"));
}

TEST_F(Hdf5DamageTest, LinksToOtherFilesAreRefused) {
  {
    const Hdf5Object other(
        H5Fcreate((dir_ / "other.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    hdf5_save_int(other, "y", 3);
    const Hdf5Object file(Create(), H5Fclose);
    H5Lcreate_external("other.h5", "/y", file, "x", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/", file, "group", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/here", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    hdf5_save_int(file, "here", 5);
  }
  EXPECT_THAT(LoadError(), HasSubstr("link to another file"));
  const Hdf5Object file = OpenHdf5(path());
  EXPECT_THAT(ErrorOf([&] { hdf5_load_int(file, "group/y"); }), HasSubstr("link to another file"));
  EXPECT_EQ(hdf5_load_int(file, "soft"), 5);
}

TEST_F(Hdf5DamageTest, ShapesBeyondTheStorageAreRefusedBeforeMemoryIsTaken) {
  {
    const Hdf5Object file(Create(), H5Fclose);
    const hsize_t dims[] = {40000, 40000}, chunk[] = {64, 64};
    const Hdf5Object space(H5Screate_simple(2, dims, nullptr), H5Sclose);
    const Hdf5Object creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_chunk(creation, 2, chunk);
    const Hdf5Object dataset(
        H5Dcreate2(file, "x", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, creation, H5P_DEFAULT),
        H5Dclose);
  }
  EXPECT_THAT(LoadError(), HasSubstr("1600000000 values of 4 bytes, but 0 bytes of the file"));
}

/// Writes a text of variable length, as h5py does, and damages its reference in every byte.
TEST_F(Hdf5DamageTest, TextsOfVariableLengthAreReadSafely) {
  const string content = "a_iter_10.caffemodel, and some more";
  {
    const Hdf5Object file(Create(), H5Fclose);
    const Hdf5Object type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type, H5T_VARIABLE);
    const Hdf5Object space(H5Screate(H5S_SCALAR), H5Sclose);
    const Hdf5Object dataset(
        H5Dcreate2(file, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
    const char* text = content.c_str();
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text);
  }
  EXPECT_EQ(hdf5_load_string(OpenHdf5(path()), "x"), content);
  const string whole = dir_.Read("x.h5");
  string reference(4, '\0');
  reference[0] = static_cast<char>(content.size());
  const size_t at = whole.find(reference);
  const size_t heap = whole.find("GCOL");
  ASSERT_NE(heap, string::npos);
  int errors = 0;
  for (const auto& [begin, end] : {std::pair<size_t, size_t>{at, at + 16}, {heap, heap + 32}}) {
    for (size_t i = begin; i < end; ++i) {
      for (const int change : {0x01, 0x80, 0xff}) {
        string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ change);
        dir_.Write("x.h5", damaged);
        errors += !ErrorOf([&] { hdf5_load_string(OpenHdf5(path()), "x"); }).empty();
      }
    }
  }
  EXPECT_GT(errors, 40);
}

BlobProto Stored(std::initializer_list<int64_t> shape, int values) {
  BlobProto proto;
  for (const int64_t dim : shape) proto.mutable_shape()->add_dim(dim);
  for (int i = 0; i < values; ++i) proto.add_data(1);
  return proto;
}

TEST(StoredBlobTest, ShapesThatWrapAreRefused) {
  Blob<float> blob({10, 10});
  for (const auto& proto : {Stored({(int64_t{1} << 32) + 10, 10}, 100), Stored({-10, -10}, 100)}) {
    EXPECT_THAT(ErrorOf([&] { blob.FromProto(proto, false); }), HasSubstr("has an axis of"));
    EXPECT_THAT(ErrorOf([&] { blob.FromProto(proto, true); }), HasSubstr("has an axis of"));
    EXPECT_THAT(ErrorOf([&] { blob.ShapeEquals(proto); }), HasSubstr("has an axis of"));
  }
}

TEST(StoredBlobTest, MemoryIsTakenForStoredValuesOnly) {
  Blob<float> blob;
  for (const auto& proto : {Stored({30000, 30000}, 3), Stored({2000000000, 2}, 3)}) {
    EXPECT_NE(ErrorOf([&] { blob.FromProto(proto, true); }), "");
    EXPECT_EQ(blob.count(), 0);
  }
  blob.FromProto(Stored({0, 3}, 0), true);
  blob.FromProto(Stored({}, 1), true);
  EXPECT_EQ(blob.count(), 1);
}

}  // namespace
}  // namespace caffe
