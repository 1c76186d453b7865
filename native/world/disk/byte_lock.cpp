#include "world/disk/byte_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace vmft {
namespace {

int set_lock(int fd, u64 offset, short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(offset);
    lock.l_len = 1;
    int result;
    do result = fcntl(fd, F_OFD_SETLK, &lock);
    while (result != 0 && errno == EINTR);
    return result;
}

}  // namespace

LockAttempt try_lock_byte(int fd, u64 offset, LockKind kind) {
    if (set_lock(fd, offset, kind == LockKind::exclusive ? F_WRLCK : F_RDLCK) == 0)
        return LockAttempt::taken;
    return errno == EAGAIN || errno == EACCES ? LockAttempt::held_elsewhere : LockAttempt::failed;
}

void unlock_byte(int fd, u64 offset) { set_lock(fd, offset, F_UNLCK); }

}  // namespace vmft
