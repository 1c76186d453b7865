#pragma once

#include "accel/soft/insn.h"

namespace vmft::soft {

enum class EventKind : u8 { none, external, fault, trap, software, software_unchecked };

/// An interrupt or exception on its way through the IDT.
struct Event {
    EventKind kind = EventKind::none;
    u8 vector = 0;
    bool has_error = false;
    u32 error = 0;
    u64 return_rip = 0;
};

/// Delivers `event` through the IDT (SDM 3A chapter 6), by the present mode. May give up with a
/// fault of its own (with a null instruction); the caller turns that into #DF or shutdown. All
/// registers change at the end or not at all.
void deliver_event(Cpu& cpu, const Event& event);

/// Whether a fault with `second` while delivering `first` makes a double fault (SDM 3A table 6-5).
bool is_double_fault(u8 first, u8 second);
bool pushes_error_code(u8 vector);

/// INT n, INT3, INTO: the instruction retires and the event is delivered with the next
/// instruction as return address, after the gate's DPL is checked (not for INT1: check_dpl false).
[[noreturn]] void raise_software_interrupt(Cpu& cpu, const Insn* insn, u8 vector,
                                           bool check_dpl = true);

}  // namespace vmft::soft
