#pragma once

#include "base/types.h"

namespace vmft {

/// Which guest code runs as host code (docs/translator.md). Nothing that the guest can observe
/// depends on it: not the states, not the ticks, not where a run stops.
struct TranslatorOptions {
    /// False, or a host that is not x86-64: all code is interpreted.
    bool enabled = true;
    /// A block is translated when it has been interpreted this often; 0: before it runs first.
    u32 after_runs = 32;
    /// Host code kept. When it is full, all of it is forgotten.
    u64 code_bytes = u64{32} << 20;
};

}  // namespace vmft
