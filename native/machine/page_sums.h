#pragma once

#include <vector>

#include "machine/digest.h"

namespace vmft {

/// A digest of all memory that costs what was written: a hash of each page, and their sum.
///
/// For accelerators whose dirty flags are a superset that differs between replicas: under nested
/// paging the processor's walks of the guest's page tables count as writes, and how often
/// it walks depends on what is in its TLB. What is digested must not depend on which pages
/// are flagged, only on what is in them.
class PageSums {
public:
    /// `memory` is all zero, or its pages are flagged dirty, or `forget` is called.
    explicit PageSums(GuestMemory& memory) : memory_(memory) {}

    /// Takes in the pages that are flagged dirty and clears their flags. The accelerator's flags
    /// are collected.
    void update();
    /// Memory was replaced as a whole.
    void forget() { all_changed_ = true; }

    /// Of all memory, as of the last update; `pages`: those that are not zero throughout.
    MemoryDigest digest() const { return {sum_, pages_}; }

private:
    void look_at(u64 page);

    GuestMemory& memory_;
    std::vector<u64> hashes_;  ///< By page; 0 for zero pages. Empty until the first update.
    u64 sum_ = 0;
    u32 pages_ = 0;
    bool all_changed_ = false;
};

}  // namespace vmft
