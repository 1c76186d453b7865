#pragma once

#include "differential_instance.h"

namespace vmft::differential {

/// The host's CPU as executor: the regions of differential_instance.h are mapped into this process
/// at their addresses, an instruction runs by returning from a signal into its registers, and the
/// trap behind it (or its fault) brings the results. One per process, in a child made for it: a
/// wild instruction may hit anything.
class NativeCpu {
public:
    NativeCpu();

    /// Empty when everything could be set up; else why not.
    const char* unusable() const { return unusable_; }

    /// Memory as it is mapped. The third data page is read-only after seal().
    u8* data() { return reinterpret_cast<u8*>(data_start); }
    u8* stack() { return reinterpret_cast<u8*>(stack_start); }
    void seal();

    Result run(const Instance& instance);

private:
    bool map_code();

    const char* unusable_ = nullptr;
    u8* code_ = nullptr;  ///< The code page once more, writable: instances must not change it.
};

}  // namespace vmft::differential
