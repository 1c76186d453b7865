#include "log/checkpoint_part.h"

#include "base/hash64.h"
#include "base/limits.h"
#include "log/wire_reader.h"
#include "log/wire_writer.h"

namespace vmft {
namespace {

enum FrameField : u32 { checksum = 1, checkpoint = 3 };
enum PartField : u32 {
    generation = 1,
    sequence = 2,
    epoch = 3,
    pages = 4,
    state = 5,
    ticks = 6,
    virtual_ns = 7,
    outputs_produced = 8,
    outputs_released = 9,
    outputs = 10,
    changes = 11
};

LogFault decode_part(std::span<const u8> bytes, CheckpointPart& part) {
    WireReader wire(bytes);
    CheckpointHead& head = part.head;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        switch (wire.field()) {
        case generation: head.generation = wire.varint(); break;
        case sequence: head.sequence = wire.varint(); break;
        case epoch: head.epoch = wire.varint(); break;
        case pages: part.pages = wire.bytes(); break;
        case state: part.state = wire.bytes(); break;
        case ticks: head.ticks = wire.varint(); break;
        case virtual_ns: head.virtual_ns = wire.varint(); break;
        case outputs_produced: head.outputs_produced = wire.varint(); break;
        case outputs_released: head.outputs_released = wire.varint(); break;
        case outputs: part.outputs = wire.bytes(); break;
        case changes: part.changes = wire.bytes(); break;
        default: wire.fail(LogFault::unknown_field);
        }
    }
    if (wire.fault() != LogFault::none) return wire.fault();
    bool carries = !part.pages.empty() || !part.changes.empty() || !part.outputs.empty() ||
                   !part.state.empty();
    return carries ? LogFault::none : LogFault::missing_field;
}

}  // namespace

std::vector<u8> encode_checkpoint_frame(const CheckpointPart& part) {
    const CheckpointHead& head = part.head;
    std::vector<u8> bytes;
    bytes.reserve(part.pages.size() + part.changes.size() + part.outputs.size() +
                  part.state.size() + 128);
    WireWriter wire(bytes);
    wire.varint_field(generation, head.generation);
    wire.varint_field(sequence, head.sequence);
    wire.varint_field(epoch, head.epoch);
    wire.bytes_field(pages, part.pages);
    wire.bytes_field(state, part.state);
    wire.varint_field(ticks, head.ticks);
    wire.varint_field(virtual_ns, head.virtual_ns);
    wire.varint_field(outputs_produced, head.outputs_produced);
    wire.varint_field(outputs_released, head.outputs_released);
    wire.bytes_field(outputs, part.outputs);
    wire.bytes_field(changes, part.changes);

    std::vector<u8> frame;
    frame.reserve(bytes.size() + 32);
    WireWriter frame_wire(frame);
    frame_wire.fixed64_field(checksum, hash64(bytes));
    frame_wire.bytes_field(checkpoint, bytes);
    return frame;
}

LogFault decode_checkpoint_frame(std::span<const u8> frame, CheckpointPart& part) {
    part = {};
    if (frame.size() > limits::segment_bytes_max) return LogFault::too_long;
    WireReader wire(frame);
    u64 expected = 0;
    std::span<const u8> bytes;
    u32 seen = 0;
    while (wire.next_field()) {
        wire.once(seen);
        switch (wire.field()) {
        case checksum: expected = wire.fixed64(); break;
        case checkpoint: bytes = wire.bytes(); break;
        default: wire.fail(LogFault::unknown_field);
        }
    }
    if (wire.fault() != LogFault::none) return wire.fault();
    if (!(seen & 1u << checkpoint)) return LogFault::missing_field;
    if (hash64(bytes) != expected) return LogFault::checksum;
    return decode_part(bytes, part);
}

}  // namespace vmft
