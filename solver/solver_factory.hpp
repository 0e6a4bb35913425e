#ifndef CAFFE_SOLVER_SOLVER_FACTORY_HPP_
#define CAFFE_SOLVER_SOLVER_FACTORY_HPP_

#include <map>
#include <string>
#include <vector>

#include "caffe/common.hpp"
#include "caffe/proto/caffe.pb.h"

namespace caffe {

template <typename Dtype>
class Solver;

/// Maps the `type` of a SolverParameter to the code that makes such a solver. A solver enters
/// itself with REGISTER_SOLVER_CLASS(Foo), for class FooSolver, or with
/// REGISTER_SOLVER_CREATOR(Foo, function), at namespace scope within caffe.
template <typename Dtype>
class SolverRegistry {
 public:
  typedef Solver<Dtype>* (*Creator)(const SolverParameter&);
  typedef std::map<string, Creator> CreatorRegistry;

  static CreatorRegistry& Registry();
  /// Throws Error if the type is already there.
  static void AddCreator(const string& type, Creator creator);
  /// The caller owns the solver. Throws Error for an unknown type and lists the known ones.
  static Solver<Dtype>* CreateSolver(const SolverParameter& param);
  /// Sorted.
  static vector<string> SolverTypeList();

 private:
  SolverRegistry() {}
};

template <typename Dtype>
class SolverRegisterer {
 public:
  SolverRegisterer(const string& type, Solver<Dtype>* (*creator)(const SolverParameter&)) {
    SolverRegistry<Dtype>::AddCreator(type, creator);
  }
};

#define REGISTER_SOLVER_CREATOR(type, creator)                              \
  static SolverRegisterer<float> g_creator_f_##type(#type, creator<float>); \
  static SolverRegisterer<double> g_creator_d_##type(#type, creator<double>)

#define REGISTER_SOLVER_CLASS(type)                                     \
  template <typename Dtype>                                             \
  Solver<Dtype>* Creator_##type##Solver(const SolverParameter& param) { \
    return new type##Solver<Dtype>(param);                              \
  }                                                                     \
  REGISTER_SOLVER_CREATOR(type, Creator_##type##Solver)

}  // namespace caffe

#endif  // CAFFE_SOLVER_SOLVER_FACTORY_HPP_
