#include "world/disk/iscsi_reservation.h"

#include <algorithm>
#include <cstdio>

#include "base/hash64.h"
#include "base/limits.h"
#include "world/disk/reserved_area.h"

namespace vmft {
namespace {

using scsi::End;
using scsi::ReserveOut;

/// Others may take it at the same time.
constexpr int attempts_max = 10;

/// Keys of 0 mean "none" to a target.
u64 key_of(const std::string& text) {
    u64 key = hash64({reinterpret_cast<const u8*>(text.data()), text.size()});
    return key == 0 ? 1 : key;
}

u64 claim_block(const IscsiFacts& facts) {
    return facts.blocks - limits::disk_reserved_bytes / facts.block_bytes + claim_record_block;
}

IscsiReservation::Outcome failed(const char* what, const scsi::Reply& reply) {
    return {false, false, std::string(what) + ": " + scsi::text_of(reply)};
}

}  // namespace

IscsiReservation::IscsiReservation(const std::string& holder)
    : key_(key_of(holder)), visitor_key_(key_of(holder + "/visitor")) {}

scsi::Reply IscsiReservation::out(IscsiLun& lun, ReserveOut action, u64 key, u64 action_key,
                                  bool keep) {
    std::array<u8, 24> parameters;
    return lun.perform(scsi::reserve_out(action, key, action_key, keep, parameters));
}

scsi::Reply IscsiReservation::register_claim(IscsiLun& lun, const IscsiFacts& facts) {
    scsi::Reply reply = out(lun, ReserveOut::register_and_ignore, 0, key_, facts.reservations_kept);
    // A target may keep reservations, but not for a host that its access list does not name.
    if (reply.end == End::refused && facts.reservations_kept)
        reply = out(lun, ReserveOut::register_and_ignore, 0, key_);
    return reply;
}

std::optional<u64> IscsiReservation::holder(IscsiLun& lun, std::string& fault) {
    std::array<u8, 24> bytes{};
    scsi::Reply reply = lun.perform(scsi::reserve_in(scsi::ReserveIn::read_reservation, bytes));
    if (!reply.good()) {
        fault = "its reservation cannot be read: " + scsi::text_of(reply);
        return std::nullopt;
    }
    // Generation, length of what follows (0: no reservation), key.
    if (scsi::big_endian(std::span(bytes).subspan(4, 4)) == 0) return 0;
    return scsi::big_endian(std::span(bytes).subspan(8, 8));
}

std::string IscsiReservation::claim_text() const {
    char text[64];
    std::snprintf(text, sizeof text, "%.*s,\"key\":\"%016llx\"}\n",
                  static_cast<int>(claim_record_beginning.size()), claim_record_beginning.data(),
                  static_cast<unsigned long long>(key_));
    return text;
}

IscsiReservation::Outcome IscsiReservation::write_claim(IscsiLun& lun, const IscsiFacts& facts) {
    std::vector<u8> block(facts.block_bytes);
    std::string text = claim_text();
    std::copy(text.begin(), text.end(), block.begin());
    scsi::Reply reply = lun.perform(scsi::write(claim_block(facts), 1, block, facts.forced_access));
    if (reply.good() && !facts.forced_access) reply = lun.perform(scsi::synchronize_cache());
    if (!reply.good()) return failed("the claim cannot be written down", reply);
    state_ = State::ours;
    return {true, false, {}};
}

std::optional<bool> IscsiReservation::claim_is_ours(IscsiLun& lun, const IscsiFacts& facts) {
    std::vector<u8> block(facts.block_bytes);
    if (!lun.perform(scsi::read(claim_block(facts), 1, block)).good()) return std::nullopt;
    std::string text = claim_text();
    return std::equal(text.begin(), text.end(), block.begin());
}

IscsiReservation::Outcome IscsiReservation::claim(IscsiLun& lun, const IscsiFacts& facts,
                                                  bool take) {
    scsi::Reply reply = register_claim(lun, facts);
    if (!reply.good()) return failed("it cannot be registered with", reply);
    bool reconnect = false;
    for (int attempt = 0; attempt < attempts_max; attempt++) {
        std::string fault;
        std::optional<u64> present = holder(lun, fault);
        if (!present) return {false, false, fault};
        if (*present == key_) {
            Outcome outcome = write_claim(lun, facts);
            outcome.reconnect = reconnect;
            return outcome;
        }
        if (*present != 0 && !take) {
            out(lun, ReserveOut::register_and_ignore, 0, 0);
            return {true, false, {}};
        }
        if (*present == 0) {
            reply = out(lun, ReserveOut::reserve, key_, 0);
        } else {
            reply = out(lun, ReserveOut::preempt_and_abort, key_, *present);
            if (reply.end == End::refused) {
                reply = out(lun, ReserveOut::preempt, key_, *present);
                if (reply.good() && !lun.reset()) return {false, true, "the LUN cannot be reset"};
                reconnect = reply.good();
            }
        }
        // A conflict: someone else was faster, or has preempted us.
        if (!reply.good() && reply.end != End::conflict)
            return failed("it cannot be reserved", reply);
        if (reply.end == End::conflict) register_claim(lun, facts);
    }
    return {false, false, "others reserve it all the time"};
}

IscsiReservation::Outcome IscsiReservation::resume(IscsiLun& lun, const IscsiFacts& facts) {
    visiting_ = false;
    if (state_ != State::ours) return {true, false, {}};
    scsi::Reply reply = register_claim(lun, facts);
    if (!reply.good()) return failed("it cannot be registered with", reply);
    std::string fault;
    std::optional<u64> present = holder(lun, fault);
    if (!present) return {false, false, fault};
    if (*present == 0) {
        std::optional<bool> ours = claim_is_ours(lun, facts);
        if (!ours) return {false, false, "its claim cannot be read"};
        if (*ours) {
            out(lun, ReserveOut::reserve, key_, 0);
            present = holder(lun, fault);
            if (!present) return {false, false, fault};
        }
    }
    if (*present != key_) {
        state_ = State::lost;
        out(lun, ReserveOut::register_and_ignore, 0, 0);
    }
    return {true, false, {}};
}

IscsiReservation::Outcome IscsiReservation::visit(IscsiLun& lun) {
    if (state_ == State::ours) return {false, false, "its reservation is lost"};
    scsi::Reply reply = out(lun, ReserveOut::register_and_ignore, 0, visitor_key_);
    if (!reply.good()) return failed("it cannot be registered with", reply);
    visiting_ = true;
    return {true, false, {}};
}

void IscsiReservation::release(IscsiLun& lun) {
    if (state_ == State::ours) {
        out(lun, ReserveOut::release, key_, 0);
        std::string fault;
        if (holder(lun, fault) == key_) {
            // Held in the name of a session of ours that is gone: taken over, it can be released.
            out(lun, ReserveOut::preempt, key_, key_);
            out(lun, ReserveOut::release, key_, 0);
        }
    }
    if (state_ == State::ours || visiting_) out(lun, ReserveOut::register_and_ignore, 0, 0);
    state_ = State::unclaimed;
}

}  // namespace vmft
