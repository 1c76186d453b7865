#include "accel/kvm/kvm_cpu.h"

#include <cstring>

#include "accel/kvm/cpu_model.h"
#include "accel/kvm/with_kvm.h"
#include "machine/layout.h"

/// The accelerator's own rules at the edges: exceptions that wait, values that are refused.
namespace vmft::kvm {

namespace {

/// Ports that answer nothing, and no interrupts.
class QuietPlatform final : public Platform {
public:
    u32 port_read(u16, unsigned) override { return 0; }
    void port_write(u16 port, unsigned, u32) override { written_port = port; }
    u64 mmio_read(u64, unsigned) override { return 0; }
    void mmio_write(u64, unsigned, u64) override {}
    bool msr_read(u32, u64&) override { return false; }
    bool msr_write(u32, u64) override { return false; }
    u8 task_priority() const override { return 0; }
    void set_task_priority(u8) override {}
    bool interrupt_pending() const override { return false; }
    u8 acknowledge_interrupt() override { return 0; }
    u64 tsc() const override { return 0; }

    u16 written_port = 0;
};

KvmOptions by_steps(KvmHost& host) {
    KvmOptions options;
    options.cpuid = reduced_cpu_model(host);
    options.counter.kind = CounterOptions::Kind::step;
    return options;
}

/// 32-bit protected mode without paging; every exception goes to a handler that halts.
struct Guest {
    static constexpr u64 code = 0x8000, handler = 0x9000, gdt = 0x1000, idt = 0x2000,
                         stack = 0x7000;
    static constexpr u16 code_selector = 0x08, data_selector = 0x10;

    explicit Guest(KvmHost& host) : cpu(memory, platform, by_steps(host)) {}

    void load(std::span<const u8> bytes) {
        const u64 descriptors[] = {0, 0x00cf'9b00'0000'ffff, 0x00cf'9300'0000'ffff};
        const u64 gate = handler | u64{code_selector} << 16 | u64{0x8e00} << 32;
        for (unsigned i = 0; i < 3; i++) memory.write_value(gdt + i * 8, descriptors[i]);
        for (unsigned i = 0; i < 32; i++) memory.write_value(idt + i * 8, gate);
        memory.write_value<u8>(handler, 0xf4);
        memory.write(code, bytes);
        Accelerator::EntryState entry;
        entry.rip = code;
        entry.rsp = stack;
        entry.gdt_base = gdt;
        entry.gdt_limit = 23;
        entry.code_selector = code_selector;
        entry.data_selector = data_selector;
        cpu.set_entry(entry);
        kvm_sregs system = cpu.vcpu().system_registers();
        system.idt = {idt, 32 * 8 - 1, {}};
        cpu.vcpu().set_system_registers(system);
    }
    std::vector<u8> saved() const {
        StateWriter state;
        cpu.save(state);
        return state.bytes();
    }
    u32 on_stack(u64 offset) const {
        u32 value = 0;
        memory.read_value(stack - offset, value);
        return value;
    }

    GuestMemory memory{1 << 20};
    QuietPlatform platform;
    KvmCpu cpu;
};

// What an exception leaves below the stack's top, with an error code.
constexpr u64 at_flags = 4, at_rip = 12, at_error = 16;

}  // namespace

VMFT_TEST(an_exception_that_waits_is_part_of_the_state) {
    VMFT_NEED_KVM(host);
    // MOV ECX, an MSR that nobody has; RDMSR
    const u8 code[] = {0xb9, 0x00, 0x4d, 0x56, 0x5b, 0x0f, 0x32, 0xf4};
    Guest first(host);
    first.load(code);
    VMFT_REQUIRE(first.cpu.run(~u64{0}) == RunExit::device);
    VMFT_EXPECT_EQUAL(first.cpu.position().rip, Guest::code + 5);

    Guest second(host);
    std::memcpy(second.memory.data(), first.memory.data(), first.memory.bytes());
    std::vector<u8> bytes = first.saved();
    StateReader state(bytes);
    second.cpu.restore(state);
    VMFT_EXPECT(state.ok());
    VMFT_EXPECT(bytes == second.saved());

    for (Guest* guest : {&first, &second}) {
        VMFT_EXPECT(guest->cpu.run(~u64{0}) == RunExit::halted);
        VMFT_EXPECT_EQUAL(guest->cpu.position().rip, Guest::handler + 1);
        VMFT_EXPECT_EQUAL(guest->on_stack(at_rip), Guest::code + 5);
    }
    VMFT_EXPECT(first.cpu.position() == second.cpu.position());
    VMFT_EXPECT(first.saved() == second.saved());
    VMFT_EXPECT_EQUAL(std::memcmp(second.memory.data(), first.memory.data(), Guest::code), 0);
}

VMFT_TEST(a_value_that_cr4_cannot_hold_is_refused_as_by_a_processor) {
    VMFT_NEED_KVM(host);
    // MOV EAX, a reserved bit; OUT to the port that stands for MOV CR4, EAX
    const u8 code[] = {0xb8, 0x00, 0x00, 0x00, 0x80, 0x3e, 0xe6, layout::trap_write_cr4, 0xf4};
    Guest guest(host);
    guest.load(code);
    u64 before = guest.cpu.vcpu().system_registers().cr4;
    try {
        VMFT_EXPECT(guest.cpu.run(~u64{0}) == RunExit::device);
    } catch (const AcceleratorFault& fault) {
        VMFT_EXPECT(false && fault.what());
        return;
    }
    VMFT_EXPECT_EQUAL(guest.cpu.vcpu().system_registers().cr4, before);
    VMFT_EXPECT(guest.cpu.run(~u64{0}) == RunExit::halted);
    VMFT_EXPECT_EQUAL(guest.cpu.position().rip, Guest::handler + 1);
    VMFT_EXPECT_EQUAL(guest.on_stack(at_rip), Guest::code + 5);
    VMFT_EXPECT_EQUAL(guest.on_stack(at_error), 0u);
    VMFT_EXPECT(guest.on_stack(at_flags) & 0x1'0000);
}

VMFT_TEST(a_single_step_over_a_replaced_instruction_is_told) {
    VMFT_NEED_KVM(host);
    // As it is over any other OUT; not every KVM tells it there.
    u32 told_at[2] = {};
    for (unsigned i = 0; i < 2; i++) {
        const u8 code[] = {0xe6, i == 0 ? u8{0x80} : u8{layout::trap_rdtsc}, 0x90, 0xf4};
        Guest guest(host);
        guest.load(code);
        kvm_regs registers = guest.cpu.vcpu().registers();
        registers.rflags |= 0x100;
        guest.cpu.vcpu().set_registers(registers);
        VMFT_REQUIRE(guest.cpu.run(~u64{0}) == RunExit::device);
        VMFT_EXPECT_EQUAL(guest.cpu.position().rip, Guest::code + 2);
        VMFT_EXPECT(guest.cpu.run(~u64{0}) == RunExit::halted);
        VMFT_EXPECT_EQUAL(guest.cpu.position().rip, Guest::handler + 1);
        told_at[i] = guest.on_stack(at_rip);
    }
    VMFT_EXPECT_EQUAL(told_at[1], told_at[0]);
}

VMFT_TEST(a_guest_that_comes_to_no_position_is_ended_in_the_end) {
    VMFT_NEED_KVM(host);
    // MOV ECX, -1; REP LODSB
    const u8 code[] = {0xb9, 0xff, 0xff, 0xff, 0xff, 0xf3, 0xac, 0xf4};
    Guest guest(host);
    guest.load(code);
    guest.cpu.set_unclean_ns_max(20'000'000);
    guest.cpu.break_out_at(1);
    VMFT_REQUIRE(guest.cpu.run(~u64{0}) == RunExit::position);
    kvm_regs registers = guest.cpu.vcpu().registers();
    registers.rip = Guest::code + 5;
    registers.rcx = ~u32{0};
    guest.cpu.vcpu().set_registers(registers);
    guest.cpu.break_out_at(0);
    std::string why;
    try {
        guest.cpu.run(~u64{0});
    } catch (const AcceleratorFault& fault) {
        why = fault.what();
    }
    VMFT_EXPECT(why.find("no place") != why.npos && why.find("at rip 0x8005") != why.npos);
}

VMFT_TEST(a_place_where_kvm_takes_no_interrupt_is_no_position) {
    VMFT_NEED_KVM(host);
    // STI; again: INC EAX; JMP again
    const u8 code[] = {0xfb, 0x40, 0xeb, 0xfd};
    Guest guest(host);
    guest.load(code);
    guest.cpu.break_out_at(1);
    VMFT_REQUIRE(guest.cpu.run(~u64{0}) == RunExit::position);
    const kvm_run& page = guest.cpu.vcpu().run_page();
    // As behind an INT n whose delivery KVM begins again.
    guest.cpu.vcpu().run_page().if_flag = 1;
    guest.cpu.vcpu().run_page().ready_for_interrupt_injection = 0;
    guest.cpu.break_out_at(0);
    VMFT_REQUIRE(guest.cpu.run(~u64{0}) == RunExit::position);
    // The vCPU was entered once more, and KVM says otherwise now.
    VMFT_EXPECT(!page.if_flag || page.ready_for_interrupt_injection);
}

VMFT_TEST(x87_pointers_are_gone_behind_a_snapshot) {
    VMFT_NEED_KVM(host);
    const u8 code[] = {0xf4};
    Guest guest(host);
    guest.load(code);
    kvm_fpu fpu = guest.cpu.vcpu().fpu();
    fpu.last_ip = 0x1234;
    fpu.last_opcode = 0x77;
    fpu.mxcsr = 0x1fa0;
    guest.cpu.vcpu().set_fpu(fpu);
    guest.cpu.flush_caches();
    fpu = guest.cpu.vcpu().fpu();
    VMFT_EXPECT_EQUAL(fpu.last_ip, 0u);
    VMFT_EXPECT_EQUAL(fpu.last_opcode, 0);
    VMFT_EXPECT_EQUAL(fpu.mxcsr, 0x1fa0u);
}

}  // namespace vmft::kvm
