#ifndef TESTS_CAFFE_ORACLE_VALUES_HPP_
#define TESTS_CAFFE_ORACLE_VALUES_HPP_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "caffe/blob.hpp"

namespace caffe::oracle {

/// The formulas of tests/oracles/oracle_values.py, bit for bit.
inline uint32_t Hash(const std::string& name) {
  uint32_t hash = 2166136261u;
  for (const unsigned char byte : name) hash = (hash ^ byte) * 16777619u;
  return hash;
}

inline uint32_t Mix(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15)) * 0x846CA68Bu;
  return x ^ (x >> 16);
}

inline float Value(const std::string& name, uint32_t i, double bound) {
  const double u = Mix(Hash(name) + i) >> 8;
  return static_cast<float>(bound * (u / (1 << 23) - 1));
}

template <typename Dtype>
void FillData(const std::string& name, double bound, Blob<Dtype>* blob) {
  Dtype* data = blob->mutable_cpu_data();
  for (int i = 0; i < blob->count(); ++i) data[i] = Value(name, i, bound);
}

template <typename Dtype>
void FillDiff(const std::string& name, double bound, Blob<Dtype>* blob) {
  Dtype* diff = blob->mutable_cpu_diff();
  for (int i = 0; i < blob->count(); ++i) diff[i] = Value(name, i, bound);
}

/// A file of lines "name value value ...".
inline std::map<std::string, std::vector<double>> ReadArrays(const std::string& file) {
  std::ifstream in(std::string(CAFFE_TEST_DATA_DIR) + "/oracles/" + file);
  EXPECT_TRUE(in.good()) << file;
  std::map<std::string, std::vector<double>> arrays;
  std::string line, name;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    words >> name;
    for (double value; words >> value;) arrays[name].push_back(value);
  }
  return arrays;
}

/// Each value within `tolerance` * max(1, |wanted|).
template <typename Dtype>
void ExpectArray(const std::vector<double>& wanted, const Dtype* found, int count, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(wanted.size(), static_cast<size_t>(count)) << what;
  for (int i = 0; i < count; ++i) {
    EXPECT_NEAR(found[i], wanted[i], tolerance * std::max(1.0, std::abs(wanted[i])))
        << what << ", element " << i;
  }
}

}  // namespace caffe::oracle

#endif  // TESTS_CAFFE_ORACLE_VALUES_HPP_
