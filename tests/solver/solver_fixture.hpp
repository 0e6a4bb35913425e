#ifndef TESTS_SOLVER_SOLVER_FIXTURE_HPP_
#define TESTS_SOLVER_SOLVER_FIXTURE_HPP_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "caffe/common.hpp"
#include "caffe/sgd_solvers.hpp"
#include "caffe/solver.hpp"
#include "tests/log_capture.hpp"

namespace caffe {

/// A new directory that goes away with the object.
class TempDir {
 public:
  TempDir() {
    string name = (std::filesystem::temp_directory_path() / "caffe_solver_XXXXXX").string();
    Require(mkdtemp(name.data()) != nullptr, "cannot make a directory for a test");
    path_ = name;
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  string operator/(const string& name) const { return path_ + "/" + name; }
  const string& path() const { return path_; }

 private:
  string path_;
};

inline SolverParameter ParseSolver(const string& text) {
  SolverParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param)) << text;
  return param;
}

/// A solver from its definition in text.
template <typename Dtype>
shared_ptr<SGDSolver<Dtype>> MakeSolver(const string& text) {
  shared_ptr<Solver<Dtype>> solver(SolverRegistry<Dtype>::CreateSolver(ParseSolver(text)));
  return std::dynamic_pointer_cast<SGDSolver<Dtype>>(solver);
}

/// What is thrown when the solver is built and takes one step, or "".
inline string SolverError(const string& text) {
  try {
    MakeSolver<float>(text)->Step(1);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// Softmax regression of 4 inputs to 3 classes on random data, batch 5.
inline string RegressionNet() {
  return "net_param { name: 'regression' "
         "  layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "    dummy_data_param { shape { dim: 5 dim: 4 } shape { dim: 5 } "
         "      data_filler { type: 'gaussian' std: 1 } "
         "      data_filler { type: 'constant' value: 1 } } } "
         "  layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' "
         "    param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 } "
         "    inner_product_param { num_output: 3 weight_filler { type: 'gaussian' std: 1 } } } "
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' "
         "    top: 'loss' } } ";
}

/// Two inner products, of 4 inputs to 6 units to 3 classes, on random data, batch 5.
inline string TwoLayerNet() {
  const auto layer = [](const string& name, const string& bottom, int outputs) {
    return "layer { name: '" + name + "' type: 'InnerProduct' bottom: '" + bottom + "' top: '" +
           name + "' param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 } " +
           "inner_product_param { num_output: " + std::to_string(outputs) +
           " weight_filler { type: 'gaussian' std: 0.5 } } } ";
  };
  return "net_param { name: 'two_layers' "
         "  layer { name: 'data' type: 'DummyData' top: 'data' top: 'label' "
         "    dummy_data_param { shape { dim: 5 dim: 4 } shape { dim: 5 } "
         "      data_filler { type: 'gaussian' std: 1 } "
         "      data_filler { type: 'constant' value: 1 } } } " +
         layer("fc1", "data", 6) + layer("fc2", "fc1", 3) +
         "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc2' bottom: 'label' "
         "    top: 'loss' } } ";
}

/// All values of blobs, one after the other.
template <typename Dtype, typename Blobs>
vector<Dtype> AllData(const Blobs& blobs) {
  vector<Dtype> values;
  for (const auto& blob : blobs) {
    values.insert(values.end(), blob->cpu_data(), blob->cpu_data() + blob->count());
  }
  return values;
}

}  // namespace caffe

#endif  // TESTS_SOLVER_SOLVER_FIXTURE_HPP_
