#pragma once

#include "base/types.h"

namespace vmft {

/// An interrupt message on its way to a local APIC (SDM 3A 11.11, 82093AA "redirection entry").
struct InterruptMessage {
    u32 destination = 0;
    bool logical = false;
    u8 delivery_mode = 0;  ///< 0 fixed, 1 lowest priority; the others reach nobody here.
    u8 vector = 0;
    bool level = false;
};

/// Where interrupt messages go.
class InterruptMessageTarget {
public:
    /// False when nobody accepts it: wrong destination, disabled APIC, unsupported delivery mode.
    virtual bool accept_message(const InterruptMessage& message) = 0;

protected:
    ~InterruptMessageTarget() = default;
};

/// What a local APIC tells the I/O APIC.
class LocalApicListener {
public:
    /// A level-triggered interrupt with this vector has ended.
    virtual void end_of_interrupt(u8 vector) = 0;
    /// Messages refused before may be accepted now (APIC enabled, logical destination changed).
    virtual void acceptance_changed() = 0;

protected:
    ~LocalApicListener() = default;
};

}  // namespace vmft
