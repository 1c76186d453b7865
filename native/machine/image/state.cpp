#include "machine/image/state.h"

#include <algorithm>

#include "base/hash64.h"
#include "base/limits.h"
#include "log/wire_reader.h"
#include "log/wire_writer.h"
#include "machine/image/sealed.h"

namespace vmft::image {
namespace {

/// Of what Machine::save writes.
constexpr u64 state_version = 3;

enum Field : u32 {
    version = 1,
    memory_bytes = 2,
    mac = 3,
    disks = 4,
    machine_state = 5,
    outputs_released = 6,
    outputs = 7
};
enum OutputField : u32 { sequence = 1, kind = 2, data = 3 };

/// Of what the guest and the gate see of the disks.
u64 disks_hash(const MachineConfig& config) {
    StateWriter disks;
    for (const DiskConfig& disk : config.disks) {
        disks.put(disk.capacity_bytes);
        disks.put(disk.block_bytes);
        disks.put(static_cast<u8>(disk.shared));
        disks.put(static_cast<u8>(disk.read_only));
        disks.put_block({reinterpret_cast<const u8*>(disk.serial.data()), disk.serial.size()});
    }
    return hash64(disks.bytes());
}

std::span<const u8> mac_of(const MachineConfig& config) {
    if (!config.mac) return {};
    return {config.mac->data(), config.mac->size()};
}

/// OutputKind and its kind in proto/image.proto are the same numbers.
bool known(u64 kind) {
    return kind >= static_cast<u64>(OutputKind::net_frame) &&
           kind <= static_cast<u64>(OutputKind::disk_request);
}

bool read_output(std::span<const u8> bytes, Output& output) {
    WireReader reader(bytes);
    u32 seen = 0;
    u64 kind_number = 0;
    std::span<const u8> content;
    while (reader.next_field()) {
        reader.once(seen);
        switch (reader.field()) {
        case sequence: output.sequence = reader.varint(); break;
        case kind: kind_number = reader.varint(); break;
        case data: content = reader.bytes(); break;
        default: reader.fail(LogFault::unknown_field);
        }
    }
    if (reader.fault() != LogFault::none || !known(kind_number)) return false;
    output.kind = static_cast<OutputKind>(kind_number);
    if (output.kind == OutputKind::net_frame && (content.size() < limits::net_frame_bytes_min ||
                                                 content.size() > limits::net_frame_bytes_max))
        return false;
    if (output.kind == OutputKind::disk_request && !content.empty()) return false;
    output.bytes.assign(content.begin(), content.end());
    return true;
}

/// The message's fields as they were read; spans into its bytes.
struct Body {
    u64 version = 0, memory_bytes = 0, disks = 0;
    std::span<const u8> mac, machine;
    WaitingOutputs outputs;
};

bool read_body(std::span<const u8> bytes, Body& body) {
    WireReader reader(bytes);
    u32 seen = 0;
    bool good = true;
    while (good && reader.next_field()) {
        if (reader.field() != outputs) reader.once(seen);
        switch (reader.field()) {
        case version: body.version = reader.varint(); break;
        case memory_bytes: body.memory_bytes = reader.varint(); break;
        case mac: body.mac = reader.bytes(); break;
        case disks: body.disks = reader.fixed64(); break;
        case machine_state: body.machine = reader.bytes(); break;
        case outputs_released: body.outputs.released = reader.varint(); break;
        case outputs: {
            Output output;
            good = read_output(reader.bytes(), output);
            body.outputs.outputs.push_back(std::move(output));
            break;
        }
        default: reader.fail(LogFault::unknown_field);
        }
    }
    return good && reader.fault() == LogFault::none;
}

bool without_gap(const WaitingOutputs& outputs, u64 produced) {
    u64 sequence = outputs.released;
    for (const Output& output : outputs.outputs)
        if (output.sequence != ++sequence) return false;
    return sequence == produced;
}

}  // namespace

std::vector<u8> encode_state(const Machine& machine, const WaitingOutputs& waiting) {
    StateWriter state;
    machine.save(state);
    std::vector<u8> bytes;
    WireWriter body(bytes);
    body.varint_field(version, state_version);
    body.varint_field(memory_bytes, machine.config().memory_bytes);
    body.bytes_field(mac, mac_of(machine.config()));
    body.fixed64_field(disks, disks_hash(machine.config()));
    body.bytes_field(machine_state, state.bytes());
    body.varint_field(outputs_released, waiting.released);
    for (const Output& output : waiting.outputs) {
        u64 size = WireWriter::varint_field_size(sequence, output.sequence) +
                   WireWriter::varint_field_size(kind, static_cast<u64>(output.kind)) +
                   (output.bytes.empty() ? 0 : WireWriter::message_size(data, output.bytes.size()));
        body.message_head(outputs, size);
        body.varint_field(sequence, output.sequence);
        body.varint_field(kind, static_cast<u64>(output.kind));
        body.bytes_field(data, output.bytes);
    }
    return seal(bytes);
}

ImageFault restore_state(std::span<const u8> bytes, Machine& machine, WaitingOutputs& waiting) {
    if (bytes.size() > limits::image_state_bytes_max) return ImageFault::too_long;
    std::span<const u8> sealed;
    ImageFault fault = unseal(bytes, sealed);
    if (fault != ImageFault::none) return fault;
    Body body;
    bool readable = read_body(sealed, body);
    // What another version holds besides is not for us to judge.
    if (body.version != 0 && body.version != state_version) return ImageFault::version;
    if (!readable || body.version == 0) return ImageFault::malformed;
    const MachineConfig& config = machine.config();
    std::span<const u8> own_mac = mac_of(config);
    if (body.memory_bytes != config.memory_bytes || body.disks != disks_hash(config) ||
        !std::equal(body.mac.begin(), body.mac.end(), own_mac.begin(), own_mac.end()))
        return ImageFault::other_guest;
    StateReader state(body.machine);
    machine.restore(state);
    if (!state.ok() || state.bytes_left() > 0 ||
        !without_gap(body.outputs, machine.outputs_produced()))
        return ImageFault::bad_state;
    waiting = std::move(body.outputs);
    return ImageFault::none;
}

}  // namespace vmft::image
