#include "caffe/util/hdf5_file.hpp"

#include <algorithm>
#include <climits>
#include <filesystem>
#include <fstream>

#include "caffe/error.hpp"
#include "caffe/util/atomic_file.hpp"

namespace caffe {
namespace {

std::recursive_mutex& Hdf5Mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

/// Throws Error for a link that leads to another file.
void CheckLink(hid_t location, const std::string& path) {
  H5L_info_t info;
  if (H5Lget_info(location, path.c_str(), &info, H5P_DEFAULT) < 0) return;
  Require(info.type == H5L_TYPE_HARD || info.type == H5L_TYPE_SOFT, Hdf5Text(location, path),
          " is a link to another file; such links are not followed. Put the values into this file");
}

/// Every step of a path exists. Throws Error if one leads to another file.
bool Exists(hid_t location, const std::string& name) {
  for (size_t end = name.find('/', 1);; end = name.find('/', end + 1)) {
    const std::string part = name.substr(0, end);
    if (part.empty() || part == "/") return true;
    if (H5Lexists(location, part.c_str(), H5P_DEFAULT) <= 0) return false;
    CheckLink(location, part);
    if (end == std::string::npos) return true;
  }
}

}  // namespace

Hdf5Object::~Hdf5Object() {
  if (id_ == H5I_INVALID_HID) return;
  const Hdf5Lock lock;
  closer_(id_);
}

Hdf5Lock::Hdf5Lock() : lock_(Hdf5Mutex()) { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

std::string Hdf5Reason() {
  std::string reason;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_DOWNWARD,
      [](unsigned, const H5E_error2_t* error, void* text) -> herr_t {
        if (error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
        return 0;
      },
      &reason);
  return reason.empty() ? "no reason given" : reason;
}

std::string Hdf5Text(hid_t location, const std::string& name) {
  const Hdf5Lock lock;
  std::string file(4096, '\0');
  const ssize_t length = H5Fget_name(location, file.data(), file.size());
  file.resize(std::clamp<ssize_t>(length, 0, ssize_t(file.size()) - 1));
  return (file.empty() ? "HDF5 file" : file) + ": data set '" + name + "'";
}

bool IsHdf5File(const std::string& path) {
  constexpr char kSignature[] = "\211HDF\r\n\032\n";
  std::ifstream file(path, std::ios::binary);
  char start[8] = {};
  file.read(start, sizeof(start));
  return file && std::equal(start, start + sizeof(start), kSignature);
}

Hdf5Object OpenHdf5(const std::string& path) {
  const Hdf5Lock lock;
  Require(std::filesystem::exists(path), "cannot open '", path, "': there is no such file");
  Require(std::filesystem::is_regular_file(path), "cannot open '", path, "': it is not a file");
  Require(IsHdf5File(path), "'", path, "' is not an HDF5 file");
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  Require(file >= 0, "cannot read '", path, "' as an HDF5 file: ", Hdf5Reason());
  return Hdf5Object(file, H5Fclose);
}

Hdf5Object NewHdf5() {
  const Hdf5Lock lock;
  const Hdf5Object access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  constexpr size_t kGrowth = size_t{1} << 20;
  H5Pset_fapl_core(access, kGrowth, false);
  // Each file in memory needs a name of its own only while it is open.
  static int number = 0;
  const std::string name = "memory " + std::to_string(number++);
  const hid_t file = H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  Require(file >= 0, "cannot make an HDF5 file in memory: ", Hdf5Reason());
  return Hdf5Object(file, H5Fclose);
}

std::string Hdf5Image(hid_t file) {
  const Hdf5Lock lock;
  std::string content;
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  Require(size > 0, Hdf5Reason());
  content.resize(static_cast<size_t>(size));
  Require(H5Fget_file_image(file, content.data(), content.size()) == size, Hdf5Reason());
  return content;
}

std::string WriteHdf5(hid_t file, const std::string& path) {
  std::string content;
  try {
    content = Hdf5Image(file);
  } catch (Error& error) {
    error.add_context("cannot write '" + path + "'");
    throw;
  }
  WriteFileAtomically(path, content);
  return content;
}

Hdf5Object MakeHdf5Group(hid_t location, const std::string& name) {
  const Hdf5Lock lock;
  const Hdf5Object creation(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(creation, 1);
  const hid_t group = H5Gcreate2(location, name.c_str(), creation, H5P_DEFAULT, H5P_DEFAULT);
  Require(group >= 0, "cannot make the HDF5 group '", name, "': ", Hdf5Reason());
  return Hdf5Object(group, H5Gclose);
}

bool HasHdf5Object(hid_t location, const std::string& name) {
  const Hdf5Lock lock;
  return Exists(location, name);
}

bool IsHdf5Dataset(hid_t location, const std::string& name) {
  const Hdf5Lock lock;
  if (!Exists(location, name)) return false;
  const Hdf5Object object(H5Oopen(location, name.c_str(), H5P_DEFAULT), H5Oclose);
  return H5Iget_type(object) == H5I_DATASET;
}

std::vector<std::string> Hdf5Names(hid_t location, const std::string& group) {
  const Hdf5Lock lock;
  std::vector<std::string> names;
  const Hdf5Object opened(H5Gopen2(location, group.c_str(), H5P_DEFAULT), H5Gclose);
  Require(opened >= 0, Hdf5Text(location, group), " is missing, or is no group");
  hsize_t next = 0;
  H5Literate(
      opened, H5_INDEX_NAME, H5_ITER_INC, &next,
      [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
        static_cast<std::vector<std::string>*>(list)->emplace_back(name);
        return 0;
      },
      &names);
  return names;
}

void CheckHdf5Storage(hid_t location, const std::string& name, hid_t dataset) {
  const Hdf5Lock lock;
  const Hdf5Object creation(H5Dget_create_plist(dataset), H5Pclose);
  const Hdf5Object space(H5Dget_space(dataset), H5Sclose);
  const Hdf5Object type(H5Dget_type(dataset), H5Tclose);
  Require(creation >= 0 && space >= 0 && type >= 0, Hdf5Text(location, name), ": ", Hdf5Reason());
  const H5D_layout_t layout = H5Pget_layout(creation);
  Require(layout >= 0, Hdf5Text(location, name), ": ", Hdf5Reason());
  Require(H5Pget_external_count(creation) <= 0 && layout != H5D_VIRTUAL, Hdf5Text(location, name),
          " is stored in other files, which are not read. Put the values into this file");
  const hssize_t values = H5Sget_simple_extent_npoints(space);
  Require(values >= 0, Hdf5Text(location, name), ": ", Hdf5Reason());
  const uint64_t size = H5Tget_size(type);
  const uint64_t stored = H5Dget_storage_size(dataset);
  hsize_t file_size = 0;
  const Hdf5Object file(H5Iget_file_id(dataset), H5Fclose);
  H5Fget_filesize(file, &file_size);
  Require(stored <= file_size, Hdf5Text(location, name), " is said to take ", stored,
          " bytes of a file of ", file_size, ": the file is damaged");
  // What was never written reads as a fill value, and the library's filters shrink by no more than
  // this.
  constexpr uint64_t kUnwritten = 1 << 20, kShrinkage = 1100;
  uint64_t limit = kUnwritten;
  if (layout == H5D_CHUNKED) {
    limit += stored * (H5Pget_nfilters(creation) > 0 ? kShrinkage : 1);
  } else if (stored > 0 || layout == H5D_COMPACT) {
    limit = stored;  // the library would read beyond it
  }
  Require(size == 0 || static_cast<uint64_t>(values) <= limit / size, Hdf5Text(location, name),
          " should have ", values, " values of ", size, " bytes, but ", stored,
          " bytes of the file belong to it: the file is damaged");
}

std::vector<int> Hdf5Shape(hid_t location, const std::string& dataset) {
  const Hdf5Lock lock;
  Require(IsHdf5Dataset(location, dataset), Hdf5Text(location, dataset), " is missing");
  const Hdf5Object opened(H5Dopen2(location, dataset.c_str(), H5P_DEFAULT), H5Dclose);
  const Hdf5Object space(H5Dget_space(opened), H5Sclose);
  Require(opened >= 0, Hdf5Text(location, dataset), " cannot be opened: ", Hdf5Reason());
  const int axes = H5Sget_simple_extent_ndims(space);
  Require(axes >= 0, Hdf5Text(location, dataset), ": ", Hdf5Reason());
  std::vector<hsize_t> dims(axes);
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  std::vector<int> shape;
  for (const hsize_t dim : dims) {
    Require(dim <= hsize_t(INT_MAX), Hdf5Text(location, dataset), " has an axis of ", dim,
            " values; an axis of a blob has at most ", INT_MAX);
    shape.push_back(static_cast<int>(dim));
  }
  return shape;
}

}  // namespace caffe
