#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace vmft {

void check_failed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "vmft: %s:%d: check failed: %s\n", file, line, what);
  std::abort();
}

}  // namespace vmft
