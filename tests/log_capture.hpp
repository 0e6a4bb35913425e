#ifndef TESTS_LOG_CAPTURE_HPP_
#define TESTS_LOG_CAPTURE_HPP_

#include <glog/logging.h>

#include <string>
#include <vector>

#include "caffe/common.hpp"

namespace caffe {

/// The text of all log lines while it exists.
class LogCapture : public google::LogSink {
 public:
  LogCapture() : old_level_(FLAGS_minloglevel) {
    FLAGS_minloglevel = google::INFO;
    google::AddLogSink(this);
  }
  ~LogCapture() override {
    google::RemoveLogSink(this);
    FLAGS_minloglevel = old_level_;
  }
  void send(google::LogSeverity, const char*, const char*, int, const struct tm*,
            const char* message, size_t length) override {
    lines_.emplace_back(message, length);
  }
  const vector<string>& lines() const { return lines_; }
  int Count(const string& part) const {
    int count = 0;
    for (const string& line : lines_) count += line.find(part) != string::npos;
    return count;
  }

 private:
  int old_level_;
  vector<string> lines_;
};

}  // namespace caffe

#endif  // TESTS_LOG_CAPTURE_HPP_
