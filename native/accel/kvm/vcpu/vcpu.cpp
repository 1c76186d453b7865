#include "accel/kvm/vcpu/vcpu.h"

#include <sys/mman.h>

#include <cerrno>

#include "accel/kvm/vcpu/kvm_request.h"
#include "accel/kvm/vcpu/kvm_tables.h"
#include "accel/kvm/vcpu/msr_filter.h"
#include "machine/layout.h"

/// How the virtual machine and its vCPU are made. Registers: vcpu_registers.cpp; memory:
/// vcpu_memory.cpp; entering: here.
namespace vmft::kvm {

namespace {

// What Intel's needs for guests in real mode: pages at the top of the device hole.
constexpr u64 identity_map_address = 0xfffb'c000, tss_address = 0xfffb'd000;

// A local APIC that is on and the bootstrap processor's: from it KVM takes CPUID's APIC bit.
constexpr u64 apic_base_at_reset = layout::local_apic_base | 0x900;

// Where KVM departs from the processor for old guests' sake, and would make hosts differ: it writes
// its own processor's instruction over a foreign call of the hypervisor, lets MWAIT pass without
// its feature, and steps over an OUT to one port before user space has seen it.
constexpr u64 unwanted_quirks = KVM_X86_QUIRK_FIX_HYPERCALL_INSN |
                                KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS | KVM_X86_QUIRK_OUT_7E_INC_RIP;

void enable(KvmHost& host, int machine_fd, u32 number, u64 argument, const char* name) {
    if (host.extension(static_cast<int>(number)) == 0) return;
    kvm_enable_cap capability{};
    capability.cap = number;
    capability.args[0] = argument;
    request(machine_fd, KVM_ENABLE_CAP, &capability, name);
}

}  // namespace

Vcpu::Vcpu(KvmHost& host, GuestMemory& memory, std::span<const CpuidLeaf> cpuid)
    : host_(host), memory_(memory) {
    try {
        create_machine();
        map_memory();
        create_vcpu(cpuid);
        kick_ = Kick::make(run_);
    } catch (...) {
        if (run_) ::munmap(run_, run_bytes_);
        throw;
    }
}

Vcpu::~Vcpu() {
    if (kick_) kick_->retire();
    if (run_) ::munmap(run_, run_bytes_);
}

void Vcpu::create_machine() {
    machine_.reset(try_request(host_.fd(), KVM_CREATE_VM, 0));
    if (!machine_) {
        if (errno == EBUSY)
            throw AcceleratorFault(AcceleratorFault::Kind::unavailable,
                                   "KVM_CREATE_VM: another hypervisor holds the processor",
                                   "stop the other hypervisor, or use --accel soft");
        throw_request_failed("KVM_CREATE_VM", errno);
    }
    if (host_.extension(KVM_CAP_SET_IDENTITY_MAP_ADDR)) {
        u64 address = identity_map_address;
        VMFT_KVM_REQUEST(machine_.get(), KVM_SET_IDENTITY_MAP_ADDR, &address);
    }
    VMFT_KVM_REQUEST(machine_.get(), KVM_SET_TSS_ADDR, tss_address);
    u64 quirks = unwanted_quirks & static_cast<u64>(host_.extension(KVM_CAP_DISABLE_QUIRKS2));
    enable(host_, machine_.get(), KVM_CAP_DISABLE_QUIRKS2, quirks, "KVM_CAP_DISABLE_QUIRKS2");
    filter_msrs(machine_.get());
}

void Vcpu::create_vcpu(std::span<const CpuidLeaf> cpuid) {
    vcpu_.reset(VMFT_KVM_REQUEST(machine_.get(), KVM_CREATE_VCPU, 0));
    run_bytes_ = static_cast<size_t>(VMFT_KVM_REQUEST(host_.fd(), KVM_GET_VCPU_MMAP_SIZE, 0));
    void* mapped = ::mmap(nullptr, run_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_.get(), 0);
    if (mapped == MAP_FAILED) throw_request_failed("mmap of the vCPU", errno);
    run_ = static_cast<struct kvm_run*>(mapped);

    // Of KVM's own hypercalls none is offered, so none should work. Before CPUID, which is where
    // KVM looks what is offered. One it never looks for, KVM_HC_CLOCK_PAIRING: a kernel that makes
    // it though CPUID names another hypervisor sees the host's clock.
    enable(host_, vcpu_.get(), KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 1,
           "KVM_CAP_ENFORCE_PV_FEATURE_CPUID");

    RequestTable<kvm_cpuid_entry2> table(cpuid.size());
    for (size_t i = 0; i < cpuid.size(); i++) {
        kvm_cpuid_entry2 entry{};
        entry.function = cpuid[i].function;
        entry.index = cpuid[i].index;
        entry.flags = cpuid[i].indexed ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0;
        entry.eax = cpuid[i].eax;
        entry.ebx = cpuid[i].ebx;
        entry.ecx = cpuid[i].ecx;
        entry.edx = cpuid[i].edx;
        table.set(i, entry);
    }
    request(vcpu_.get(), request_set_cpuid2, table.data(), "KVM_SET_CPUID2");

    synchronized_registers_ = host_.extension(KVM_CAP_SYNC_REGS) & KVM_SYNC_X86_REGS;
    if (synchronized_registers_) run_->kvm_valid_regs = KVM_SYNC_X86_REGS;
    extended_state_ = host_.extension(KVM_CAP_XSAVE) > 0;

    kvm_sregs registers = system_registers();
    registers.apic_base = apic_base_at_reset;
    set_system_registers(registers);
}

void Vcpu::entered() {
    system_registers_valid_ = false;
    registers_valid_ = synchronized_registers_;
    if (synchronized_registers_) registers_ = run_->s.regs.regs;
}

bool Vcpu::enter() {
    for (;;) {
        if (!kick_->prepare_entry()) {
            kick_->clear_interrupted();
            return false;
        }
        int result = ::ioctl(vcpu_.get(), KVM_RUN, 0);
        int error = errno;
        entered();
        if (result >= 0) return true;
        // Another's signal (a profiler's, say) is none of our business.
        if (error != EINTR && error != EAGAIN) throw_request_failed("KVM_RUN", error);
    }
}

bool Vcpu::complete() {
    __atomic_store_n(&run_->immediate_exit, 1, __ATOMIC_SEQ_CST);
    int result = ::ioctl(vcpu_.get(), KVM_RUN, 0);
    int error = errno;
    entered();
    if (result >= 0) return true;
    if (error != EINTR && error != EAGAIN) throw_request_failed("KVM_RUN", error);
    return false;
}

void Vcpu::inject_interrupt(u8 vector) {
    kvm_interrupt interrupt{vector};
    VMFT_KVM_REQUEST(vcpu_.get(), KVM_INTERRUPT, &interrupt);
    system_registers_valid_ = false;  // They show it.
}

void Vcpu::kick_at(u64 monotonic_ns) { kick_->at(monotonic_ns); }

bool Vcpu::take_kick() { return kick_->take(); }

}  // namespace vmft::kvm
