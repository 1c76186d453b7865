#include "runner/disk_guest.h"

#include <algorithm>

#include "device/virtio_mmio.h"
#include "machine/layout.h"

namespace vmft::test {
namespace {

constexpr u64 base =
    layout::virtio_mmio_base + layout::virtio_slot_disk_first * layout::virtio_mmio_stride;
constexpr u32 gsi = layout::gsi_virtio_first + layout::virtio_slot_disk_first;
constexpr u64 io_apic = 0xFEC0'0000;

}  // namespace

void DiskGuest::set(u64 offset, u32 value) { platform_.mmio_write(base + offset, 4, value); }

RunExit DiskGuest::run(u64 until_ticks) {
    while (ticks_ < until_ticks) {
        if (platform_.interrupt_pending()) {
            walk_ ^= platform_.acknowledge_interrupt();
            interrupt();
            halted_ = false;
        }
        if (halted_) return RunExit::halted;
        bool device = step();
        ticks_++;
        if (halted_ && !platform_.interrupt_pending()) return RunExit::halted;
        if (device) return RunExit::device;
    }
    return RunExit::position;
}

void DiskGuest::bring_up() {
    platform_.msr_write(0x1B, 0xFEE00000 | 0x800 | 0x400 | 0x100);  // x2APIC
    platform_.msr_write(0x80F, 0x1FF);                              // software enable
    platform_.mmio_write(io_apic, 4, 0x10 + 2 * gsi);
    platform_.mmio_write(io_apic + 0x10, 4, u32{1} << 15 | vector);  // level
    platform_.mmio_write(io_apic, 4, 0x11 + 2 * gsi);
    platform_.mmio_write(io_apic + 0x10, 4, 0);
    set(virtio_mmio::status, 0);
    set(virtio_mmio::status, 3);
    set(virtio_mmio::driver_features_select, 1);
    set(virtio_mmio::driver_features, 1);  // version 1
    set(virtio_mmio::driver_features_select, 0);
    set(virtio_mmio::driver_features, u32{1} << 9);  // flush
    set(virtio_mmio::status, 3 | virtio_status::features_ok);
    set(virtio_mmio::queue_select, 0);
    set(virtio_mmio::queue_size, ring);
    set(virtio_mmio::queue_descriptors_low, static_cast<u32>(descriptors));
    set(virtio_mmio::queue_available_low, static_cast<u32>(available));
    set(virtio_mmio::queue_used_low, static_cast<u32>(used));
    set(virtio_mmio::queue_ready, 1);
    set(virtio_mmio::status, 3 | virtio_status::features_ok | virtio_status::driver_ok);
}

void DiskGuest::interrupt() {
    u64 status = platform_.mmio_read(base + virtio_mmio::interrupt_status, 4);
    platform_.mmio_write(base + virtio_mmio::interrupt_acknowledge, 4, status);
    platform_.msr_write(0x80B, 0);  // EOI
    take_used();
}

void DiskGuest::take_used() {
    u16 there = 0;
    memory_.read_value(used + 2, there);
    for (; next_used_ != there; next_used_++) {
        u32 head = 0;
        memory_.read_value(used + 4 + 8 * (next_used_ % ring), head);
        u16 slot = static_cast<u16>(head / 3);
        u64 at = slots_base + slot * slot_bytes;
        u8 status = 0xff;
        memory_.read_value(at + 16, status);
        u64 id = in_slot_.at(slot);
        in_slot_.at(slot) = 0;
        std::lock_guard lock(history_->mutex);
        GuestRequest& request = history_->requests.at(id - 1);
        request.ended = true;
        request.asked_when_ended = asked_;
        request.went_wrong = status != 0;
        for (u64 i = 0; request.what == 'r' && i < request.blocks; i++) {
            u8 value = 0;
            memory_.read_value(at + 512 + i * block_bytes, value);
            request.found.push_back(value);
            walk_ = walk_ * 31 + value;  // What it reads decides what it does.
        }
    }
}

void DiskGuest::submit(u16 slot, char what, u64 block, u64 count, u8 value) {
    u64 at = slots_base + slot * slot_bytes;
    memory_.write_value<u32>(at, what == 'r' ? 0 : what == 'w' ? 1 : 4);
    memory_.write_value<u32>(at + 4, 0);
    memory_.write_value<u64>(at + 8, block);
    std::vector<u8> data(count * block_bytes, what == 'w' ? value : 0);
    memory_.write(at + 512, data);
    u16 head = static_cast<u16>(3 * slot);
    auto describe = [&](u16 index, u64 address, u32 bytes, u16 flags) {
        u64 entry = descriptors + 16 * index;
        memory_.write_value<u64>(entry, address);
        memory_.write_value<u32>(entry + 8, bytes);
        memory_.write_value<u16>(entry + 12, flags);
        memory_.write_value<u16>(entry + 14, static_cast<u16>(index + 1));
    };
    describe(head, at, 16, 1);
    u16 last = static_cast<u16>(head + 1);
    if (what != 'f') describe(last++, at + 512, static_cast<u32>(data.size()), what == 'r' ? 3 : 1);
    describe(last, at + 16, 1, 2);
    memory_.write_value<u16>(available + 4 + 2 * (next_available_ % ring), head);
    memory_.write_value<u16>(available + 2, ++next_available_);
    in_slot_.at(slot) = ++asked_;
    {
        std::lock_guard lock(history_->mutex);
        GuestRequest request;
        request.what = what;
        request.block = block;
        request.blocks = what == 'f' ? 0 : count;
        request.value = value;
        history_->requests.push_back(std::move(request));
    }
    set(virtio_mmio::queue_notify, 0);
}

bool DiskGuest::ask() {
    auto free = std::find(in_slot_.begin(), in_slot_.end(), 0u);
    bool idle = std::all_of(in_slot_.begin(), in_slot_.end(), [](u64 id) { return id == 0; });
    if (asked_ >= requests_wanted_) {
        if (!idle) {
            halted_ = true;
        } else if (!flushed_) {
            flushed_ = true;
            submit(0, 'f', 0, 0, 0);
        } else {
            history_->finished = true;
            halted_ = true;
        }
        return true;
    }
    if (free == in_slot_.end()) {
        halted_ = true;
        return true;
    }
    u64 dice = (walk_ >> 33) % 100, block = (walk_ >> 40) % blocks;
    u64 count = std::min<u64>(1 + (walk_ >> 50) % 4, blocks - block);
    char what = dice < 40 ? 'r' : dice < 92 ? 'w' : 'f';
    submit(static_cast<u16>(free - in_slot_.begin()), what, block, count,
           static_cast<u8>(1 + asked_ % 251));
    return true;
}

bool DiskGuest::step() {
    walk_ = walk_ * 6364136223846793005 + 1442695040888963407;
    if (ticks_ == 0) {
        bring_up();
        return true;
    }
    u64 dice = walk_ >> 52;  // 0 … 4095
    if (dice < 12) return ask();
    if (dice < 14 && asked_ > 0) {
        bool idle = std::all_of(in_slot_.begin(), in_slot_.end(), [](u64 id) { return id == 0; });
        halted_ = !idle;
        return true;
    }
    if (dice < 100) memory_.write_value(0x18'0000 + ((walk_ >> 20) % 0x8'0000 & ~u64{7}), walk_);
    return false;
}

void DiskGuest::save(StateWriter& state) const {
    state.put(ticks_);
    state.put(walk_);
    state.put(asked_);
    state.put(next_available_);
    state.put(next_used_);
    for (u64 id : in_slot_) state.put(id);
    state.put(static_cast<u8>(halted_));
    state.put(static_cast<u8>(flushed_));
}

void DiskGuest::restore(StateReader& state) {
    state.get(ticks_);
    state.get(walk_);
    state.get(asked_);
    state.get(next_available_);
    state.get(next_used_);
    for (u64& id : in_slot_) state.get(id);
    halted_ = state.get<u8>() != 0;
    flushed_ = state.get<u8>() != 0;
    if (past_ && state.ok()) take_over_past();
}

/// What the guest had done by the moment that its state is of.
void DiskGuest::take_over_past() {
    std::scoped_lock lock(history_->mutex, past_->mutex);
    history_->requests.assign(past_->requests.begin(),
                              past_->requests.begin() + static_cast<std::ptrdiff_t>(asked_));
    bool idle = true;
    for (u64 id : in_slot_) {
        if (id == 0) continue;
        idle = false;
        GuestRequest& request = history_->requests.at(id - 1);
        request.ended = request.went_wrong = false;
        request.found.clear();
    }
    if (idle && flushed_) history_->finished = true;
}

}  // namespace vmft::test
