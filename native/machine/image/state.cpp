#include "machine/image/state.h"

#include <algorithm>

#include "base/hash64.h"
#include "base/limits.h"
#include "log/wire_reader.h"
#include "log/wire_writer.h"
#include "machine/image/outputs.h"
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

/// All that can be told of a state without taking it over; spans into `bytes`.
ImageFault look_at(std::span<const u8> bytes, const MachineConfig& config, Body& body) {
    if (bytes.size() > limits::image_state_bytes_max) return ImageFault::too_long;
    std::span<const u8> sealed;
    ImageFault fault = unseal(bytes, sealed);
    if (fault != ImageFault::none) return fault;
    bool readable = read_body(sealed, body);
    // What another version holds besides is not for us to judge.
    if (body.version != 0 && body.version != state_version) return ImageFault::version;
    if (!readable || body.version == 0) return ImageFault::malformed;
    std::span<const u8> own_mac = mac_of(config);
    if (body.memory_bytes != config.memory_bytes || body.disks != disks_hash(config) ||
        !std::equal(body.mac.begin(), body.mac.end(), own_mac.begin(), own_mac.end()))
        return ImageFault::other_guest;
    return ImageFault::none;
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
    for (const Output& output : waiting.outputs) put_output(body, outputs, output);
    return seal(bytes);
}

ImageFault check_state(std::span<const u8> bytes, const MachineConfig& config) {
    Body body;
    return look_at(bytes, config, body);
}

ImageFault restore_state(std::span<const u8> bytes, Machine& machine, WaitingOutputs& waiting) {
    Body body;
    ImageFault fault = look_at(bytes, machine.config(), body);
    if (fault != ImageFault::none) return fault;
    StateReader state(body.machine);
    machine.restore(state);
    if (!state.ok() || state.bytes_left() > 0 ||
        !without_gap(body.outputs, machine.outputs_produced()))
        return ImageFault::bad_state;
    waiting = std::move(body.outputs);
    return ImageFault::none;
}

}  // namespace vmft::image
