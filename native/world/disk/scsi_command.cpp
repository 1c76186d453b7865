#include "world/disk/scsi_command.h"

#include <iscsi/iscsi.h>

#include <algorithm>
#include <cstdio>

#include "base/check.h"

namespace vmft::scsi {
namespace {

constexpr u8 write_exclusive_registrants_only = 5;
constexpr u8 force_unit_access_bit = 0x08;

void put(u8* to, u64 value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) to[i] = static_cast<u8>(value >> 8 * (bytes - 1 - i));
}

Command command(u8 opcode, u8 cdb_bytes, Command::Data direction, std::span<u8> data) {
    Command made;
    made.cdb[0] = opcode;
    made.cdb_bytes = cdb_bytes;
    made.direction = direction;
    made.data = data.data();
    made.data_bytes = static_cast<u32>(data.size());
    return made;
}

/// Commands of 16 bytes that name blocks.
Command block_command(u8 opcode, u64 block, u32 blocks, Command::Data direction,
                      std::span<u8> data) {
    Command made = command(opcode, 16, direction, data);
    put(&made.cdb[2], block, 8);
    put(&made.cdb[10], blocks, 4);
    return made;
}

End end_of_sense(u8 key, u16 code) {
    switch (key) {
    case 0x0:  // No sense, and recovered.
    case 0x1: return End::good;
    case 0x2: return End::not_ready;
    case 0x5: return End::refused;
    case 0x6: return code >> 8 == 0x29 ? End::reset : End::again;
    case 0x7: return code == 0x2707 ? End::no_space : End::failed;
    case 0xb: return End::aborted;
    case 0xe: return End::miscompare;
    default: return End::failed;
    }
}

}  // namespace

u64 big_endian(std::span<const u8> bytes) {
    u64 value = 0;
    for (u8 byte : bytes) value = value << 8 | byte;
    return value;
}

Reply reply_of(int status, u8 sense_key, u16 sense_code) {
    Reply reply;
    switch (status) {
    case SCSI_STATUS_GOOD: reply.end = End::good; break;
    case SCSI_STATUS_BUSY:
    case SCSI_STATUS_TASK_SET_FULL: reply.end = End::busy; break;
    case SCSI_STATUS_TASK_ABORTED: reply.end = End::aborted; break;
    case SCSI_STATUS_RESERVATION_CONFLICT: reply.end = End::conflict; break;
    case SCSI_STATUS_CHECK_CONDITION:
        reply.end = end_of_sense(sense_key, sense_code);
        reply.sense_key = sense_key;
        reply.sense_code = sense_code;
        break;
    case SCSI_STATUS_CANCELLED:
    case SCSI_STATUS_ERROR:
    case SCSI_STATUS_TIMEOUT: reply.end = End::no_answer; break;
    default: reply.end = End::failed;
    }
    return reply;
}

std::string text_of(const Reply& reply) {
    if (reply.end == End::no_answer) return "no answer";
    if (reply.end == End::conflict) return "another host has reserved it";
    char text[64];
    std::snprintf(text, sizeof text, "sense key %xh, code %04xh", unsigned{reply.sense_key},
                  unsigned{reply.sense_code});
    return text;
}

Command test_unit_ready() { return command(0x00, 6, Command::Data::none, {}); }

Command inquiry(std::span<u8> into) {
    Command made = command(0x12, 6, Command::Data::in, into);
    put(&made.cdb[3], into.size(), 2);
    return made;
}

Command inquiry_page(u8 page, std::span<u8> into) {
    Command made = inquiry(into);
    made.cdb[1] = 1;
    made.cdb[2] = page;
    return made;
}

Command read_capacity(std::span<u8> into) {
    Command made = command(0x9e, 16, Command::Data::in, into);
    made.cdb[1] = 0x10;
    put(&made.cdb[10], into.size(), 4);
    return made;
}

Command mode_sense(std::span<u8> into) {
    Command made = command(0x1a, 6, Command::Data::in, into);
    made.cdb[1] = 0x08;  // No block descriptors.
    made.cdb[2] = 0x3f;  // All pages: what follows the header is not looked at.
    made.cdb[4] = static_cast<u8>(into.size());
    return made;
}

Command read(u64 block, u32 blocks, std::span<u8> into) {
    return block_command(0x88, block, blocks, Command::Data::in, into);
}

Command write(u64 block, u32 blocks, std::span<u8> data, bool force_unit_access) {
    Command made = block_command(0x8a, block, blocks, Command::Data::out, data);
    if (force_unit_access) made.cdb[1] = force_unit_access_bit;
    return made;
}

Command synchronize_cache() { return block_command(0x91, 0, 0, Command::Data::none, {}); }

Command unmap(u64 block, u32 blocks, std::span<u8> parameters) {
    VMFT_CHECK(parameters.size() == 24);
    std::fill(parameters.begin(), parameters.end(), u8{0});
    put(&parameters[0], 22, 2);
    put(&parameters[2], 16, 2);
    put(&parameters[8], block, 8);
    put(&parameters[16], blocks, 4);
    Command made = command(0x42, 10, Command::Data::out, parameters);
    put(&made.cdb[7], parameters.size(), 2);
    return made;
}

Command write_same(u64 block, u32 blocks, std::span<u8> zeroes, bool may_unmap) {
    Command made = block_command(0x93, block, blocks, Command::Data::out, zeroes);
    if (may_unmap) made.cdb[1] = 0x08;
    return made;
}

Command compare_and_write(u64 block, u32 blocks, std::span<u8> both, bool force_unit_access) {
    auto direction = both.empty() ? Command::Data::none : Command::Data::out;
    Command made = command(0x89, 16, direction, both);
    put(&made.cdb[2], block, 8);
    made.cdb[13] = static_cast<u8>(blocks);
    if (force_unit_access) made.cdb[1] = force_unit_access_bit;
    return made;
}

Command reserve_in(ReserveIn action, std::span<u8> into) {
    Command made = command(0x5e, 10, Command::Data::in, into);
    made.cdb[1] = static_cast<u8>(action);
    put(&made.cdb[7], into.size(), 2);
    return made;
}

Command reserve_out(ReserveOut action, u64 key, u64 action_key, bool persist,
                    std::span<u8> parameters) {
    VMFT_CHECK(parameters.size() == 24);
    std::fill(parameters.begin(), parameters.end(), u8{0});
    put(&parameters[0], key, 8);
    put(&parameters[8], action_key, 8);
    if (persist) parameters[20] = 1;
    Command made = command(0x5f, 10, Command::Data::out, parameters);
    made.cdb[1] = static_cast<u8>(action);
    if (action != ReserveOut::register_and_ignore) made.cdb[2] = write_exclusive_registrants_only;
    put(&made.cdb[5], parameters.size(), 4);
    return made;
}

}  // namespace vmft::scsi
