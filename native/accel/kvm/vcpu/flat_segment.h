#pragma once

#include <linux/kvm.h>

#include "base/types.h"

namespace vmft::kvm {

/// A segment of all 4 GiB, as loaded from a flat descriptor (SDM 3A 3.4.5): its privilege level is
/// the selector's.
inline kvm_segment flat_segment(u16 selector, u8 type, bool long_code) {
    kvm_segment segment{};
    segment.selector = selector;
    segment.limit = 0xffff'ffff;
    segment.type = type;
    segment.present = segment.s = segment.g = 1;
    segment.dpl = selector & 3;
    segment.l = long_code;
    segment.db = !long_code;
    return segment;
}

}  // namespace vmft::kvm
