#include "accel/kvm/trap/user_tsc.h"

#include <array>
#include <cstring>

#include "accel/kvm/trap/patched_soft_cpu.h"
#include "accel/soft/differential_software.h"
#include "accel/soft/tiny_kernel.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

/// The software CPU takes the fault that CR4.TSD makes of RDTSC; what is read off there must be
/// the very state in which the instruction leaves a CPU that lets it through.
namespace {

constexpr u64 now = 0x1234'5678'9abc'def0;
constexpr u32 aux = 0x8000'0007;
constexpr u64 stopper = tiny_kernel::kernel + 0x3800;  ///< A HLT in the handlers' page.
constexpr u64 ticks_max = 50;
constexpr u16 user_code32 = 0x3b;
constexpr u64 descriptor_code32 = 0x00cf'fb00'0000'ffff;

/// What user mode starts with; the programs end in INT 0x80.
#define VMFT_REGISTERS                                                                             \
    "mov rax, -1\n mov rcx, -2\n mov rdx, -3\n mov rbx, 0x77\n mov rsi, -5\n mov rbp, 0x1234\n"    \
    "mov r8, -8\n mov r15d, 15\n"
VMFT_CODE(user_tsc_rdtsc, VMFT_REGISTERS "std\n xor edi, edi\n rdtsc\n int 0x80\n");
VMFT_CODE(user_tsc_rdtscp, VMFT_REGISTERS "stc\n push rbp\n rdtscp\n int 0x80\n");
VMFT_CODE(user_tsc_prefixes,
          VMFT_REGISTERS "dec edi\n .byte 0x2e, 0x66, 0xf2, 0x48\n rdtsc\n int 0x80\n");
VMFT_CODE(user_tsc_prefixed_rdtscp, VMFT_REGISTERS ".byte 0x64, 0x41\n rdtscp\n int 0x80\n");
// Across two pages: the program's second begins 4096 behind.
VMFT_CODE(user_tsc_across, "jmp 1f\n .skip 4093, 0x90\n 1: rdtscp\n int 0x80\n");
// As 32-bit code: mov eax, -1; mov edx, -1; cmp eax, eax; rdtsc; int 0x80.
VMFT_CODE(user_tsc_compatible,
          ".byte 0xb8, -1, -1, -1, -1, 0xba, -1, -1, -1, -1, 0x39, 0xc0, 0x0f, 0x31\n int 0x80\n");
// dec eax (REX.W in 64-bit code), rdtscp.
VMFT_CODE(user_tsc_compatible_dec, ".byte 0x48, 0x36\n rdtscp\n int 0x80\n");
// What a scan of the kernel's image makes of the vDSO's.
VMFT_CODE(user_tsc_replaced, VMFT_REGISTERS ".byte 0xe6, 0x10\n int 0x80\n");
VMFT_CODE(user_tsc_halt, "hlt\n");
VMFT_CODE(user_tsc_wild, "mov rax, 0x8000000000000000\n mov rax, [rax]\n");
VMFT_CODE(user_tsc_other_port, "out 0x80, al\n");
VMFT_CODE(user_tsc_kernel, "mov rax, 0x8000000000000000\n mov rax, [rax]\n");

/// A program in user mode, run to the HLT that takes the place of #GP's and INT 0x80's handlers.
struct UserRun {
    GuestMemory memory{1 << 20};
    differential::NoPlatform platform;
    SoftCpu cpu{memory, platform};
    kvm_regs registers{};
    kvm_sregs system{};

    UserRun(std::span<const u8> program, bool refused, bool compatible = false, u8 cpl = 3,
            u64 flags = 0) {
        tiny_kernel::build(memory, cpu, program, cpl);
        for (u8 vector : {soft::vector_gp, soft::Vector{0x80}})
            tiny_kernel::set_handler(memory, vector, stopper);
        soft::Cpu& state = cpu.cpu();
        auto paging = kvm::PagingState::of(system_registers_of(state));
        const u8 halt = 0xf4;
        kvm::write_linear(memory, paging, stopper, {&halt, 1});
        kvm::write_linear(memory, paging, tiny_kernel::kernel + (user_code32 & ~7u),
                          {reinterpret_cast<const u8*>(&descriptor_code32), 8});
        state.msr_tsc_adjust = now;  // The platform's own counter stands at 0.
        state.msr_tsc_aux = aux;
        if (refused) state.cr4 |= soft::cr4_tsd;
        if (compatible) state.segments[soft::seg_cs] = {user_code32, 0xc0fb, 0xffff'ffff, 0};
        state.rflags |= flags;
        cpu.registers_changed();
        for (u64 ticks = 1; ticks < ticks_max && !cpu.halted(); ticks++) cpu.run(ticks);
        registers = registers_of(state);
        registers.rip = stopper;
        system = system_registers_of(state);
    }

    std::optional<kvm::UserState> behind() {
        return kvm::behind_user_rdtsc(registers, system, memory, now, aux);
    }
    /// The exception frame: without an error code it begins at RSP.
    std::array<u64, 5> frame() {
        std::array<u64, 5> words{};
        kvm::read_linear(memory, kvm::PagingState::of(system), registers.rsp,
                         {reinterpret_cast<u8*>(words.data()), sizeof words});
        return words;
    }
};

bool same_general(kvm_regs a, kvm_regs b) {
    a.rip = b.rip = a.rsp = b.rsp = a.rflags = b.rflags = 0;
    return std::memcmp(&a, &b, sizeof a) == 0;
}

void expect_same_segment(const kvm_segment& found, u64 selector, const soft::SegmentState& wanted) {
    VMFT_EXPECT_EQUAL(found.selector, selector);
    VMFT_EXPECT_EQUAL(found.base, wanted.base);
    VMFT_EXPECT_EQUAL(found.limit, wanted.limit);
    u16 access = static_cast<u16>(found.type | found.s << 4 | found.dpl << 5 | found.present << 7 |
                                  found.avl << 12 | found.l << 13 | found.db << 14 | found.g << 15);
    VMFT_EXPECT_EQUAL(access, wanted.access);
    VMFT_EXPECT(!found.unusable);
}

/// Runs the program refused and let through. `aside`: the let-through run is of other code.
void expect_as_let_through(std::span<const u8> program, std::span<const u8> let_through,
                           bool compatible = false) {
    UserRun refused(program, true, compatible), through(let_through, false, compatible);
    VMFT_REQUIRE(refused.cpu.halted() && through.cpu.halted());
    auto user = refused.behind();
    VMFT_REQUIRE(user.has_value());
    // INT 0x80 right behind has saved the state: rip, cs, rflags, rsp, ss.
    std::array<u64, 5> frame = through.frame();
    VMFT_EXPECT_EQUAL(user->registers.rip, frame[0] - 2);
    VMFT_EXPECT_EQUAL(user->registers.rflags, frame[2]);
    VMFT_EXPECT_EQUAL(user->registers.rsp, frame[3]);
    VMFT_EXPECT(same_general(user->registers, through.registers));
    VMFT_EXPECT(!user->single_step);
    u16 code_access = compatible ? 0xc0fb : 0xa0fb;
    expect_same_segment(user->system.cs, frame[1], {0, code_access, 0xffff'ffff, 0});
    expect_same_segment(user->system.ss, frame[4], {0, 0xc0f3, 0xffff'ffff, 0});
    VMFT_EXPECT_EQUAL(user->system.cr3, refused.system.cr3);
}

void expect_as_let_through(std::span<const u8> program, bool compatible = false) {
    expect_as_let_through(program, program, compatible);
}

}  // namespace

VMFT_TEST(user_mode_goes_on_as_if_it_had_been_let_through) {
    expect_as_let_through(code_of(user_tsc_rdtsc));
    expect_as_let_through(code_of(user_tsc_rdtscp));
    expect_as_let_through(code_of(user_tsc_prefixes));
    expect_as_let_through(code_of(user_tsc_prefixed_rdtscp));
    expect_as_let_through(code_of(user_tsc_across));
}

VMFT_TEST(so_does_32_bit_code) {
    expect_as_let_through(code_of(user_tsc_compatible), true);
    expect_as_let_through(code_of(user_tsc_compatible_dec), true);
}

VMFT_TEST(a_replacement_in_the_vdso_counts_as_rdtsc) {
    UserRun run(code_of(user_tsc_replaced), true);
    auto user = run.behind();
    VMFT_REQUIRE(user.has_value());
    VMFT_EXPECT_EQUAL(user->registers.rax, now & 0xffff'ffff);
    VMFT_EXPECT_EQUAL(user->registers.rdx, now >> 32);
}

VMFT_TEST(other_faults_are_the_guests) {
    for (auto program :
         {code_of(user_tsc_halt), code_of(user_tsc_wild), code_of(user_tsc_other_port)}) {
        UserRun run(program, true);
        VMFT_EXPECT(run.cpu.halted());
        VMFT_EXPECT(!run.behind());
    }
    UserRun kernel(code_of(user_tsc_kernel), true, false, 0);
    VMFT_EXPECT(kernel.cpu.halted());
    VMFT_EXPECT(!kernel.behind());
    // An error code; a frame that cannot be read; descriptors that are not there.
    UserRun run(code_of(user_tsc_rdtsc), true);
    VMFT_EXPECT(run.behind().has_value());
    kvm_sregs system = run.system;
    run.system.gdt.limit = 0x10;
    VMFT_EXPECT(!run.behind());
    run.system = system;
    u64 error = 0x6a;
    auto paging = kvm::PagingState::of(system);
    kvm::write_linear(run.memory, paging, run.registers.rsp, {reinterpret_cast<u8*>(&error), 8});
    VMFT_EXPECT(!run.behind());
    run.registers.rsp = 0x1234'5678'0000;
    VMFT_EXPECT(!run.behind());
}

VMFT_TEST(a_single_step_that_is_due_is_told) {
    // TF from the start would stop at the first instruction: the saved flags get it here.
    UserRun run(code_of(user_tsc_rdtsc), true);
    auto paging = kvm::PagingState::of(run.system);
    u64 flags = 0;
    std::span<u8> bytes(reinterpret_cast<u8*>(&flags), 8);
    kvm::read_linear(run.memory, paging, run.registers.rsp + 24, bytes);
    VMFT_EXPECT(flags & soft::flag_rf);
    flags |= soft::flag_tf;
    kvm::write_linear(run.memory, paging, run.registers.rsp + 24, bytes);
    auto user = run.behind();
    VMFT_REQUIRE(user.has_value());
    VMFT_EXPECT(user->single_step);
    VMFT_EXPECT_EQUAL(user->registers.rflags, flags & ~soft::flag_rf);
}

VMFT_TEST(the_handler_is_found_by_the_idt) {
    UserRun run(code_of(user_tsc_rdtsc), true);
    VMFT_EXPECT(kvm::gp_handler(run.system, run.memory) == stopper);
    kvm_sregs system = run.system;
    system.idt.limit = 13 * 16;
    VMFT_EXPECT(!kvm::gp_handler(system, run.memory));
    system = run.system;
    system.idt.base = 0x1234'5678'0000;
    VMFT_EXPECT(!kvm::gp_handler(system, run.memory));
    system = run.system;
    system.efer = 0;
    VMFT_EXPECT(!kvm::gp_handler(system, run.memory));
}
