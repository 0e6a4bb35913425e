#ifndef DATA_TOOLS_PROGRESS_BAR_HPP_
#define DATA_TOOLS_PROGRESS_BAR_HPP_

#include <cstdint>
#include <string>

namespace caffe {

/// A line on stderr that shows how far a long piece of work has come; nothing if stderr is no
/// terminal.
class ProgressBar {
 public:
  ProgressBar(const std::string& title, uint64_t total);
  /// Ends the line.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Counts one more piece as done.
  void Step();

 private:
  void Draw() const;

  std::string title_;
  uint64_t total_;
  uint64_t done_ = 0;
  bool visible_;
};

}  // namespace caffe

#endif  // DATA_TOOLS_PROGRESS_BAR_HPP_
