#include "world/disk/iscsi_lun.h"

#include <thread>

namespace vmft {
namespace {

using namespace std::chrono_literals;
using scsi::End;

constexpr u8 block_limits_page = 0xb0, provisioning_page = 0xb2;
constexpr auto busy_pause = 20ms;
/// After a login a target may have several unit attentions for us.
constexpr int attempts_max = 20;

u64 field(std::span<const u8> bytes, size_t offset, size_t size) {
    return scsi::big_endian(bytes.subspan(offset, size));
}

}  // namespace

scsi::Reply IscsiLun::perform(const scsi::Command& command) {
    scsi::Reply reply;
    for (int attempt = 0; attempt < attempts_max; attempt++) {
        reply = connection_.perform(command, deadline_, cancel_);
        if (reply.end == End::busy)
            std::this_thread::sleep_for(busy_pause);
        else if (reply.end != End::again && reply.end != End::reset)
            break;
    }
    return reply;
}

IscsiLun::Inspected IscsiLun::inspect() {
    Inspected found;
    IscsiFacts& facts = found.facts;
    std::array<u8, 255> bytes{};
    auto refuse = [&found](const scsi::Reply& reply, const std::string& what) {
        found.fault = what + ": " + scsi::text_of(reply);
        found.refused = reply.end == End::refused || reply.end == End::failed;
        return found;
    };

    scsi::Reply reply = perform(scsi::test_unit_ready());
    if (reply.sense_code == 0x2500) {
        found.fault = "the target has no such LUN";
        found.refused = true;
        return found;
    }
    if (!reply.good() && reply.end != End::conflict) return refuse(reply, "the LUN is not ready");
    reply = perform(scsi::inquiry(bytes));
    if (!reply.good()) return refuse(reply, "the LUN does not say what it is");
    if ((bytes[0] & 0x1f) != 0) {
        found.fault = "the LUN is no disk";
        found.refused = true;
        return found;
    }
    reply = perform(scsi::read_capacity(std::span(bytes).first(32)));
    if (!reply.good() || reply.bytes < 16) return refuse(reply, "the LUN's size is not known");
    facts.blocks = field(bytes, 0, 8) + 1;
    facts.block_bytes = static_cast<u32>(field(bytes, 8, 4));
    bool thin = bytes[14] & 0x80, zero_when_unmapped = bytes[14] & 0x40;
    if (facts.block_bytes != 512 && facts.block_bytes != 4096) {
        found.fault = "the LUN's blocks are of " + std::to_string(facts.block_bytes) + " bytes";
        found.refused = true;
        return found;
    }

    // From here on a target may not know a page: then it is without what the page would tell.
    reply = perform(scsi::mode_sense(bytes));
    if (reply.good() && reply.bytes >= 4) {
        facts.write_protected = bytes[2] & 0x80;
        facts.forced_access = bytes[2] & 0x10;
    }
    bytes.fill(0);
    bool compare_blocks = false;
    if (perform(scsi::inquiry_page(block_limits_page, bytes)).good()) {
        compare_blocks = bytes[5] > 0;
        if (u64 blocks = field(bytes, 8, 4)) facts.transfer_blocks_max = static_cast<u32>(blocks);
        if (u64 blocks = field(bytes, 20, 4)) facts.unmap_blocks_max = static_cast<u32>(blocks);
        if (u64 blocks = field(bytes, 36, 8)) facts.write_same_blocks_max = blocks;
    }
    bytes.fill(0);
    if (thin && perform(scsi::inquiry_page(provisioning_page, bytes)).good()) {
        facts.unmap = bytes[5] & 0x80;
        facts.unmapped_reads_zero = (bytes[5] & 0x40) && zero_when_unmapped;
    }
    // A target may say that it compares and writes and yet refuse to (tgt does). Of no blocks, the
    // command changes nothing; one that knows it may still call that a wrong field.
    if (compare_blocks && !facts.write_protected) {
        reply = perform(scsi::compare_and_write(0, 0, {}, false));
        facts.compare_and_write = reply.sense_code != 0x2000 && reply.end != End::no_answer;
    }
    bytes.fill(0);
    reply =
        perform(scsi::reserve_in(scsi::ReserveIn::report_capabilities, std::span(bytes).first(8)));
    if (reply.good()) {
        bool types_told = bytes[3] & 0x80;
        facts.reservations = !types_told || (bytes[4] & 0x20);
        facts.reservations_kept = bytes[2] & 0x01;
    }
    if (!connection_.broken().empty()) return refuse(scsi::Reply{}, connection_.broken());
    return found;
}

}  // namespace vmft
