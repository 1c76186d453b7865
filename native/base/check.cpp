#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace vmft {

namespace {
thread_local const CheckContext* current_context = nullptr;
}

void set_check_context(const CheckContext* context) { current_context = context; }

void check_failed(const char* file, int line, const char* what) {
    std::fprintf(stderr, "vmft: %s:%d: check failed: %s\n", file, line, what);
    // Once: printing may itself meet what is broken.
    const CheckContext* context = current_context;
    current_context = nullptr;
    if (context != nullptr) context->print_context();
    std::abort();
}

}  // namespace vmft
