#include "accel/kvm/kvm_host.h"

#include <fcntl.h>
#include <linux/kvm.h>

#include <cerrno>
#include <cstring>

#include "accel/kvm/vcpu/kvm_request.h"

namespace vmft::kvm {

namespace {

constexpr int api_version = 12;  // The only one since Linux 2.6.22.

struct Capability {
    int number;
    const char* name;
};

// What nothing here can do without; the text is the kernel's name, so that it can be looked up.
constexpr Capability required[] = {
    {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
    {KVM_CAP_DESTROY_MEMORY_REGION_WORKS, "KVM_CAP_DESTROY_MEMORY_REGION_WORKS"},
    {KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
    {KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR"},
    {KVM_CAP_SET_GUEST_DEBUG, "KVM_CAP_SET_GUEST_DEBUG"},
    {KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS"},
    {KVM_CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS"},
    {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
    {KVM_CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR"},
    {KVM_CAP_X86_MSR_FILTER, "KVM_CAP_X86_MSR_FILTER"},
};

[[noreturn]] void throw_unavailable(const std::string& what, const std::string& what_to_do) {
    throw AcceleratorFault(AcceleratorFault::Kind::unavailable, what, what_to_do);
}

[[noreturn]] void throw_not_opened(const std::string& path, int error) {
    switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        throw_unavailable("there is no " + path +
                              ": this host has no hardware virtualization, it is disabled in the "
                              "firmware, or the kvm_amd or kvm_intel module is not loaded",
                          "load the module, or use --accel soft");
    case EACCES:
    case EPERM:
        throw_unavailable("no permission to open " + path, "add this user to the group of " + path +
                                                               " (usually kvm), or use "
                                                               "--accel soft");
    case EBUSY:
        throw_unavailable(path + " is held by another hypervisor",
                          "stop the other hypervisor, or use --accel soft");
    default:
        throw_unavailable("cannot open " + path + ": " + std::strerror(error), "use --accel soft");
    }
}

}  // namespace

KvmHost::KvmHost(const char* path) {
    device_.reset(::open(path, O_RDWR | O_CLOEXEC));
    if (!device_) throw_not_opened(path, errno);
    int version = try_request(fd(), KVM_GET_API_VERSION, 0);
    if (version < 0)
        throw_unavailable(std::string(path) + " is not KVM's device: " + std::strerror(errno),
                          "use --accel soft");
    if (version != api_version)
        throw_unavailable("KVM's API version is " + std::to_string(version) + ", not " +
                              std::to_string(api_version),
                          "update the host's kernel, or use --accel soft");
    for (const Capability& capability : required)
        if (extension(capability.number) <= 0)
            throw_unavailable(std::string("this host's KVM lacks ") + capability.name,
                              "update the host's kernel (5.10 has it), or use --accel soft");
}

int KvmHost::extension(int capability) const {
    int result = try_request(fd(), KVM_CHECK_EXTENSION, capability);
    return result < 0 ? 0 : result;
}

}  // namespace vmft::kvm
