#include "data_tools/progress_bar.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace caffe {

namespace {

constexpr int kBarWidth = 40;

}  // namespace

ProgressBar::ProgressBar(const std::string& title, uint64_t total)
    : title_(title), total_(std::max<uint64_t>(total, 1)), visible_(isatty(STDERR_FILENO) != 0) {
  if (visible_) Draw();
}

ProgressBar::~ProgressBar() {
  if (visible_) std::cerr << std::endl;
}

void ProgressBar::Step() {
  const uint64_t before = done_ * 100 / total_;
  ++done_;
  if (visible_ && done_ * 100 / total_ != before) Draw();
}

void ProgressBar::Draw() const {
  const int filled = static_cast<int>(done_ * kBarWidth / total_);
  std::cerr << '\r' << title_ << " [" << std::string(filled, '#')
            << std::string(kBarWidth - filled, '.') << "] " << done_ * 100 / total_ << "% of "
            << total_ << std::flush;
}

}  // namespace caffe
