#pragma once

#include "accel/kvm/conformance/soft_subject.h"

namespace vmft::test::conformance {

/// What a wrong accelerator could do, each done once, at a place of its own: the comparison must
/// say so.
enum class Planted : u8 {
    flag,            ///< Carry is another.
    register_bit,    ///< So is a bit of R11.
    segment_base,    ///< GS's base.
    vector_bit,      ///< A bit of XMM7.
    skipped_write,   ///< A byte of memory is as it was.
    accessed_bit,    ///< A page table entry lost its accessed bit.
    lost_interrupt,  ///< An interrupt is acknowledged and not taken.
    late_interrupt,  ///< An interrupt is taken an instruction late.
    double_access,   ///< A device was accessed twice.
};
inline constexpr unsigned planted_count = 9;

/// The software CPU, but for one fault.
class FaultyFollower final : public SoftFollower {
public:
    /// `done` becomes true when the fault is made.
    FaultyFollower(const Guest& guest, u64 platform_seed, Planted fault, u64 at_ticks, bool& done)
        : SoftFollower(guest, platform_seed), fault_(fault), at_ticks_(at_ticks), done_(done) {}

    bool stops_at(const Place&) override { return true; }
    Came follow(const Place& place) override;

private:
    bool plant();
    bool takes_interrupts();

    Planted fault_;
    u64 at_ticks_;
    bool& done_;
};

}  // namespace vmft::test::conformance
