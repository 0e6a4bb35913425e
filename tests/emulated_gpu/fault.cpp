#include "tests/emulated_gpu/fault.hpp"

#include <execinfo.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "tests/emulated_gpu/settings.hpp"

namespace emulated_gpu {

void PrintCalls() {
  void* frames[40];
  backtrace_symbols_fd(frames, backtrace(frames, 40), 2);
}

void Fault(const char* format, ...) {
  char text[1000];
  va_list list;
  va_start(list, format);
  std::vsnprintf(text, sizeof(text), format, list);
  va_end(list);
  std::fprintf(stderr, "Emulated GPU: %s\n", text);
  PrintCalls();
  if (TextSetting("ON_FAULT", "abort") != "continue") std::abort();
}

}  // namespace emulated_gpu
