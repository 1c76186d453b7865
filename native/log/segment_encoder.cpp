#include "log/segment_encoder.h"

#include "base/hash64.h"
#include "log/wire_writer.h"

namespace vmft {
namespace {

// A position is written even when it is all zero (its presence is checked), so
// its size is computed apart from its bytes.
size_t position_size(const Position& position) {
    return WireWriter::varint_field_size(1, position.ticks) +
           WireWriter::fixed64_field_size(2, position.rip) +
           WireWriter::fixed64_field_size(3, position.rcx) +
           WireWriter::fixed64_field_size(4, position.registers) +
           WireWriter::varint_field_size(5, position.exits);
}

void put_position(WireWriter& wire, u32 field, const Position& position) {
    wire.message_head(field, position_size(position));
    wire.varint_field(1, position.ticks);
    wire.fixed64_field(2, position.rip);
    wire.fixed64_field(3, position.rcx);
    wire.fixed64_field(4, position.registers);
    wire.varint_field(5, position.exits);
}

size_t bytes_size(u32 field, std::span<const u8> bytes) {
    return bytes.empty() ? 0 : WireWriter::message_size(field, bytes.size());
}

/// The size of the input's own message, and that message; one overload per input.
struct InputSize {
    size_t operator()(const NetFrameInput& input) const { return bytes_size(1, input.frame); }
    size_t operator()(const ClockInput& input) const {
        return WireWriter::varint_field_size(1, input.virtual_ns) +
               WireWriter::varint_field_size(2, input.picoseconds_per_tick) +
               WireWriter::varint_field_size(3, input.realtime_ns);
    }
    size_t operator()(const ConsoleInput& input) const {
        return WireWriter::varint_field_size(1, input.port) + bytes_size(2, input.data);
    }
    size_t operator()(const EntropyInput& input) const { return bytes_size(1, input.data); }
    size_t operator()(const ControlInput& input) const {
        return WireWriter::varint_field_size(1, static_cast<u64>(input.kind)) +
               WireWriter::varint_field_size(2, input.value);
    }
    size_t operator()(const DiskCompletionInput& input) const {
        return WireWriter::varint_field_size(1, input.disk) +
               WireWriter::varint_field_size(2, input.request) +
               WireWriter::varint_field_size(3, static_cast<u64>(input.status)) +
               (input.read_on_backup ? 0 : bytes_size(4, input.data)) +
               WireWriter::varint_field_size(5, input.read_on_backup ? 1 : 0) +
               WireWriter::fixed64_field_size(6, input.data_hash);
    }
};

struct InputBytes {
    WireWriter& wire;
    void operator()(const NetFrameInput& input) const { wire.bytes_field(1, input.frame); }
    void operator()(const ClockInput& input) const {
        wire.varint_field(1, input.virtual_ns);
        wire.varint_field(2, input.picoseconds_per_tick);
        wire.varint_field(3, input.realtime_ns);
    }
    void operator()(const ConsoleInput& input) const {
        wire.varint_field(1, input.port);
        wire.bytes_field(2, input.data);
    }
    void operator()(const EntropyInput& input) const { wire.bytes_field(1, input.data); }
    void operator()(const ControlInput& input) const {
        wire.varint_field(1, static_cast<u64>(input.kind));
        wire.varint_field(2, input.value);
    }
    void operator()(const DiskCompletionInput& input) const {
        wire.varint_field(1, input.disk);
        wire.varint_field(2, input.request);
        wire.varint_field(3, static_cast<u64>(input.status));
        if (!input.read_on_backup) wire.bytes_field(4, input.data);
        wire.varint_field(5, input.read_on_backup ? 1 : 0);
        wire.fixed64_field(6, input.data_hash);
    }
};

/// Field numbers of Record.input, in the variant's order.
constexpr u32 first_input_field = 2;

}  // namespace

void SegmentEncoder::begin(u64 generation, u64 sequence) {
    segment_.clear();
    records_ = 0;
    WireWriter wire(segment_);
    wire.varint_field(1, generation);
    wire.varint_field(2, sequence);
}

void SegmentEncoder::add(const Position& position, const Input& input) {
    WireWriter wire(segment_);
    u32 input_field = first_input_field + static_cast<u32>(input.index());
    size_t input_size = std::visit(InputSize{}, input);
    wire.message_head(3, WireWriter::message_size(1, position_size(position)) +
                             WireWriter::message_size(input_field, input_size));
    put_position(wire, 1, position);
    wire.message_head(input_field, input_size);
    std::visit(InputBytes{wire}, input);
    records_++;
}

std::vector<u8> SegmentEncoder::finish(const Position& run_until, const Digest& digest,
                                       u64 outputs_produced, u64 outputs_released) {
    WireWriter wire(segment_);
    put_position(wire, 4, run_until);
    wire.message_head(5, WireWriter::fixed64_field_size(1, digest.state) +
                             WireWriter::fixed64_field_size(2, digest.memory) +
                             WireWriter::varint_field_size(3, digest.memory_pages));
    wire.fixed64_field(1, digest.state);
    wire.fixed64_field(2, digest.memory);
    wire.varint_field(3, digest.memory_pages);
    wire.varint_field(6, outputs_produced);
    wire.varint_field(7, outputs_released);

    std::vector<u8> frame;
    frame.reserve(segment_.size() + 32);
    WireWriter frame_wire(frame);
    frame_wire.fixed64_field(1, hash64(segment_));
    frame_wire.bytes_field(2, segment_);
    return frame;
}

}  // namespace vmft
