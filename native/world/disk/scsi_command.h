#pragma once

#include <array>
#include <span>
#include <string>

#include "base/types.h"

/// The few SCSI commands that a disk needs (SBC-3, SPC-4), and how they end.
namespace vmft::scsi {

struct Command {
    enum class Data : u8 { none, in, out };

    std::array<u8, 16> cdb{};
    u8 cdb_bytes = 16;
    Data direction = Data::none;
    /// Read into, or sent: it stays until the command has ended.
    u8* data = nullptr;
    u32 data_bytes = 0;
};

/// What a command's end means for whoever sent it.
enum class End : u8 {
    good,
    again,      ///< Not executed: unit attention.
    busy,       ///< Not executed: the target has too much to do.
    aborted,    ///< Executed in part, in whole, or not at all.
    no_answer,  ///< The connection is lost: as `aborted`.
    reset,      ///< `again`, and commands sent before it may have been forgotten.
    not_ready,
    no_space,  ///< A thin LUN's pool is full.
    conflict,  ///< Another host has reserved the disk.
    miscompare,
    refused,  ///< ILLEGAL REQUEST: the command or a field of it is not known here.
    failed,   ///< The medium or the target says no: an I/O error.
};

struct Reply {
    End end = End::no_answer;
    u8 sense_key = 0;
    u16 sense_code = 0;  ///< ASC and ASCQ.
    u32 bytes = 0;       ///< Of data that came.

    bool good() const { return end == End::good; }
};

/// From a status and sense data.
Reply reply_of(int status, u8 sense_key, u16 sense_code);
/// For a message: `sense key 5h, code 2500h`.
std::string text_of(const Reply& reply);

Command test_unit_ready();
Command inquiry(std::span<u8> into);
Command inquiry_page(u8 page, std::span<u8> into);
Command read_capacity(std::span<u8> into);
Command mode_sense(std::span<u8> into);
Command read(u64 block, u32 blocks, std::span<u8> into);
Command write(u64 block, u32 blocks, std::span<u8> data, bool force_unit_access);
Command synchronize_cache();
/// `parameters` (24 bytes) are filled in.
Command unmap(u64 block, u32 blocks, std::span<u8> parameters);
/// Of zeroes: `zeroes` is one block of them.
Command write_same(u64 block, u32 blocks, std::span<u8> zeroes, bool may_unmap);
/// What is expected and then what is desired; no data and 0 blocks change nothing.
Command compare_and_write(u64 block, u32 blocks, std::span<u8> both, bool force_unit_access);

/// Persistent reservations, SPC-4 5.13.
enum class ReserveOut : u8 {
    reserve = 1,
    release = 2,
    preempt = 4,
    preempt_and_abort = 5,
    register_and_ignore = 6,
};
enum class ReserveIn : u8 { read_reservation = 1, report_capabilities = 2 };
Command reserve_in(ReserveIn action, std::span<u8> into);
/// Write Exclusive – Registrants Only; `parameters` (24 bytes) are filled in. `persist`: through
/// the target's loss of power.
Command reserve_out(ReserveOut action, u64 key, u64 action_key, bool persist,
                    std::span<u8> parameters);

u64 big_endian(std::span<const u8> bytes);

}  // namespace vmft::scsi
