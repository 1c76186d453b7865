#include "log/segment_decoder.h"

#include "base/hash64.h"
#include "base/limits.h"
#include "log/wire_reader.h"

namespace vmft {
namespace {

Position decode_position(WireReader& outer) {
    WireReader wire(outer.bytes());
    Position position;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        switch (wire.field()) {
        case 1: position.ticks = wire.varint(); break;
        case 2: position.rip = wire.fixed64(); break;
        case 3: position.rcx = wire.fixed64(); break;
        case 4: position.registers = wire.fixed64(); break;
        case 5: position.exits = wire.varint(); break;
        default: wire.fail(LogFault::unknown_field);
        }
    }
    if (wire.fault() != LogFault::none) outer.fail(wire.fault());
    return position;
}

/// Whether `next` cannot come after `before`. Neither count ever goes down; the rest of a position
/// has no order, and where ticks are branches it changes while both counts stand still.
bool lies_before(const Position& next, const Position& before) {
    return next.ticks < before.ticks || next.exits < before.exits;
}

std::vector<u8> copy(std::span<const u8> bytes) { return {bytes.begin(), bytes.end()}; }

NetFrameInput decode_net_frame(WireReader& wire) {
    NetFrameInput input;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        if (wire.field() == 1)
            input.frame = copy(wire.bytes());
        else
            wire.fail(LogFault::unknown_field);
    }
    if (input.frame.size() < limits::net_frame_bytes_min ||
        input.frame.size() > limits::net_frame_bytes_max)
        wire.fail(LogFault::bad_value);
    return input;
}

ClockInput decode_clock(WireReader& wire) {
    ClockInput input;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        switch (wire.field()) {
        case 1: input.virtual_ns = wire.varint(); break;
        case 2: {
            u64 value = wire.varint();
            if (value > ~u32{0}) wire.fail(LogFault::bad_value);
            input.picoseconds_per_tick = static_cast<u32>(value);
            break;
        }
        case 3: input.realtime_ns = wire.varint(); break;
        default: wire.fail(LogFault::unknown_field);
        }
    }
    return input;
}

ConsoleInput decode_console(WireReader& wire) {
    ConsoleInput input;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        switch (wire.field()) {
        case 1: {
            u64 value = wire.varint();
            if (value > 1) wire.fail(LogFault::bad_value);
            input.port = static_cast<u32>(value);
            break;
        }
        case 2: input.data = copy(wire.bytes()); break;
        default: wire.fail(LogFault::unknown_field);
        }
    }
    if (input.data.empty() || input.data.size() > limits::console_input_bytes_max)
        wire.fail(LogFault::bad_value);
    return input;
}

EntropyInput decode_entropy(WireReader& wire) {
    EntropyInput input;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        if (wire.field() == 1)
            input.data = copy(wire.bytes());
        else
            wire.fail(LogFault::unknown_field);
    }
    if (input.data.empty() || input.data.size() > limits::entropy_bytes_max)
        wire.fail(LogFault::bad_value);
    return input;
}

ControlInput decode_control(WireReader& wire) {
    u64 kind = 0, value = 0;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        switch (wire.field()) {
        case 1: kind = wire.varint(); break;
        case 2: value = wire.varint(); break;
        default: wire.fail(LogFault::unknown_field);
        }
    }
    bool known = kind >= static_cast<u64>(ControlKind::power_button) &&
                 kind <= static_cast<u64>(ControlKind::cpu_share);
    bool valued = kind == static_cast<u64>(ControlKind::cpu_share)
                      ? value >= cpu_share_permille_min && value <= cpu_share_permille_max
                      : value == 0;
    if (!known || !valued) {
        wire.fail(LogFault::bad_value);
        return {};
    }
    return {static_cast<ControlKind>(kind), static_cast<u32>(value)};
}

DiskCompletionInput decode_disk_completion(WireReader& wire) {
    DiskCompletionInput input;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        switch (wire.field()) {
        case 1: {
            u64 value = wire.varint();
            if (value >= limits::disks_max) wire.fail(LogFault::bad_value);
            input.disk = static_cast<u32>(value);
            break;
        }
        case 2: input.request = wire.varint(); break;
        case 3: {
            u64 value = wire.varint();
            if (value > static_cast<u64>(DiskStatus::io_error)) wire.fail(LogFault::bad_value);
            input.status = static_cast<DiskStatus>(value);
            break;
        }
        case 4: input.data = copy(wire.bytes()); break;
        case 5: {
            u64 value = wire.varint();
            if (value > 1) wire.fail(LogFault::bad_value);
            input.read_on_backup = value == 1;
            break;
        }
        case 6: input.data_hash = wire.fixed64(); break;
        default: wire.fail(LogFault::unknown_field);
        }
    }
    bool data_is_elsewhere = input.read_on_backup || input.status != DiskStatus::ok;
    if (input.request == 0 || input.data.size() > limits::disk_request_bytes_max ||
        (data_is_elsewhere && !input.data.empty()))
        wire.fail(LogFault::bad_value);
    return input;
}

Record decode_record(WireReader& outer) {
    WireReader wire(outer.bytes());
    Record record;
    u32 seen = 0;
    bool has_input = false;
    while (wire.next_field()) {
        wire.once(seen);
        if (wire.field() == 1) {
            record.position = decode_position(wire);
            continue;
        }
        if (wire.field() > 7) {
            wire.fail(LogFault::unknown_field);
            break;
        }
        if (has_input) wire.fail(LogFault::repeated_field);
        has_input = true;
        u32 field = wire.field();
        WireReader message(wire.bytes());
        switch (field) {
        case 2: record.input = decode_net_frame(message); break;
        case 3: record.input = decode_clock(message); break;
        case 4: record.input = decode_console(message); break;
        case 5: record.input = decode_entropy(message); break;
        case 6: record.input = decode_control(message); break;
        case 7: record.input = decode_disk_completion(message); break;
        }
        if (message.fault() != LogFault::none) wire.fail(message.fault());
    }
    if (wire.fault() == LogFault::none && (!(seen & 1u << 1) || !has_input))
        wire.fail(LogFault::missing_field);
    if (wire.fault() != LogFault::none) outer.fail(wire.fault());
    return record;
}

Digest decode_digest(WireReader& outer) {
    WireReader wire(outer.bytes());
    Digest digest;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        switch (wire.field()) {
        case 1: digest.state = wire.fixed64(); break;
        case 2: digest.memory = wire.fixed64(); break;
        case 3: {
            u64 pages = wire.varint();
            if (pages > limits::guest_memory_bytes_max >> page_shift)
                wire.fail(LogFault::bad_value);
            digest.memory_pages = static_cast<u32>(pages);
            break;
        }
        default: wire.fail(LogFault::unknown_field);
        }
    }
    if (wire.fault() != LogFault::none) outer.fail(wire.fault());
    return digest;
}

LogFault decode_segment(std::span<const u8> bytes, Segment& segment) {
    WireReader wire(bytes);
    u32 seen = 0;
    Position last;
    while (wire.next_field()) {
        if (wire.field() != 3) wire.once(seen);
        switch (wire.field()) {
        case 1: segment.generation = wire.varint(); break;
        case 2: segment.sequence = wire.varint(); break;
        case 3:
            if (segment.records.size() >= limits::segment_records_max) return LogFault::too_long;
            segment.records.push_back(decode_record(wire));
            if (wire.fault() != LogFault::none) return wire.fault();
            if (lies_before(segment.records.back().position, last))
                return LogFault::positions_backwards;
            last = segment.records.back().position;
            break;
        case 4: segment.run_until = decode_position(wire); break;
        case 5: segment.digest = decode_digest(wire); break;
        case 6: segment.outputs_produced = wire.varint(); break;
        case 7: segment.outputs_released = wire.varint(); break;
        default: wire.fail(LogFault::unknown_field);
        }
    }
    if (wire.fault() != LogFault::none) return wire.fault();
    if (!(seen & 1u << 4) || !(seen & 1u << 5)) return LogFault::missing_field;
    if (lies_before(segment.run_until, last)) return LogFault::positions_backwards;
    if (segment.outputs_released > segment.outputs_produced) return LogFault::bad_value;
    return LogFault::none;
}

}  // namespace

LogFault decode_frame(std::span<const u8> frame, Segment& segment) {
    segment = {};
    if (frame.size() > limits::segment_bytes_max) return LogFault::too_long;
    WireReader wire(frame);
    u64 checksum = 0;
    std::span<const u8> bytes;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        switch (wire.field()) {
        case 1: checksum = wire.fixed64(); break;
        case 2: bytes = wire.bytes(); break;
        default: wire.fail(LogFault::unknown_field);
        }
    }
    if (wire.fault() != LogFault::none) return wire.fault();
    if (!(seen & 1u << 2)) return LogFault::missing_field;
    // Before anything is read from it: a segment whose bytes changed is not looked into.
    if (hash64(bytes) != checksum) return LogFault::checksum;
    return decode_segment(bytes, segment);
}

}  // namespace vmft
