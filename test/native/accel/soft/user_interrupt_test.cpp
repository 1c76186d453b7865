#include <algorithm>

#include "accel/soft/tiny_kernel.h"
#include "machine/machine.h"
#include "machine/random.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;
namespace k = vmft::test::tiny_kernel;

/// A whole machine whose guest computes in user mode while bytes are typed: the 16550's interrupt
/// comes through the PIC, or through the I/O APIC, to a handler whose first instruction pushes on
/// the kernel's stack.
namespace {

constexpr u64 local_apic = 0xfee0'0000, io_apic = 0xfec0'0000;

#define VMFT_UART_SET_UP                                                                           \
    "mov edx, 0x3fa\n"                                                                             \
    "mov al, 7\n"                                                                                  \
    "out dx, al\n"                                                                                 \
    "mov edx, 0x3fc\n"                                                                             \
    "mov al, 0x0b\n"                                                                               \
    "out dx, al\n"                                                                                 \
    "mov edx, 0x3f9\n"                                                                             \
    "mov al, 1\n"                                                                                  \
    "out dx, al\n"                                                                                 \
    "push 0x2b\n"                                                                                  \
    "push 0x701000\n"                                                                              \
    "push 0x202\n"                                                                                 \
    "push 0x33\n"                                                                                  \
    "lea rax, [rip + 9f]\n"                                                                        \
    "push rax\n"                                                                                   \
    "iretq\n"                                                                                      \
    "9: inc rbx\n"                                                                                 \
    "add rsi, rbx\n"                                                                               \
    "jmp 9b\n"

#define VMFT_UART_HANDLER                                                                          \
    "push rax\n"                                                                                   \
    "push rdx\n"                                                                                   \
    "mov edx, 0x3f8\n"                                                                             \
    "in al, dx\n"                                                                                  \
    "movzx eax, al\n"                                                                              \
    "add [0x600000], rax\n"                                                                        \
    "inc qword ptr [0x600008]\n"                                                                   \
    "mov rax, [rsp + 24]\n"                                                                        \
    "mov [0x600010], rax\n"

VMFT_CODE(user_interrupt_pic, R"(
  mov al, 0x11
  out 0x20, al
  mov al, 0x20
  out 0x21, al
  mov al, 4
  out 0x21, al
  mov al, 1
  out 0x21, al
  mov al, 0xef
  out 0x21, al
)" VMFT_UART_SET_UP R"(
user_interrupt_pic_handler:
)" VMFT_UART_HANDLER R"(
  mov al, 0x20
  out 0x20, al
  pop rdx
  pop rax
  iretq
)");
VMFT_LABEL(user_interrupt_pic_handler);

VMFT_CODE(user_interrupt_apic, R"(
  mov ebx, 0x800000
  mov dword ptr [rbx + 0xf0], 0x1ff
  mov ecx, 0x801000
  mov dword ptr [rcx], 0x18
  mov dword ptr [rcx + 0x10], 0x24
  mov dword ptr [rcx], 0x19
  mov dword ptr [rcx + 0x10], 0
  mov al, 0xff
  out 0x21, al
)" VMFT_UART_SET_UP R"(
user_interrupt_apic_handler:
)" VMFT_UART_HANDLER R"(
  mov eax, 0x800000
  mov dword ptr [rax + 0xb0], 0
  pop rdx
  pop rax
  iretq
)");
VMFT_LABEL(user_interrupt_apic_handler);

struct Made {
    SoftCpu* cpu = nullptr;
    std::unique_ptr<Machine> machine;
};

Made make(std::span<const u8> program, u64 handler) {
    Made made;
    MachineConfig config;
    config.memory_bytes = 8 << 20;
    made.machine = std::make_unique<Machine>(
        config, [&](GuestMemory& memory, Platform& platform) -> std::unique_ptr<Accelerator> {
            auto cpu = std::make_unique<SoftCpu>(memory, platform);
            made.cpu = cpu.get();
            return cpu;
        });
    GuestMemory& memory = made.machine->memory();
    k::build(memory, *made.cpu, program, 0);
    k::set_handler(memory, 0x24, handler);
    k::map(memory, 0x80'0000, local_apic, k::pte_write);
    k::map(memory, 0x80'1000, io_apic, k::pte_write);
    made.cpu->cpu().rflags &= ~soft::flag_if;
    made.cpu->registers_changed();
    made.machine->apply(ClockInput{0, 1000, 0});
    return made;
}

u64 data_of(const Machine& machine, u64 offset) {
    u64 value = 0;
    machine.memory().read_value(k::data_ram + offset, value);
    return value;
}

void type_at(std::span<const u8> program, const u8* handler_label) {
    u64 handler = k::code + static_cast<u64>(handler_label - program.data());
    u64 digests[3];
    for (unsigned way = 0; way < 3; way++) {
        Made made = make(program, handler);
        Machine& machine = *made.machine;
        Random typed(5), slices(way);
        u64 sum = 0;
        for (u64 count = 1; count <= 100; count++) {
            u64 until = count * 1'000 + typed.below(800);
            while (machine.position().ticks < until) {
                u64 here = machine.position().ticks;
                u64 slice = way == 0 ? until : way == 1 ? 1 : 1 + slices.below(50);
                VMFT_REQUIRE(!machine.run(std::min(until, here + slice)).ended());
            }
            u8 byte = static_cast<u8>(typed.next());
            sum += byte;
            machine.apply(ConsoleInput{0, {byte}});
        }
        machine.run(machine.position().ticks + 1'000);
        VMFT_EXPECT_EQUAL(data_of(machine, 8), 100u);
        VMFT_EXPECT_EQUAL(data_of(machine, 0), sum);
        VMFT_EXPECT_EQUAL(data_of(machine, 0x10), u64{k::user_code});
        VMFT_EXPECT(
            k::delivered(machine.memory(), *made.cpu).empty());  // No other vector was delivered.
        digests[way] = machine.state_digest() ^ machine.whole_memory_digest();
    }
    VMFT_EXPECT_EQUAL(digests[1], digests[0]);
    VMFT_EXPECT_EQUAL(digests[2], digests[0]);
}

}  // namespace

VMFT_TEST(typed_bytes_interrupt_user_mode_through_the_pic) {
    type_at(code_of(user_interrupt_pic), user_interrupt_pic_handler);
}
VMFT_TEST(typed_bytes_interrupt_user_mode_through_the_io_apic) {
    type_at(code_of(user_interrupt_apic), user_interrupt_apic_handler);
}
