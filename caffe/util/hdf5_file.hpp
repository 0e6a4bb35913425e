#ifndef CAFFE_UTIL_HDF5_FILE_HPP_
#define CAFFE_UTIL_HDF5_FILE_HPP_

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace caffe {

/// Owns an HDF5 file, group or other object, and closes it.
class Hdf5Object {
 public:
  typedef herr_t (*Closer)(hid_t);
  Hdf5Object() = default;
  Hdf5Object(hid_t id, Closer closer) : id_(id), closer_(closer) {}
  Hdf5Object(Hdf5Object&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), closer_(other.closer_) {}
  Hdf5Object& operator=(Hdf5Object&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(closer_, other.closer_);
    return *this;
  }
  ~Hdf5Object();
  operator hid_t() const { return id_; }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Closer closer_ = nullptr;
};

/// The library is not made for several threads: whoever calls it holds one of these. Keeps it from
/// printing its errors, too; they are in our messages.
class Hdf5Lock {
 public:
  Hdf5Lock();

 private:
  std::lock_guard<std::recursive_mutex> lock_;
};

/// Whether a file starts as HDF5 files do.
bool IsHdf5File(const std::string& path);

/// Opens a file for reading. Throws Error with the path and HDF5's reason.
Hdf5Object OpenHdf5(const std::string& path);

/// A new file in memory; WriteHdf5 puts it on the disk, whole or not at all. The same content gives
/// the same bytes.
Hdf5Object NewHdf5();
/// The bytes of a file from NewHdf5. Throws Error.
std::string Hdf5Image(hid_t file);
/// @return the bytes that were written
std::string WriteHdf5(hid_t file, const std::string& path);

/// Makes a group, and those on the way to it that are not there yet. Throws Error if there is an
/// object of that name already.
Hdf5Object MakeHdf5Group(hid_t location, const std::string& name);

/// Whether there is an object of this name, which may be a path.
bool HasHdf5Object(hid_t location, const std::string& name);
bool IsHdf5Dataset(hid_t location, const std::string& name);
/// Names of what a group holds, sorted.
std::vector<std::string> Hdf5Names(hid_t location, const std::string& group);
/// Throws Error if there is no such dataset.
std::vector<int> Hdf5Shape(hid_t location, const std::string& dataset);

/// Throws Error if an open data set lies in other files, or if its shape asks for more than its
/// storage can hold: before memory is taken for what a damaged file claims.
void CheckHdf5Storage(hid_t location, const std::string& name, hid_t dataset);

/// "weights.h5: data set 'data/conv1/0'", for error messages.
std::string Hdf5Text(hid_t location, const std::string& name);
/// The most exact reason that HDF5 has for the failure of the last call.
std::string Hdf5Reason();

}  // namespace caffe

#endif  // CAFFE_UTIL_HDF5_FILE_HPP_
