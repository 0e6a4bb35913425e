#ifndef CAFFE_UTIL_WAIT_POLICY_HPP_
#define CAFFE_UTIL_WAIT_POLICY_HPP_

namespace caffe {

/// How often an OpenMP thread of our programs looks for new work before it sleeps: long enough for
/// the gaps within a pass of a net, about 0.1 ms, and short enough not to take a busy machine's
/// cores. libgomp's own default is 300,000.
inline constexpr char kSpinCount[] = "GOMP_SPINCOUNT=10000";

/// Starts the running program again with kSpinCount in its environment; for the first line of a
/// main(). Does nothing, and returns, if the user has chosen a policy (OMP_WAIT_POLICY,
/// GOMP_SPINCOUNT), if the variable is there already, or if a program cannot be started anew.
/// libgomp reads its environment when it is loaded, so that there is no other way from within a
/// program; one that starts others, or a shell, sets the variable for them.
///
/// The programs of this project need no call: they link caffe_program_start, which does the same
/// before any library is initialised.
void RestartWithBoundedSpin(char** argv);

}  // namespace caffe

#endif  // CAFFE_UTIL_WAIT_POLICY_HPP_
