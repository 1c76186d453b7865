#pragma once

#include "base/types.h"

/// Every bound of the native side, in one place.
namespace vmft::limits {

inline constexpr u64 guest_memory_bytes_min = u64{32} << 20;
inline constexpr u64 guest_memory_bytes_max = u64{64} << 30;
inline constexpr u64 net_frame_bytes_min = 14;
inline constexpr u64 net_frame_bytes_max = 65550;
inline constexpr u64 console_input_bytes_max = 4096;
inline constexpr u64 console_output_chain_bytes_max =
    65536;  ///< Shown of one virtio console buffer; the rest is dropped.
inline constexpr u64 entropy_bytes_max = 4096;
inline constexpr u32 virtqueue_indirect_max = 1024;  ///< Descriptors in one indirect table.
inline constexpr u64 segment_bytes_max = u64{4} << 20;
inline constexpr u64 segment_records_max = 65536;
inline constexpr u32 cpuid_leaves_max = 256;             ///< KVM_SET_CPUID2 takes no more.
inline constexpr u64 received_bytes_max = u64{8} << 20;  ///< Of these; passed by one batch at most.
inline constexpr u64 received_frames_max = 4096;  ///< Frames waiting between the tap and the guest.
inline constexpr u64 outputs_withheld_bytes_max = u64{256} << 20;
/// Of a guest's memory in one vmft.image.Pages message: 1 MiB.
inline constexpr u32 image_pages_max = 256;
/// Of outputs in one part of a checkpoint.
inline constexpr u64 checkpoint_outputs_bytes_max = u64{1} << 20;
/// Checkpoints that the backup has not acknowledged; behind them the epoch goes on.
inline constexpr u32 checkpoints_in_flight_max = 3;
/// Pages of which the primary keeps what the backup has, to send differences: 32 MiB.
inline constexpr u32 checkpoint_history_pages_max = 8192;
/// Of a vmft.image.State message: CPU and devices need far less than 64 MiB, and outputs may wait.
inline constexpr u64 image_state_bytes_max = outputs_withheld_bytes_max + (u64{64} << 20);
inline constexpr u32 disks_max = 5;
/// Larger requests are refused as an I/O error; Linux makes none above 1280 KiB unless told to. A
/// read's data must fit into one segment of the log.
inline constexpr u64 disk_request_bytes_max = u64{2} << 20;
inline constexpr u64 disk_discard_bytes_max = u64{1} << 30;
inline constexpr u64 disk_write_zeroes_bytes_max = u64{32} << 20;
/// Data of requests under way on one disk; with this much the device takes no more from the ring.
inline constexpr u64 disk_pending_bytes_max = u64{32} << 20;
/// What a request that has not ended counts for besides its data, so that a guest that makes
/// them without end (it may reset its device, and ask anew) is stalled.
inline constexpr u64 disk_request_bookkeeping_bytes = u64{16} << 10;
inline constexpr u64 disk_reserved_bytes = u64{1} << 20;  ///< At the end of each disk: vmft's own.
inline constexpr u32 disk_threads = 4;  ///< That do a file's system calls, for each disk.
inline constexpr u64 disk_file_step_bytes = u64{512} << 10;  ///< At once, and buffered per thread.
inline constexpr u64 iscsi_command_bytes_max = u64{256} << 10;  ///< Of a read or write.
inline constexpr u64 iscsi_zero_bytes_max = u64{32} << 20;      ///< Of a WRITE SAME or an UNMAP.
inline constexpr u32 iscsi_commands_max = 32;                   ///< Unanswered, for each disk.
inline constexpr u64 iscsi_bytes_max = u64{4} << 20;            ///< Of data of unanswered ones.
inline constexpr u64 disk_copy_bytes_max = u64{1} << 20;        ///< Of one readRange or writeRange.
/// Of a replica's own disk, what it was asked to change and has not: behind that the replica waits.
inline constexpr u64 disk_own_bytes_max = u64{64} << 20;
inline constexpr u64 disk_own_requests_max = 1024;
/// A transfer of a replica's own that takes longer has failed: its copy is of no use.
inline constexpr u64 disk_own_transfer_ns_max = 30'000'000'000;
/// Of what the log leaves to the backup to read, what is read ahead of its use.
inline constexpr u64 disk_backup_read_bytes_max = u64{64} << 20;
inline constexpr u32 disk_backup_read_tries_max = 40;
inline constexpr u32 disk_backup_read_retry_ms = 100;
inline constexpr u64 disk_change_granule_bytes = u64{64} << 10;
/// Exceptions delivered in a row without one retired instruction: a guest stuck in its own
/// handlers.
inline constexpr u32 fault_deliveries_max = 65536;

}  // namespace vmft::limits
