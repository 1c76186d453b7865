// forget-files FILE...: what is cached of these files in memory is dropped, so that the next read
// is one of the disk.

#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace {

bool forget(const char* path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    const bool done = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0;
    close(file);
    return done;
}

}  // namespace

int main(int count, char** paths) {
    for (int index = 1; index < count; ++index) {
        if (!forget(paths[index])) {
            std::perror(paths[index]);
            return 1;
        }
    }
    return 0;
}
