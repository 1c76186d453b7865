#include "determinism/random_world.h"

#include <algorithm>

#include "base/limits.h"
#include "determinism/network_frames.h"

namespace vmft::test {
namespace {

/// Bytes that neither run what was typed nor end the session, which is not what is tested.
bool is_harmless(u8 byte) { return byte >= 0x20 || byte == '\t' || byte == '\b'; }
constexpr u8 kill_line = 0x15;

}  // namespace

ClockInput RandomWorld::clock(const Machine& machine) {
    ClockInput clock;
    u64 jump = random_.below(4) == 0 ? random_.below(2'000'000) : random_.below(20'000);
    clock.virtual_ns = machine.virtual_ns() + jump;
    clock.picoseconds_per_tick = static_cast<u32>(1'500 + random_.below(2'500));
    clock.realtime_ns = 1'700'000'000'000'000'000 + clock.virtual_ns + random_.below(1'000'000);
    return clock;
}

u64 RandomWorld::slice() {
    switch (random_.below(16)) {
    case 0: return 1 + random_.below(20);
    case 1: return 1 + random_.below(habits_.slice_ticks_max / 100);
    default: return 1 + random_.below(habits_.slice_ticks_max);
    }
}

void RandomWorld::type(Machine& machine, const std::string& console, const Take& take) {
    if (!typing_) typing_ = console.find(habits_.typing_begins_behind) != std::string::npos;
    if (habits_.random_bytes && waiting_bytes_.empty() && random_.below(3) == 0) {
        for (u64 count = random_.below(12); count > 0; count--)
            if (u8 byte = static_cast<u8>(random_.next()); is_harmless(byte))
                waiting_bytes_.push_back(byte);
        // Taken back, so that the line behind it is whole.
        waiting_bytes_.push_back(kill_line);
    }
    if (typing_ && waiting_bytes_.empty() && next_line_ < habits_.lines.size() &&
        random_.below(3) == 0) {
        const std::string& line = habits_.lines[next_line_++];
        waiting_bytes_.assign(line.begin(), line.end());
    }
    u64 room = std::min<u64>(machine.console_room(0), limits::console_input_bytes_max);
    u64 count = std::min<u64>(room, waiting_bytes_.size());
    if (count == 0) return;
    count = 1 + random_.below(count);
    auto end = waiting_bytes_.begin() + static_cast<i64>(count);
    take(ConsoleInput{0, {waiting_bytes_.begin(), end}});
    waiting_bytes_.erase(waiting_bytes_.begin(), end);
}

void RandomWorld::inputs(Machine& machine, const std::string& console, const Take& take) {
    u64 ticks = machine.position().ticks;
    if (ticks >= next_clock_ticks_) {
        take(clock(machine));
        next_clock_ticks_ = ticks + random_.below(2 * habits_.slice_ticks_max);
    }
    if (u64 wanted = std::min<u64>(machine.entropy_bytes_wanted(), limits::entropy_bytes_max);
        wanted > 0) {
        EntropyInput entropy;
        for (u64 i = 1 + random_.below(wanted); i > 0; i--)
            entropy.data.push_back(static_cast<u8>(random_.next()));
        take(std::move(entropy));
    }
    if (disks_.pending() > 0 && random_.below(4) == 0) end_disk_requests(take);
    if (ticks < next_inputs_ticks_) return;
    next_inputs_ticks_ = ticks + random_.below(habits_.inputs_apart_ticks);
    type(machine, console, take);
    if (habits_.guest_address == 0 || !machine.network_ready() || !machine.config().mac) return;
    for (u64 count = random_.below(6); count > 0; count--)
        take(NetFrameInput{random_frame(random_, *machine.config().mac, habits_.guest_address)});
}

void RandomWorld::end_disk_requests(const Take& take) {
    for (u64 count = random_.below(4); count > 0; count--) {
        bool fails = habits_.one_disk_error_in > 0 && random_.below(habits_.one_disk_error_in) == 0;
        auto end = disks_.end_one(random_, fails);
        if (!end) return;
        take(std::move(*end));
    }
}

void RandomWorld::wake(Machine& machine, u64 deadline_ns, const std::string& console,
                       const Take& take) {
    ClockInput now = clock(machine);
    // Late, in time, or too early: then it stays halted and is asked again.
    if (deadline_ns != no_deadline_ns && random_.below(4) != 0)
        now.virtual_ns = deadline_ns + random_.below(200'000);
    take(std::move(now));
    next_clock_ticks_ = machine.position().ticks + random_.below(2 * habits_.slice_ticks_max);
    next_inputs_ticks_ = 0;
    inputs(machine, console, take);
}

}  // namespace vmft::test
