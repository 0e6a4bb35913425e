#ifndef CAFFE_UTIL_RESTART_WITH_SPIN_HPP_
#define CAFFE_UTIL_RESTART_WITH_SPIN_HPP_

#include <sys/auxv.h>
#include <unistd.h>

#include <cstddef>

#include "caffe/util/wait_policy.hpp"

namespace caffe {

// Runs before the C library and the sanitizers are set up: no memory, no strings, no libraries.
#define CAFFE_EARLY __attribute__((no_sanitize("address", "thread", "undefined")))

/// Whether an entry of the environment sets the variable: "NAME=" and anything.
CAFFE_EARLY inline bool SetsVariable(const char* entry, const char* name) {
  while (*name != '\0') {
    if (*entry++ != *name++) return false;
  }
  return *entry == '=';
}

/// What RestartWithBoundedSpin does, with the environment that a program is started with.
CAFFE_EARLY inline void RestartWithSpin(char** argv, char** environment) {
  size_t count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (SetsVariable(environment[count], "OMP_WAIT_POLICY") ||
        SetsVariable(environment[count], "GOMP_SPINCOUNT")) {
      return;
    }
  }
  // Started as an argument of the dynamic loader: the program's file is the loader's.
  if (getauxval(AT_BASE) == 0) return;
  char program[4096];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
  if (length <= 0) return;
  program[length] = '\0';
  const char** with_spin =
      static_cast<const char**>(__builtin_alloca((count + 2) * sizeof(const char*)));
  for (size_t i = 0; i < count; ++i) with_spin[i] = environment[i];
  with_spin[count] = kSpinCount;
  with_spin[count + 1] = nullptr;
  execve(program, argv, const_cast<char**>(with_spin));
}

}  // namespace caffe

#endif  // CAFFE_UTIL_RESTART_WITH_SPIN_HPP_
