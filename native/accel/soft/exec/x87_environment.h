#pragma once

#include "accel/soft/exec/x87_unit.h"

/// The x87 unit's control state as memory images (SDM 1 8.1.10).
namespace vmft::soft::x87 {

/// The state FNINIT leaves; data registers keep their contents.
void reset(X87& x);

/// The status word with TOP.
inline u16 status_word(const X87& x) { return static_cast<u16>(x.status | x.top << 11); }
/// Takes flags, codes and TOP; ES and B follow from the flags.
void set_status_word(X87& x, u16 word);
/// Newly unmasked flags become pending.
void set_control(X87& x, u16 word);

/// Two bits per register: valid, zero, special, empty.
u16 tag_word(const X87& x);

/// 14 bytes, or 28 when `wide`, in the layout of the present mode. Control before status.
void pack_environment(const Cpu& cpu, u8* image, bool wide);
void unpack_environment(Cpu& cpu, const u8* image, bool wide);

}  // namespace vmft::soft::x87
