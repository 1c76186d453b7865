#include "accel/kvm/counter/counter_guest.h"

#include "accel/kvm/vcpu/flat_segment.h"
#include <cstddef>
#include <cstring>
#include <iostream>

#include "accel/kvm/cpu_model.h"

namespace vmft::kvm::test {

namespace {

constexpr u64 gdt = 0x500, task_state = 0x600, idt = 0x1000, pml4 = 0x2000, pdpt = 0x3000,
              page_directory = 0x4000, default_handlers = 0x20000;
constexpr u64 user_mapped = 7, large_page = 0x80;
constexpr u32 msr_star = 0xc000'0081, msr_lstar = 0xc000'0082, msr_mask = 0xc000'0084;

}  // namespace

CounterGuest::CounterGuest(KvmHost& host, const GuestCode& guest_code) {
    std::vector<CpuidLeaf> cpuid = reduced_cpu_model(host);
    vcpu_ = std::make_unique<Vcpu>(host, memory_, cpuid);
    build_tables(guest_code);
    load();
    const u8* system_call = nullptr;
    for (const GuestCode::Handler& handler : guest_code.handlers)
        if (handler.vector == system_call_vector) system_call = handler.entry;
    vcpu_->set_msr(msr_star, u64{0x10} << 48 | u64{kernel_code} << 32);
    if (system_call)
        vcpu_->set_msr(msr_lstar, code + static_cast<u64>(system_call - guest_code.begin));
    vcpu_->set_msr(msr_mask, 0x700);
}

void CounterGuest::build_tables(const GuestCode& guest_code) {
    static constexpr u64 descriptors[] = {0,
                                          0x00af'9b00'0000'ffff,
                                          0x00cf'9300'0000'ffff,
                                          0x00cf'f300'0000'ffff,
                                          0x00af'fb00'0000'ffff,
                                          0x0000'8b00'0000'0067 | task_state << 16,
                                          0};
    for (u64 i = 0; i < 7; i++) memory_.write_value(gdt + i * 8, descriptors[i]);
    memory_.write_value<u64>(task_state + 4, stack_top);
    memory_.write_value<u64>(pml4, pdpt | user_mapped);
    memory_.write_value<u64>(pdpt, page_directory | user_mapped);
    for (u64 i = 0; i < 3; i++)
        memory_.write_value<u64>(page_directory + i * 8, i << 21 | large_page | user_mapped);
    for (u64 vector = 0; vector < 256; vector++) {
        u64 handler = default_handlers + vector * 16;
        const u8 unexpected[] = {0xb0, static_cast<u8>(vector), 0xe6, unexpected_port, 0xf4};
        memory_.write(handler, unexpected);
        for (const GuestCode::Handler& own : guest_code.handlers)
            if (own.vector == vector)
                handler = code + static_cast<u64>(own.entry - guest_code.begin);
        memory_.write_value<u64>(idt + vector * 16, (handler & 0xffff) | u64{kernel_code} << 16 |
                                                        u64{0xee00} << 32 |
                                                        (handler >> 16 & 0xffff) << 48);
        memory_.write_value<u64>(idt + vector * 16 + 8, handler >> 32);
    }
    memory_.write(code, {guest_code.begin, guest_code.end});
    for (u64 i = 0; i < page_bytes; i++) memory_.data()[data + i] = static_cast<u8>(i * 31);
}

void CounterGuest::load() {
    kvm_sregs system = vcpu_->system_registers();
    system.cs = flat_segment(kernel_code, 0xb, true);
    system.ds = system.es = system.ss = system.fs = system.gs = flat_segment(kernel_data, 3, false);
    system.tr = {};
    system.tr.base = task_state;
    system.tr.limit = 0x67;
    system.tr.selector = 0x28;
    system.tr.type = 0xb;
    system.tr.present = 1;
    system.gdt.base = gdt;
    system.gdt.limit = 55;
    system.idt.base = idt;
    system.idt.limit = 4095;
    system.cr0 = 0x8001'0033;
    system.cr3 = pml4;
    system.cr4 = 0x620;
    system.efer = 0x501;
    vcpu_->set_system_registers(system);
    kvm_regs registers{};
    registers.rip = code;
    registers.rsp = stack_top;
    registers.rsi = data;
    registers.rdi = other_data;
    registers.rflags = 2;
    vcpu_->set_registers(registers);
}

bool CounterGuest::answer() {
    struct kvm_run& run = vcpu_->run_page();
    exits++;
    if (on_exit) on_exit();
    u8* bytes_of_io = reinterpret_cast<u8*>(&run) + run.io.data_offset;
    switch (run.exit_reason) {
    case KVM_EXIT_IO:
        if (run.io.direction == KVM_EXIT_IO_OUT && run.io.port == end_port) {
            end = End::port;
        } else if (run.io.direction == KVM_EXIT_IO_OUT && run.io.port == unexpected_port) {
            reason = "exception " + std::to_string(*bytes_of_io);
            end = End::unexpected;
        } else if (run.io.direction == KVM_EXIT_IO_IN) {
            std::memset(bytes_of_io, static_cast<int>(exits), run.io.size * run.io.count);
        }
        break;
    case KVM_EXIT_MMIO:
        if (!run.mmio.is_write) std::memset(run.mmio.data, static_cast<int>(exits), run.mmio.len);
        break;
    case KVM_EXIT_IRQ_WINDOW_OPEN: return true;
    case KVM_EXIT_HLT: end = End::halt; return false;
    case KVM_EXIT_INTERNAL_ERROR:
        reason = "KVM cannot execute an instruction of it";
        end = End::cannot_execute;
        return false;
    default:
        reason = "exit " + std::to_string(run.exit_reason);
        end = End::unexpected;
        return false;
    }
    if (vcpu_->complete()) return answer();
    return end == End::none;
}

CounterGuest::End CounterGuest::run_free() {
    do {
        while (!vcpu_->enter()) vcpu_->take_kick();
    } while (answer());
    return end;
}

bool same_state(CounterGuest& left, CounterGuest& right) {
    bool same = true;
    kvm_regs a = left.vcpu().registers(), b = right.vcpu().registers();
    constexpr u64 resume_flag = 0x10000;
    a.rflags &= ~resume_flag;
    b.rflags &= ~resume_flag;
    static const char* const names[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi",
                                        "rsp", "rbp", "r8",  "r9",  "r10", "r11",
                                        "r12", "r13", "r14", "r15", "rip", "rflags"};
    for (unsigned i = 0; i < 18; i++) {
        u64 x = reinterpret_cast<u64*>(&a)[i], y = reinterpret_cast<u64*>(&b)[i];
        if (x == y) continue;
        std::cout << "  " << names[i] << std::hex << " " << x << " / " << y << std::dec << "\n";
        same = false;
    }
    kvm_sregs c = left.vcpu().system_registers(), d = right.vcpu().system_registers();
    if (std::memcmp(&c, &d, offsetof(kvm_sregs, interrupt_bitmap)) != 0) {
        std::cout << "  system registers differ\n";
        same = false;
    }
    for (u64 i = 0; i < CounterGuest::bytes && same; i++) {
        if (left.memory().data()[i] == right.memory().data()[i]) continue;
        std::cout << "  memory at " << std::hex << i << ": " << +left.memory().data()[i] << " / "
                  << +right.memory().data()[i] << std::dec << "\n";
        same = false;
    }
    return same;
}

KvmHost* kvm_host() {
    static std::unique_ptr<KvmHost> host;
    static bool tried = false;
    if (!tried) {
        tried = true;
        try {
            host = std::make_unique<KvmHost>();
        } catch (const AcceleratorFault& fault) {
            std::cout << "skipped: " << fault.what() << "\n";
        }
    }
    return host.get();
}

}  // namespace vmft::kvm::test
