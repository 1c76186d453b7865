#include "accel/soft/translate/code_memory.h"

#include <new>
#include <sys/mman.h>

#include "base/limits.h"

namespace vmft::soft {

CodeMemory::CodeMemory(u64 bytes) : bytes_((bytes + page_mask) & ~page_mask) {
    void* first = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (first == MAP_FAILED) throw std::bad_alloc();
    // An old size of 0 maps the pages of a shared mapping once more (mremap(2)).
    void* second = mremap(first, 0, bytes_, MREMAP_MAYMOVE);
    if (second == MAP_FAILED || mprotect(second, bytes_, PROT_READ | PROT_EXEC) != 0) {
        munmap(first, bytes_);
        if (second != MAP_FAILED) munmap(second, bytes_);
        throw std::bad_alloc();
    }
    writable_ = static_cast<u8*>(first);
    executable_ = static_cast<u8*>(second);
}

CodeMemory::~CodeMemory() {
    munmap(writable_, bytes_);
    munmap(executable_, bytes_);
}

}  // namespace vmft::soft
