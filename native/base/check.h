#pragma once

namespace vmft {

/// Ends the process with `file:line: check failed: what`. A failed check is a bug
/// of ours, never the guest's or the operator's; checks stay on in release builds.
[[noreturn]] void check_failed(const char* file, int line, const char* what);

/// What a failed check on this thread prints besides: where the machine was. None: nothing.
class CheckContext {
public:
    virtual void print_context() const = 0;

protected:
    ~CheckContext() = default;
};
void set_check_context(const CheckContext* context);

}  // namespace vmft

#define VMFT_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) [[unlikely]]                                                             \
            ::vmft::check_failed(__FILE__, __LINE__, #condition);                                  \
    } while (false)
