#ifndef CAFFE_CLI_TEXT_TABLE_HPP_
#define CAFFE_CLI_TEXT_TABLE_HPP_

#include <cstdint>
#include <string>
#include <vector>

namespace caffe::cli {

/// Lines of cells in columns that are as wide as their widest cell, two blanks apart.
class TextTable {
 public:
  /// @param alignments  a letter for each column: l flushes its cells left, r right
  /// @param indent      blanks before each line
  explicit TextTable(const std::string& alignments, int indent = 0)
      : alignments_(alignments), indent_(indent) {}

  /// Cells at the end may be left out.
  void Add(const std::vector<std::string>& row) { rows_.push_back(row); }

  /// A line for each row, without blanks at its end.
  std::string ToText() const;

 private:
  std::string alignments_;
  int indent_;
  std::vector<std::vector<std::string>> rows_;
};

/// 1234567 -> "1,234,567".
std::string WithCommas(int64_t number);
/// With at most so many significant digits: 0.0300 -> "0.03".
std::string ShortNumber(double number, int digits = 4);
/// 0.00451 -> "0.451 %".
std::string PercentText(double share);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_TEXT_TABLE_HPP_
