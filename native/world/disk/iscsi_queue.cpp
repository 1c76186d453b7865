#include "world/disk/iscsi_queue.h"

#include <algorithm>

#include "base/limits.h"

namespace vmft {
namespace {

using namespace std::chrono_literals;
using scsi::End;

constexpr auto hold_time = 1s;
constexpr auto busy_time = 50ms;

}  // namespace

struct IscsiQueue::Operation {
    enum class Kind : u8 { transfer, read_reserved, compare_and_write };

    Kind kind = Kind::transfer;
    DiskTransfer transfer;
    DiskBackend::Done done;
    DiskResult result;
    u64 pieces = 0;  ///< That have not ended.

    OpenedDisk::ReservedDone reserved_done;
    u64 block = 0;
    std::vector<u8> data;  ///< Read, or what is expected and what is desired.
    Clock::time_point answer_by{};
    bool answered = false, visited = false;

    bool changes() const {
        return kind == Kind::transfer && transfer.operation != DiskOperation::read &&
               transfer.operation != DiskOperation::flush;
    }
};

IscsiQueue::IscsiQueue(const IscsiFacts& facts, bool discard_zeroes, std::function<void()> conflict)
    : facts_(facts), discard_zeroes_(discard_zeroes), conflict_(std::move(conflict)),
      zeroes_(limits::iscsi_command_bytes_max) {}

void IscsiQueue::add(DiskTransfer&& transfer, DiskBackend::Done done) {
    auto operation = std::make_shared<Operation>();
    if (transfer.operation == DiskOperation::discard && discard_zeroes_) {
        transfer.operation = DiskOperation::write_zeroes;
        transfer.may_unmap = true;
    }
    operation->transfer = std::move(transfer);
    operation->done = std::move(done);
    operation->pieces = 1;
    if (operation->transfer.operation == DiskOperation::read)
        operation->result.data.resize(operation->transfer.bytes);
    u64 offset = operation->transfer.offset_bytes, bytes = operation->transfer.bytes;
    waiting_.push_back({std::move(operation), offset, bytes});
}

void IscsiQueue::add_read_reserved(u64 block, Clock::time_point answer_by,
                                   OpenedDisk::ReservedDone done) {
    auto operation = std::make_shared<Operation>();
    operation->kind = Operation::Kind::read_reserved;
    operation->block = block;
    operation->data.resize(facts_.block_bytes);
    operation->answer_by = answer_by;
    operation->reserved_done = std::move(done);
    reserved_.push_back(operation);
    waiting_.push_back({std::move(operation)});
}

void IscsiQueue::add_compare_and_write(u64 block, std::vector<u8> expected, std::vector<u8> desired,
                                       Clock::time_point answer_by, OpenedDisk::ReservedDone done) {
    auto operation = std::make_shared<Operation>();
    operation->kind = Operation::Kind::compare_and_write;
    operation->block = block;
    operation->data = std::move(expected);
    operation->data.insert(operation->data.end(), desired.begin(), desired.end());
    operation->answer_by = answer_by;
    operation->reserved_done = std::move(done);
    reserved_.push_back(operation);
    waiting_.push_back({std::move(operation)});
}

u64 IscsiQueue::bytes_max(const Operation& operation) const {
    const u64 block = facts_.block_bytes;
    auto most = [block](u64 bytes, u64 blocks) {
        return blocks > bytes / block ? bytes / block * block : blocks * block;
    };
    switch (operation.transfer.operation) {
    case DiskOperation::discard: return most(limits::iscsi_zero_bytes_max, facts_.unmap_blocks_max);
    case DiskOperation::write_zeroes:
        if (write_same_) return most(limits::iscsi_zero_bytes_max, facts_.write_same_blocks_max);
        break;
    default: break;
    }
    return most(limits::iscsi_command_bytes_max, facts_.transfer_blocks_max);
}

scsi::Command IscsiQueue::command_of(Flight& flight) {
    Operation& operation = *flight.piece.operation;
    if (operation.kind == Operation::Kind::read_reserved)
        return scsi::read(operation.block, 1, operation.data);
    if (flight.piece.flush) return scsi::synchronize_cache();
    if (operation.kind == Operation::Kind::compare_and_write)
        return scsi::compare_and_write(operation.block, 1, operation.data, facts_.forced_access);
    const u64 block = flight.piece.offset_bytes / facts_.block_bytes;
    const auto blocks = static_cast<u32>(flight.piece.bytes / facts_.block_bytes);
    const u64 from = flight.piece.offset_bytes - operation.transfer.offset_bytes;
    DiskTransfer& transfer = operation.transfer;
    switch (transfer.operation) {
    case DiskOperation::read:
        return scsi::read(block, blocks,
                          std::span(operation.result.data).subspan(from, flight.piece.bytes));
    case DiskOperation::write:
        return scsi::write(block, blocks,
                           std::span(transfer.data).subspan(from, flight.piece.bytes), false);
    case DiskOperation::discard: return scsi::unmap(block, blocks, flight.parameters);
    case DiskOperation::write_zeroes:
        if (!write_same_)
            return scsi::write(block, blocks, std::span(zeroes_).first(flight.piece.bytes), false);
        return scsi::write_same(block, blocks, std::span(zeroes_).first(facts_.block_bytes),
                                transfer.may_unmap && facts_.unmapped_reads_zero);
    case DiskOperation::flush: break;
    }
    return scsi::synchronize_cache();
}

void IscsiQueue::issue(IscsiConnection& connection) {
    if (!held_.empty() && Clock::now() >= held_until_) {
        for (Piece& piece : held_) waiting_.push_back(std::move(piece));
        held_.clear();
        held_up_.clear();
    }
    while (!waiting_.empty() && commands_ < limits::iscsi_commands_max &&
           bytes_ < limits::iscsi_bytes_max && connection.broken().empty() && !visit_wanted_) {
        auto flight = std::make_shared<Flight>();
        flight->piece = std::move(waiting_.front());
        waiting_.pop_front();
        Piece& piece = flight->piece;
        Operation& operation = *piece.operation;
        if (operation.answered) continue;
        if (operation.changes() && changes_refused_) {
            piece_done(operation, true);
            continue;
        }
        // Nothing to do, or nothing that the target could do.
        bool empty = operation.kind == Operation::Kind::transfer && piece.bytes == 0 &&
                     operation.transfer.operation != DiskOperation::flush;
        if (empty || (operation.transfer.operation == DiskOperation::discard && !facts_.unmap)) {
            piece_done(operation, false);
            continue;
        }
        if (u64 most = bytes_max(operation); piece.bytes > most) {
            operation.pieces++;
            waiting_.push_front(
                {piece.operation, piece.offset_bytes + most, piece.bytes - most, false});
            piece.bytes = most;
        }
        scsi::Command command = command_of(*flight);
        commands_++;
        bytes_ += command.data_bytes;
        connection.send(command,
                        [this, flight, bytes = command.data_bytes](const scsi::Reply& reply) {
                            commands_--;
                            bytes_ -= bytes;
                            ended(*flight, reply);
                        });
    }
}

void IscsiQueue::hold(Piece& piece, const char* why) {
    if (held_.empty()) held_until_ = Clock::now() + (why ? Clock::duration(hold_time) : busy_time);
    held_.push_back(std::move(piece));
    if (why) held_up_ = why;
}

void IscsiQueue::ended(Flight& flight, const scsi::Reply& reply) {
    // A reset makes a target forget what came before it, without a word.
    if (reply.end == End::reset && commands_ > 0) reset_ = true;
    if (flight.piece.operation->kind == Operation::Kind::transfer)
        transfer_ended(flight.piece, reply);
    else
        reserved_ended(flight.piece, reply);
}

void IscsiQueue::transfer_ended(Piece& piece, const scsi::Reply& reply) {
    Operation& operation = *piece.operation;
    DiskOperation what = operation.transfer.operation;
    switch (reply.end) {
    case End::good: {
        bool short_read = what == DiskOperation::read && reply.bytes != piece.bytes;
        return piece_done(operation, short_read);
    }
    case End::again:
    case End::aborted:
    case End::reset:
    case End::no_answer: waiting_.push_front(std::move(piece)); return;
    case End::busy: return hold(piece, nullptr);
    case End::not_ready: return hold(piece, "the target is not ready");
    case End::no_space: return hold(piece, "no space left");
    case End::conflict: conflict_(); return piece_done(operation, true);
    case End::refused:
        if (what == DiskOperation::discard) {
            facts_.unmap = false;
            return piece_done(operation, false);
        }
        if (what == DiskOperation::write_zeroes && write_same_) {
            write_same_ = false;
            waiting_.push_front(std::move(piece));
            return;
        }
        return piece_done(operation, true);
    case End::miscompare:
    case End::failed: return piece_done(operation, true);
    }
}

void IscsiQueue::piece_done(Operation& operation, bool failed) {
    if (failed) operation.result.status = DiskStatus::io_error;
    if (--operation.pieces > 0) return;
    if (operation.result.status != DiskStatus::ok) operation.result.data.clear();
    operation.done(std::move(operation.result));
}

void IscsiQueue::reserved_ended(Piece& piece, const scsi::Reply& reply) {
    Operation& operation = *piece.operation;
    if (operation.answered) return;
    bool compares = operation.kind == Operation::Kind::compare_and_write;
    ReservedResult result;
    switch (reply.end) {
    case End::good:
        if (compares && !piece.flush && !facts_.forced_access) {
            piece.flush = true;
            waiting_.push_front(std::move(piece));
            return;
        }
        result.written = compares;
        if (!compares) result.block = std::move(operation.data);
        return answer(operation, std::move(result));
    case End::miscompare: return answer(operation, std::move(result));
    case End::again:
    case End::reset: waiting_.push_front(std::move(piece)); return;
    case End::busy: return hold(piece, nullptr);
    case End::conflict:
        // Somebody holds the disk: its reserved area may be written by who is registered.
        if (!operation.visited) {
            operation.visited = true;
            visit_wanted_ = true;
            waiting_.push_front(std::move(piece));
            return;
        }
        [[fallthrough]];
    default: result.fault = scsi::text_of(reply); return answer(operation, std::move(result));
    }
}

void IscsiQueue::answer(Operation& operation, ReservedResult&& result) {
    operation.answered = true;
    operation.reserved_done(std::move(result));
}

void IscsiQueue::expire(Clock::time_point now) {
    std::erase_if(reserved_, [&](const std::weak_ptr<Operation>& weak) {
        auto operation = weak.lock();
        if (!operation || operation->answered) return true;
        if (now < operation->answer_by) return false;
        ReservedResult result;
        result.fault = "no answer";
        answer(*operation, std::move(result));
        return true;
    });
}

}  // namespace vmft
