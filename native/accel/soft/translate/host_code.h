#pragma once

#include <memory>

#include "accel/soft/insn.h"

namespace vmft::soft {

/// A jump from one translated block to another: unlinked, it leaves to run.cpp.
struct Link {
    Block* from = nullptr;
    Block* to = nullptr;            ///< Null: unlinked.
    Link* next_incoming = nullptr;  ///< In to->code->incoming.
    u8* displacement = nullptr;     ///< Where the jump's 32-bit displacement is written.
    u8* unlinked = nullptr;         ///< Where it jumps when unlinked.
    /// RAM offset of the page that the target must be in; null: the target is in the same page.
    u64* target_page = nullptr;
    i32 offset = 0;  ///< Of the target from the linear page of `from`.
};

/// What a translated block has beside its code.
struct HostCode {
    explicit HostCode(unsigned links_max)
        : links(std::make_unique<Link[]>(links_max)), links_max(links_max) {}

    std::unique_ptr<Link[]> links;  ///< Code has their addresses.
    unsigned links_max, link_count = 0;
    Link* incoming = nullptr;
    bool forgotten = false;  ///< Kept only because it may still be running.
};

}  // namespace vmft::soft
