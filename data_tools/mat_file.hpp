#ifndef DATA_TOOLS_MAT_FILE_HPP_
#define DATA_TOOLS_MAT_FILE_HPP_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data_tools/byte_source.hpp"
#include "data_tools/mat_stream.hpp"

namespace caffe {

/// An array of a MAT file.
struct MatVariable {
  std::string name;
  uint32_t array_class = 0;
  std::vector<uint64_t> dims;
  uint64_t count = 0;  // of elements: the product of dims
  bool complex = false;

  /// Where its data element is in the file.
  uint64_t offset = 0;
  uint64_t size = 0;
  bool compressed = false;
};

/// A field of a struct: text, or numbers.
struct MatValue {
  std::string text;
  std::vector<double> numbers;
};

/// A MAT file of level 5 (MATLAB's -v6 and -v7, SciPy's savemat), in either byte order, its arrays
/// compressed or not. Opening reads no more than the arrays' heads.
class MatFile {
 public:
  /// Throws Error for another file, for one of MATLAB's -v7.3, and for one that is cut off.
  explicit MatFile(std::shared_ptr<const ByteSource> source);

  const std::string& name() const { return source_->name(); }
  /// Throws Error, with the names that there are, if there is none of this name.
  const MatVariable& Get(const std::string& name) const;

  /// All values of a numeric array, in the file's order (the first index runs fastest).
  std::vector<double> ReadNumbers(const MatVariable& variable) const;
  /// A stream that stands before `variable.count` bytes, the values of an array that the file
  /// stores as unsigned bytes. Throws Error if it is of another type.
  std::unique_ptr<MatStream> OpenBytes(const MatVariable& variable) const;
  /// The elements of a struct array: name of the field -> value. Fields that are neither text nor
  /// real numbers are left out.
  std::vector<std::map<std::string, MatValue>> ReadStructs(const MatVariable& variable) const;

 private:
  void ListVariables();
  std::unique_ptr<MatStream> Open(const MatVariable& variable) const;
  /// The same, behind the array's head.
  std::unique_ptr<MatStream> OpenData(const MatVariable& variable) const;

  std::shared_ptr<const ByteSource> source_;
  bool swap_ = false;
  std::vector<MatVariable> variables_;
};

}  // namespace caffe

#endif  // DATA_TOOLS_MAT_FILE_HPP_
