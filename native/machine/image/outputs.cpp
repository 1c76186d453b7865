#include "machine/image/outputs.h"

#include "base/limits.h"
#include "log/wire_reader.h"

namespace vmft::image {
namespace {

enum OutputField : u32 { sequence = 1, kind = 2, data = 3 };
constexpr u32 outputs_field = 1;

/// OutputKind and its kind in proto/image.proto are the same numbers.
bool known(u64 kind) {
    return kind >= static_cast<u64>(OutputKind::net_frame) &&
           kind <= static_cast<u64>(OutputKind::disk_request);
}

}  // namespace

void put_output(WireWriter& into, u32 field, const Output& output) {
    u64 size = WireWriter::varint_field_size(sequence, output.sequence) +
               WireWriter::varint_field_size(kind, static_cast<u64>(output.kind)) +
               (output.bytes.empty() ? 0 : WireWriter::message_size(data, output.bytes.size()));
    into.message_head(field, size);
    into.varint_field(sequence, output.sequence);
    into.varint_field(kind, static_cast<u64>(output.kind));
    into.bytes_field(data, output.bytes);
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

std::vector<u8> encode_outputs(std::span<const Output> outputs) {
    std::vector<u8> bytes;
    WireWriter into(bytes);
    for (const Output& output : outputs) put_output(into, outputs_field, output);
    return bytes;
}

ImageFault decode_outputs(std::span<const u8> bytes, std::vector<Output>& outputs) {
    outputs.clear();
    WireReader reader(bytes);
    while (reader.next_field()) {
        if (reader.field() != outputs_field) return ImageFault::malformed;
        Output output;
        if (!read_output(reader.bytes(), output)) return ImageFault::malformed;
        outputs.push_back(std::move(output));
    }
    return reader.fault() == LogFault::none ? ImageFault::none : ImageFault::malformed;
}

}  // namespace vmft::image
