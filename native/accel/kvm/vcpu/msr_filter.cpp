#include "accel/kvm/vcpu/msr_filter.h"

#include <linux/kvm.h>

#include "accel/kvm/vcpu/kvm_request.h"

namespace vmft::kvm {

namespace {

struct Range {
    u32 first, count;
};

constexpr Range passed[] = {
    {0xc000'0080, 5},  // EFER, STAR, LSTAR, CSTAR, SFMASK
    {0xc000'0100, 3},  // FS.base, GS.base, KernelGSbase
};
constexpr unsigned ranges = sizeof passed / sizeof passed[0];
static_assert(ranges <= KVM_MSR_FILTER_MAX_RANGES);

}  // namespace

bool msr_stays_in_kvm(u32 msr) {
    for (const Range& range : passed)
        if (msr >= range.first && msr - range.first < range.count) return true;
    return false;
}

void filter_msrs(int machine_fd) {
    kvm_enable_cap capability{};
    capability.cap = KVM_CAP_X86_USER_SPACE_MSR;
    capability.args[0] =
        KVM_MSR_EXIT_REASON_FILTER | KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN;
    request(machine_fd, KVM_ENABLE_CAP, &capability, "KVM_CAP_X86_USER_SPACE_MSR");

    kvm_msr_filter filter{};
    filter.flags = KVM_MSR_FILTER_DEFAULT_DENY;
    u64 all = ~u64{0};  // A set bit lets through; each range fits in one word.
    for (unsigned i = 0; i < ranges; i++) {
        filter.ranges[i].flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE;
        filter.ranges[i].base = passed[i].first;
        filter.ranges[i].nmsrs = passed[i].count;
        filter.ranges[i].bitmap = reinterpret_cast<u8*>(&all);
    }
    VMFT_KVM_REQUEST(machine_fd, KVM_X86_SET_MSR_FILTER, &filter);
}

}  // namespace vmft::kvm
