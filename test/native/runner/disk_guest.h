#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "accel/accel.h"
#include "machine/guest_memory.h"

namespace vmft::test {

/// What a disk guest asked for, and what it was told.
struct GuestRequest {
    char what = 'r';  ///< r read, w write, f flush.
    u64 block = 0, blocks = 0;
    u8 value = 0;
    bool ended = false;
    u64 asked_when_ended = 0;  ///< How many requests it had made by then.
    std::vector<u8> found;     ///< Of a read, one value per block.
    bool went_wrong = false;   ///< It ended with an I/O error.
};

/// Everything that one run of the guest did, outside the machine, for a checker.
struct GuestHistory {
    std::mutex mutex;
    std::vector<GuestRequest> requests;
    std::atomic<bool> finished{false};  ///< All of it ended, flushed at last.
};

/// An accelerator whose guest drives the first disk by virtio-blk: it asks at random for reads,
/// writes and flushes of a few blocks, many at once and over each other, halts now and then until
/// an interrupt, and ends with a flush when it has made `requests_wanted`.
class DiskGuest final : public Accelerator {
public:
    static constexpr u64 blocks = 24, block_bytes = 512;

    /// `past`: of the machine whose state this one is given, as far as it has gone there.
    DiskGuest(GuestMemory& memory, Platform& platform, u64 requests_wanted,
              std::shared_ptr<GuestHistory> history, std::shared_ptr<GuestHistory> past = nullptr)
        : memory_(memory), platform_(platform), requests_wanted_(requests_wanted),
          history_(std::move(history)), past_(std::move(past)) {}

    RunExit run(u64 until_ticks) override;
    u64 ticks() const override { return ticks_; }
    Position position() const override { return {ticks_, walk_, walk_ * 3}; }
    bool halted() const override { return halted_; }
    void set_entry(const EntryState&) override {}
    void flush_caches() override {}
    void dirty_flags_cleared() override {}
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;
    std::string describe() const override { return "walk " + std::to_string(walk_); }

private:
    static constexpr u16 ring = 64, slots_used = 12;  // Three descriptors each.
    static constexpr u64 descriptors = 0x10'0000, available = 0x10'1000, used = 0x10'2000;
    static constexpr u64 slots_base = 0x11'0000, slot_bytes = 0x4000;
    static constexpr u8 vector = 0x50;

    void take_over_past();
    bool step();
    void bring_up();
    void interrupt();
    void take_used();
    bool ask();
    void submit(u16 slot, char what, u64 block, u64 count, u8 value);
    void set(u64 offset, u32 value);

    GuestMemory& memory_;
    Platform& platform_;
    const u64 requests_wanted_;
    const std::shared_ptr<GuestHistory> history_, past_;

    u64 ticks_ = 0, walk_ = 1;
    u64 asked_ = 0;
    u16 next_available_ = 0, next_used_ = 0;
    std::array<u64, slots_used> in_slot_{};  ///< Which request, from 1; 0: free.
    bool halted_ = false, flushed_ = false;
};

}  // namespace vmft::test
