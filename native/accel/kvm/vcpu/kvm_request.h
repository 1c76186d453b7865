#pragma once

#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "accel/accelerator_fault.h"

namespace vmft::kvm {

[[noreturn]] inline void throw_request_failed(const char* name, int error) {
    throw AcceleratorFault(AcceleratorFault::Kind::host,
                           std::string("KVM: ") + name + " failed: " + std::strerror(error));
}

/// One ioctl, again while a signal interrupts it; its result, or -1 with errno.
template <typename Argument>
int try_request(int fd, unsigned long code, Argument argument) {
    int result;
    do result = ::ioctl(fd, code, argument);
    while (result < 0 && errno == EINTR);
    return result;
}

/// The same for one that has no reason to fail. Throws AcceleratorFault (host), naming it.
template <typename Argument>
int request(int fd, unsigned long code, Argument argument, const char* name) {
    int result = try_request(fd, code, argument);
    if (result < 0) throw_request_failed(name, errno);
    return result;
}

}  // namespace vmft::kvm

/// `code` is a request of linux/kvm.h by its name.
#define VMFT_KVM_REQUEST(fd, code, argument) ::vmft::kvm::request((fd), code, (argument), #code)
