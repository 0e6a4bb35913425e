#include "caffe/util/hdf5.hpp"

#include <algorithm>
#include <climits>
#include <cstdint>
#include <fstream>
#include <type_traits>
#include <vector>

#include "caffe/util/hdf5_file.hpp"

namespace caffe {
namespace {

template <typename Dtype>
hid_t NativeType() {
  return std::is_same_v<Dtype, float> ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
}

Hdf5Object OpenDataset(hid_t location, const string& name) {
  Require(IsHdf5Dataset(location, name), Hdf5Text(location, name), " is missing");
  Hdf5Object dataset(H5Dopen2(location, name.c_str(), H5P_DEFAULT), H5Dclose);
  Require(dataset >= 0, Hdf5Text(location, name), " cannot be opened: ", Hdf5Reason());
  CheckHdf5Storage(location, name, dataset);
  return dataset;
}

/// A new data set. Its header has no time stamp, so that equal files have equal bytes.
Hdf5Object MakeDataset(hid_t location, const string& name, hid_t type, hid_t space) {
  const Hdf5Object creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation, false);
  const hid_t dataset =
      H5Dcreate2(location, name.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  Require(dataset >= 0, Hdf5Text(location, name), " cannot be made: ", Hdf5Reason());
  return Hdf5Object(dataset, H5Dclose);
}

void Write(hid_t location, const string& name, hid_t type, hid_t space, const void* values) {
  const Hdf5Object dataset = MakeDataset(location, name, type, space);
  if (H5Sget_simple_extent_npoints(space) == 0) return;
  Require(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0,
          Hdf5Text(location, name), " cannot be written: ", Hdf5Reason());
}

void Read(hid_t location, const string& name, hid_t dataset, hid_t type, void* values) {
  Require(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0,
          Hdf5Text(location, name), " cannot be read: ", Hdf5Reason());
}

const char* ClassName(H5T_class_t type_class) {
  switch (type_class) {
    case H5T_STRING:
      return "texts";
    case H5T_COMPOUND:
      return "compounds";
    case H5T_ENUM:
      return "enumerators";
    default:
      return "of a type that is no number";
  }
}

/// Bytes [offset, offset + count) of a file. Throws Error if it has fewer.
string ReadBytes(std::ifstream* file, uint64_t offset, uint64_t count, const string& what) {
  constexpr uint64_t kLongestText = 1 << 20;
  string bytes(std::min(count, kLongestText), '\0');
  file->seekg(static_cast<std::streamoff>(offset & INT64_MAX));
  const bool is_read = count <= kLongestText && file->read(bytes.data(), std::streamsize(count));
  Require(is_read, what, " is damaged: its text lies outside the file");
  return bytes;
}

uint64_t LittleEndian(const string& bytes, size_t at, int count) {
  uint64_t value = 0;
  for (int i = count - 1; i >= 0; --i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// A text of variable length, found in the file by hand, as the library follows damaged references
/// beyond its memory. The data set holds length, heap and index of the text (4 + 8 + 4 bytes). The
/// heap is "GCOL", version and 3 bytes, size (8); then objects: index (2), references (2), 4 bytes,
/// size (8), and the bytes, padded to a multiple of 8.
/// Source: HDF5 file format specification, section III.E, global heap.
string ReadVariableText(hid_t location, const string& name, hid_t dataset) {
  const string what = Hdf5Text(location, name);
  string path(4096, '\0');
  const ssize_t length = H5Fget_name(location, path.data(), path.size());
  path.resize(std::clamp<ssize_t>(length, 0, ssize_t(path.size()) - 1));
  const Hdf5Object file(H5Iget_file_id(dataset), H5Fclose);
  const Hdf5Object creation(H5Fget_create_plist(file), H5Pclose);
  size_t address_size = 0, length_size = 0;
  hsize_t user_block = 0;
  H5Pget_sizes(creation, &address_size, &length_size);
  H5Pget_userblock(creation, &user_block);
  const haddr_t start = H5Dget_offset(dataset);
  Require(address_size == 8 && length_size == 8 && user_block == 0 && start != HADDR_UNDEF, what,
          " is a text of variable length in a form that is not read. Store it with a fixed length");
  std::ifstream stream(path, std::ios::binary);
  const string reference = ReadBytes(&stream, start, 16, what);
  const uint64_t size = LittleEndian(reference, 0, 4);
  const uint64_t heap = LittleEndian(reference, 4, 8), index = LittleEndian(reference, 12, 4);
  if (size == 0) return "";
  const string header = ReadBytes(&stream, heap, 16, what);
  Require(header.compare(0, 4, "GCOL") == 0, what, " is damaged: it points to no text");
  const uint64_t end = heap + LittleEndian(header, 8, 8);
  for (uint64_t at = heap + 16; at + 16 <= end && at >= heap;) {
    const string object = ReadBytes(&stream, at, 16, what);
    const uint64_t stored = LittleEndian(object, 8, 8);
    if (LittleEndian(object, 0, 2) == index && index != 0) {
      Require(size <= stored, what, " is damaged: its text is longer than what is stored");
      const string text = ReadBytes(&stream, at + 16, size, what);
      return text.substr(0, text.find('\0'));
    }
    Require(LittleEndian(object, 0, 2) != 0 && stored <= end, what,
            " is damaged: it points to no text");
    at += 16 + (stored + 7) / 8 * 8;
  }
  throw Error(what, " is damaged: it points to no text");
}

void CheckNumbers(hid_t location, const string& name, hid_t dataset) {
  const Hdf5Object type(H5Dget_type(dataset), H5Tclose);
  const H5T_class_t type_class = H5Tget_class(type);
  Require(type_class == H5T_FLOAT || type_class == H5T_INTEGER, Hdf5Text(location, name),
          ": its values are ", ClassName(type_class), "; wanted are floating-point or integer ",
          "numbers");
}

}  // namespace

template <typename Dtype>
void hdf5_load_nd_dataset_helper(hid_t file_id, const char* dataset_name_, int min_dim, int max_dim,
                                 Blob<Dtype>* blob, bool reshape) {
  const Hdf5Lock lock;
  const Hdf5Object dataset = OpenDataset(file_id, dataset_name_);
  CheckNumbers(file_id, dataset_name_, dataset);
  const vector<int> shape = Hdf5Shape(file_id, dataset_name_);
  const int axes = static_cast<int>(shape.size());
  Require(axes >= min_dim && axes <= max_dim, Hdf5Text(file_id, dataset_name_), " has ", axes,
          " axes; wanted are ", axes < min_dim ? "at least " : "at most ",
          axes < min_dim ? min_dim : max_dim);
  if (reshape) {
    blob->Reshape(shape);
  } else {
    Require(shape == blob->shape(), Hdf5Text(file_id, dataset_name_), " has shape ",
            ShapeText(shape), ", wanted is ", ShapeText(blob->shape()));
  }
}

template <typename Dtype>
void hdf5_load_nd_dataset(hid_t file_id, const char* dataset_name_, int min_dim, int max_dim,
                          Blob<Dtype>* blob, bool reshape) {
  const Hdf5Lock lock;
  hdf5_load_nd_dataset_helper(file_id, dataset_name_, min_dim, max_dim, blob, reshape);
  if (blob->count() == 0) return;
  Read(file_id, dataset_name_, OpenDataset(file_id, dataset_name_), NativeType<Dtype>(),
       blob->mutable_cpu_data());
}

template <typename Dtype>
void hdf5_save_nd_dataset(const hid_t file_id, const string& dataset_name, const Blob<Dtype>& blob,
                          bool write_diff) {
  const Hdf5Lock lock;
  const vector<hsize_t> dims(blob.shape().begin(), blob.shape().end());
  const Hdf5Object space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
                         H5Sclose);
  Write(file_id, dataset_name, NativeType<Dtype>(), space,
        blob.count() == 0 ? nullptr
        : write_diff      ? blob.cpu_diff()
                          : blob.cpu_data());
}

template <typename Dtype>
void hdf5_load_rows(hid_t file_id, const string& dataset_name, uint64_t first, int rows,
                    Blob<Dtype>* blob) {
  const Hdf5Lock lock;
  const Hdf5Object dataset = OpenDataset(file_id, dataset_name);
  CheckNumbers(file_id, dataset_name, dataset);
  vector<int> shape = Hdf5Shape(file_id, dataset_name);
  Require(!shape.empty() && first + rows <= uint64_t(shape[0]), Hdf5Text(file_id, dataset_name),
          " has no rows ", first, " to ", first + rows);
  shape[0] = rows;
  blob->Reshape(shape);
  if (blob->count() == 0) return;
  const vector<hsize_t> counts(shape.begin(), shape.end());
  vector<hsize_t> starts(shape.size(), 0);
  starts[0] = first;
  const Hdf5Object memory(H5Screate_simple(static_cast<int>(counts.size()), counts.data(), nullptr),
                          H5Sclose);
  const Hdf5Object space(H5Dget_space(dataset), H5Sclose);
  Require(H5Sselect_hyperslab(space, H5S_SELECT_SET, starts.data(), nullptr, counts.data(),
                              nullptr) >= 0 &&
              H5Dread(dataset, NativeType<Dtype>(), memory, space, H5P_DEFAULT,
                      blob->mutable_cpu_data()) >= 0,
          Hdf5Text(file_id, dataset_name), " cannot be read: ", Hdf5Reason());
}

int hdf5_load_int(hid_t loc_id, const string& dataset_name) {
  const Hdf5Lock lock;
  const Hdf5Object dataset = OpenDataset(loc_id, dataset_name);
  CheckNumbers(loc_id, dataset_name, dataset);
  const Hdf5Object space(H5Dget_space(dataset), H5Sclose);
  Require(H5Sget_simple_extent_npoints(space) == 1, Hdf5Text(loc_id, dataset_name), " has ",
          H5Sget_simple_extent_npoints(space), " values; wanted is one");
  int value = 0;
  Read(loc_id, dataset_name, dataset, H5T_NATIVE_INT, &value);
  return value;
}

void hdf5_save_int(hid_t loc_id, const string& dataset_name, int i) {
  const Hdf5Lock lock;
  const hsize_t one = 1;
  const Hdf5Object space(H5Screate_simple(1, &one, nullptr), H5Sclose);
  Write(loc_id, dataset_name, H5T_NATIVE_INT, space, &i);
}

string hdf5_load_string(hid_t loc_id, const string& dataset_name) {
  const Hdf5Lock lock;
  const Hdf5Object dataset = OpenDataset(loc_id, dataset_name);
  const Hdf5Object type(H5Dget_type(dataset), H5Tclose);
  const Hdf5Object space(H5Dget_space(dataset), H5Sclose);
  Require(H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1,
          Hdf5Text(loc_id, dataset_name), " is not one text");
  if (H5Tis_variable_str(type) > 0) return ReadVariableText(loc_id, dataset_name, dataset);
  const size_t size = H5Tget_size(type);
  Require(size > 0 && size <= (size_t{1} << 20), Hdf5Text(loc_id, dataset_name), " is a text of ",
          size, " bytes, which is too long");
  string value(size, '\0');
  Read(loc_id, dataset_name, dataset, type, value.data());
  value.resize(value.find('\0') == string::npos ? value.size() : value.find('\0'));
  return value;
}

void hdf5_save_string(hid_t loc_id, const string& dataset_name, const string& s) {
  const Hdf5Lock lock;
  const Hdf5Object type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, s.size() + 1);
  const Hdf5Object space(H5Screate(H5S_SCALAR), H5Sclose);
  Write(loc_id, dataset_name, type, space, s.c_str());
}

void hdf5_save_bytes(hid_t loc_id, const string& dataset_name, const string& bytes) {
  const Hdf5Lock lock;
  const hsize_t size = bytes.size();
  const Hdf5Object space(H5Screate_simple(1, &size, nullptr), H5Sclose);
  Write(loc_id, dataset_name, H5T_NATIVE_UCHAR, space, bytes.data());
}

string hdf5_load_bytes(hid_t loc_id, const string& dataset_name) {
  const Hdf5Lock lock;
  const Hdf5Object dataset = OpenDataset(loc_id, dataset_name);
  CheckNumbers(loc_id, dataset_name, dataset);
  const vector<int> shape = Hdf5Shape(loc_id, dataset_name);
  Require(shape.size() == 1, Hdf5Text(loc_id, dataset_name), " is not a row of bytes");
  string bytes(shape[0], '\0');
  if (!bytes.empty()) Read(loc_id, dataset_name, dataset, H5T_NATIVE_UCHAR, bytes.data());
  return bytes;
}

int hdf5_get_num_links(hid_t loc_id) { return static_cast<int>(Hdf5Names(loc_id, ".").size()); }

string hdf5_get_name_by_idx(hid_t loc_id, int idx) {
  const vector<string> names = Hdf5Names(loc_id, ".");
  Require(idx >= 0 && idx < static_cast<int>(names.size()), "There is no member ", idx,
          " in an HDF5 group of ", names.size());
  return names[idx];
}

#define INSTANTIATE(Dtype)                                                                     \
  template void hdf5_load_nd_dataset_helper<Dtype>(hid_t, const char*, int, int, Blob<Dtype>*, \
                                                   bool);                                      \
  template void hdf5_load_nd_dataset<Dtype>(hid_t, const char*, int, int, Blob<Dtype>*, bool); \
  template void hdf5_load_rows<Dtype>(hid_t, const string&, uint64_t, int, Blob<Dtype>*);      \
  template void hdf5_save_nd_dataset<Dtype>(const hid_t, const string&, const Blob<Dtype>&, bool);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace caffe
