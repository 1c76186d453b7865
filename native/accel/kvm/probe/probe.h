#pragma once

#include <string>

#include "accel/kvm/probe/preflight.h"
#include "accel/kvm/probe/tiny_guest.h"

/// The small guests of the preflight, one function each.
namespace vmft::kvm {

struct ProbeResult {
    Preflight::Verdict verdict = Preflight::Verdict::works;
    std::string detail;
};

inline ProbeResult probe_works() { return {}; }
inline ProbeResult probe_fails(const TinyGuest& guest) {
    return {Preflight::Verdict::does_not, guest.outcome()};
}
inline ProbeResult probe_wrong(std::string detail) {
    return {Preflight::Verdict::wrong, std::move(detail)};
}

// probes_exits.cpp
ProbeResult probe_port_access(TinyGuest& guest);
ProbeResult probe_device_memory(TinyGuest& guest);
ProbeResult probe_halt(TinyGuest& guest);
ProbeResult probe_msr_filter(TinyGuest& guest);
ProbeResult probe_dirty_log(TinyGuest& guest);
ProbeResult probe_kick(TinyGuest& guest);

// probes_events.cpp
ProbeResult probe_interrupt(TinyGuest& guest);
ProbeResult probe_interrupt_shadow(TinyGuest& guest);
ProbeResult probe_page_fault(TinyGuest& guest);
ProbeResult probe_int3(TinyGuest& guest);
ProbeResult probe_int3_to_host(TinyGuest& guest);
ProbeResult probe_single_step(TinyGuest& guest);
ProbeResult probe_user_single_step(TinyGuest& guest);
ProbeResult probe_user_int(TinyGuest& guest);
ProbeResult probe_hardware_breakpoint(TinyGuest& guest);

// probes_instructions.cpp
ProbeResult probe_user_cpuid(TinyGuest& guest);
ProbeResult probe_user_rdtsc(TinyGuest& guest);
ProbeResult probe_cmpxchg16b(TinyGuest& guest);
ProbeResult probe_fxsave(TinyGuest& guest);
ProbeResult probe_sse(TinyGuest& guest);

}  // namespace vmft::kvm
