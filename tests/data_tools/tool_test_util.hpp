#ifndef TESTS_DATA_TOOLS_TOOL_TEST_UTIL_HPP_
#define TESTS_DATA_TOOLS_TOOL_TEST_UTIL_HPP_

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "caffe/util/db_lmdb.hpp"
#include "tests/caffe/data_test_util.hpp"

/// Runs tools as a user does and looks at what they left.

namespace caffe {

namespace fs = std::filesystem;

struct Outcome {
  int code;
  string output;  // stdout and stderr
};

inline Outcome RunCommand(const string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  Outcome outcome{-1, ""};
  std::array<char, 4096> buffer;
  while (const size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) {
    outcome.output.append(buffer.data(), n);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  return outcome;
}

inline void Write(const fs::path& path, const string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

inline string ReadBytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline vector<std::pair<string, Datum>> ReadAll(const string& path) {
  db::LMDB lmdb;
  lmdb.Open(path, db::READ);
  const std::unique_ptr<db::Cursor> cursor(lmdb.NewCursor());
  vector<std::pair<string, Datum>> records;
  for (; cursor->valid(); cursor->Next()) {
    Datum datum;
    EXPECT_TRUE(datum.ParseFromString(cursor->value()));
    records.emplace_back(cursor->key(), datum);
  }
  return records;
}

/// Expects exit code 1, one line that holds `parts`, and nothing left behind.
inline void ExpectFailure(const string& command, const vector<string>& parts,
                          const fs::path& workplace, const vector<string>& left) {
  const Outcome outcome = RunCommand(command);
  EXPECT_EQ(outcome.code, 1) << outcome.output;
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
  for (const string& part : parts) {
    EXPECT_NE(outcome.output.find(part), string::npos) << part << " is not in: " << outcome.output;
  }
  vector<string> found;
  for (const auto& entry : fs::directory_iterator(workplace)) {
    found.push_back(entry.path().filename());
  }
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, left);
}

/// Where the full data sets lie, or an empty path.
inline fs::path SharedData() {
  const char* named = std::getenv("CAFFE_SHARED_DATA");
  const fs::path path =
      named != nullptr ? fs::path(named) : fs::path(CAFFE_SOURCE_DIR) / "../shared/data";
  return fs::exists(path) ? path : fs::path();
}

}  // namespace caffe

#endif  // TESTS_DATA_TOOLS_TOOL_TEST_UTIL_HPP_
