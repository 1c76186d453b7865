#include "accel/kvm/probe/tiny_guest.h"

#include "accel/kvm/monotonic_clock.h"
#include "accel/kvm/vcpu/flat_segment.h"

namespace vmft::kvm {

namespace {

constexpr u64 pml4 = 0x1000, pdpt = 0x2000, page_directory = 0x3000, gdt = 0x4000, idt = 0x5000,
              task_state = 0x6000, handlers = 0x9000;
constexpr unsigned handler_bytes = 8;
constexpr u16 task_selector = 0x28;
constexpr u64 present_writable_user = 7, large_page = 0x80;

}  // namespace

TinyGuest::TinyGuest(KvmHost& host, std::span<const CpuidLeaf> cpuid)
    : memory_(u64{1} << 20), vcpu_(host, memory_, cpuid) {
    build_tables();
}

void TinyGuest::build_tables() {
    memory_.write_value<u64>(pml4, pdpt | present_writable_user);
    memory_.write_value<u64>(pdpt, page_directory | present_writable_user);
    memory_.write_value<u64>(page_directory, large_page | present_writable_user);

    // SDM 3A 3.4.5: flat segments, then the task state's 16-byte descriptor.
    static constexpr u64 descriptors[] = {0,
                                          0x00af'9b00'0000'ffff,
                                          0x00cf'9300'0000'ffff,
                                          0x00cf'f300'0000'ffff,
                                          0x00af'fb00'0000'ffff,
                                          0x0000'8b00'0000'0067 | task_state << 16,
                                          0};
    for (unsigned i = 0; i < sizeof descriptors / 8; i++)
        memory_.write_value(gdt + i * 8, descriptors[i]);
    memory_.write_value<u64>(task_state + 4, stack_top);  // RSP0

    for (unsigned vector = 0; vector < 256; vector++) {
        u64 handler = handlers + vector * handler_bytes;
        // MOV AL, vector; OUT vector_port, AL; HLT
        const u8 code[] = {0xb0, static_cast<u8>(vector), 0xe6, vector_port, 0xf4};
        memory_.write(handler, code);
        // An interrupt gate that user mode may call.
        u64 low = (handler & 0xffff) | u64{kernel_code} << 16 | u64{0xee00} << 32 |
                  (handler >> 16 & 0xffff) << 48;
        memory_.write_value(idt + vector * 16, low);
        memory_.write_value<u64>(idt + vector * 16 + 8, 0);
    }
}

void TinyGuest::load_segments(bool user) {
    kvm_sregs registers = vcpu_.system_registers();
    registers.cs = flat_segment(user ? user_code : kernel_code, 0xb, true);
    registers.ss = flat_segment(user ? user_data : kernel_data, 0x3, false);
    registers.ds = registers.es = registers.fs = registers.gs = registers.ss;
    registers.tr = {};
    registers.tr.base = task_state;
    registers.tr.limit = 0x67;
    registers.tr.selector = task_selector;
    registers.tr.type = 0xb;
    registers.tr.present = 1;
    registers.ldt = {};
    registers.ldt.type = 2;
    registers.ldt.unusable = 1;
    registers.gdt.base = gdt;
    registers.gdt.limit = 7 * 8 - 1;
    registers.idt.base = idt;
    registers.idt.limit = 4095;
    registers.cr0 = 0x8001'0033;  // PG, WP, NE, ET, MP, PE
    registers.cr3 = pml4;
    registers.cr4 = 0x620;  // OSXMMEXCPT, OSFXSR, PAE
    registers.efer = 0x500;
    vcpu_.set_system_registers(registers);
}

void TinyGuest::load_at(u64 address, std::span<const u8> code, bool user) {
    memory_.write(address, code);
    vcpu_.set_guest_debug({});
    kvm_vcpu_events none{};
    none.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
    vcpu_.set_events(none);
    load_segments(user);
    kvm_regs registers{};
    registers.rip = address;
    registers.rsp = user ? user_stack_top : stack_top;
    registers.rflags = 2;
    vcpu_.set_registers(registers);
}

void TinyGuest::load(std::span<const u8> code) { load_at(code_address, code, false); }

void TinyGuest::load_user(std::span<const u8> code) { load_at(user_code_address, code, true); }

bool TinyGuest::run() {
    u64 deadline_ns = monotonic_ns() + entry_ns_max;
    failure_.clear();
    try {
        do {
            vcpu_.kick_at(deadline_ns);
            if (vcpu_.enter()) return true;
            vcpu_.take_kick();  // Perhaps an earlier run's.
        } while (monotonic_ns() < deadline_ns);
        failure_ = "does not come back";
    } catch (const AcceleratorFault& fault) {
        failure_ = fault.what();
    }
    return false;
}

bool TinyGuest::run_to_exit(u32 reason) { return run() && vcpu_.run_page().exit_reason == reason; }

std::string TinyGuest::outcome() const {
    if (!failure_.empty()) return failure_;
    const struct kvm_run& run = vcpu_.run_page();
    u8 vector = 0;
    if (wrote(vector_port, vector)) return "the guest gets exception " + std::to_string(vector);
    switch (run.exit_reason) {
    case KVM_EXIT_INTERNAL_ERROR: return "KVM fails with KVM_EXIT_INTERNAL_ERROR";
    case KVM_EXIT_FAIL_ENTRY: return "KVM fails with KVM_EXIT_FAIL_ENTRY";
    case KVM_EXIT_SHUTDOWN: return "the guest shuts down";
    case KVM_EXIT_HLT: return "the guest runs on";
    case KVM_EXIT_DEBUG: return "it comes out with KVM_EXIT_DEBUG at another place";
    default: return "it comes out with exit " + std::to_string(run.exit_reason);
    }
}

bool TinyGuest::wrote(u16 port, u8& value) const {
    const struct kvm_run& run = vcpu_.run_page();
    if (run.exit_reason != KVM_EXIT_IO || run.io.direction != KVM_EXIT_IO_OUT ||
        run.io.port != port || run.io.size != 1)
        return false;
    value = reinterpret_cast<const u8*>(&run)[run.io.data_offset];
    return true;
}

int TinyGuest::run_to_vector() {
    u8 vector = 0;
    return run() && wrote(vector_port, vector) ? vector : -1;
}

}  // namespace vmft::kvm
