#ifndef CAFFE_UTIL_HDF5_H_
#define CAFFE_UTIL_HDF5_H_

#include <hdf5.h>

#include <string>

#include "caffe/blob.hpp"
#include "caffe/common.hpp"

/// Blobs, integers and texts in HDF5 files, under the names of Caffe's interface. Everything throws
/// Error with the file, the data set, what was found and what was wanted.

namespace caffe {

/// Checks that there is a data set of floating-point or integer numbers with min_dim to max_dim
/// axes. Gives the blob its shape if `reshape`; else the blob must have it already.
template <typename Dtype>
void hdf5_load_nd_dataset_helper(hid_t file_id, const char* dataset_name_, int min_dim, int max_dim,
                                 Blob<Dtype>* blob, bool reshape);

/// The same, and reads the values, converted to Dtype.
template <typename Dtype>
void hdf5_load_nd_dataset(hid_t file_id, const char* dataset_name_, int min_dim, int max_dim,
                          Blob<Dtype>* blob, bool reshape = false);

/// Rows [first, first + rows) of a data set, to a blob that gets their shape.
template <typename Dtype>
void hdf5_load_rows(hid_t file_id, const string& dataset_name, uint64_t first, int rows,
                    Blob<Dtype>* blob);

/// Stores the blob's data, or its diff, with its shape and number type.
template <typename Dtype>
void hdf5_save_nd_dataset(const hid_t file_id, const string& dataset_name, const Blob<Dtype>& blob,
                          bool write_diff = false);

int hdf5_load_int(hid_t loc_id, const string& dataset_name);
void hdf5_save_int(hid_t loc_id, const string& dataset_name, int i);
string hdf5_load_string(hid_t loc_id, const string& dataset_name);
void hdf5_save_string(hid_t loc_id, const string& dataset_name, const string& s);

/// A one-dimensional data set of unsigned bytes.
void hdf5_save_bytes(hid_t loc_id, const string& dataset_name, const string& bytes);
string hdf5_load_bytes(hid_t loc_id, const string& dataset_name);

/// What a group holds, and the name of its idx-th member in the order of names.
int hdf5_get_num_links(hid_t loc_id);
string hdf5_get_name_by_idx(hid_t loc_id, int idx);

}  // namespace caffe

#endif  // CAFFE_UTIL_HDF5_H_
