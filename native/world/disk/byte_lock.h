#pragma once

#include "base/types.h"

namespace vmft {

/// A lock on one byte of an open file, among all processes and (on a network file
/// system) all hosts, by fcntl(F_OFD_SETLK). It belongs to the open file description.
///
/// Why such a lock and not flock or a plain fcntl lock: a plain one goes as soon as its process
/// closes *any* descriptor of the file; and flock is not carried to the server by every network
/// file system. An OFD lock goes with the last reference to the description, and a system call
/// under way holds one, as do the threads of a killed process until they have left the kernel. So
/// whoever gets the lock knows that the dead holder's pwrite has ended, and that none comes after.
///
/// On NFSv4 the server holds the lock for the client host. If that host is gone the lock stays for
/// the lease time (90 s by default), and then the server refuses the old holder's writes, which
/// carry the lost lock's state. On NFSv3 a dead host's lock stays until it is back, or until an
/// administrator clears it: do not use that for shared disks.
enum class LockAttempt : u8 { taken, held_elsewhere, failed };

/// Does not wait; errno is set when it failed. Taking it again is fine. A file that can only be
/// read can be locked with others that read it, against those that write.
enum class LockKind : u8 { exclusive, with_readers };
LockAttempt try_lock_byte(int fd, u64 offset, LockKind kind = LockKind::exclusive);
void unlock_byte(int fd, u64 offset);

}  // namespace vmft
