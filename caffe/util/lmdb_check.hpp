#ifndef CAFFE_UTIL_LMDB_CHECK_HPP_
#define CAFFE_UTIL_LMDB_CHECK_HPP_

#include <string>

namespace caffe {
namespace db {

/// Looks through the tree of an LMDB's data.mdb, trusting nothing in it, before liblmdb maps the
/// file: liblmdb follows the page numbers and offsets that it finds, and a damaged one ends the
/// program by a signal.
///
/// Every page of keys is read; values on pages of their own (those above half a page) are not, only
/// their places are checked. That is a hundredth of a database of images. Checked are the heads,
/// each page's kind, number and bounds, the order of the keys, that no page is used twice, and that
/// pages and records are as many as the head says. For a database that is to be written the list of
/// free pages is checked as well.
///
/// Does nothing where the file is missing or empty, which opening reports. Throws Error with the
/// database's name and what is wrong.
/// Source of the format: LMDB 0.9's data structures (mdb.c), 64-bit little-endian.
/// @param source  the database's directory, or the data file itself
void CheckLmdbTree(const std::string& source, bool for_writing);

}  // namespace db
}  // namespace caffe

#endif  // CAFFE_UTIL_LMDB_CHECK_HPP_
