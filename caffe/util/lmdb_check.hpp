#ifndef CAFFE_UTIL_LMDB_CHECK_HPP_
#define CAFFE_UTIL_LMDB_CHECK_HPP_

#include <string>

namespace caffe {
namespace db {

/// Looks through the tree of an LMDB's data.mdb, trusting nothing in it, before liblmdb maps the
/// file: liblmdb follows the page numbers and offsets that it finds, and a damaged one ends the
/// program by a signal.
///
/// It reads every page of keys, but not the values above half a page, which lie on pages of their
/// own: of those it checks the place. It checks the heads, each page's kind, number and bounds, the
/// order of the keys, that no page is used twice, and that there are as many pages and records as
/// the head says. For a database that will be written it also checks the list of free pages.
///
/// Does nothing where the file is missing or empty, which opening reports. Throws Error with the
/// database's name and what is wrong.
/// Source of the format: LMDB 0.9's data structures (mdb.c), 64-bit little-endian.
/// @param source  the database's directory, or the data file itself
void CheckLmdbTree(const std::string& source, bool for_writing);

}  // namespace db
}  // namespace caffe

#endif  // CAFFE_UTIL_LMDB_CHECK_HPP_
