// Console input by interrupt: answers each line with its length and checksum until a line "quit".
// Input arrives when it arrives, so this is the guest for recording and replaying it.

#include "guest.h"

namespace {

using namespace guest;
namespace layout = vmft::layout;

constexpr u8 serial_vector = 0x20 + layout::gsi_com1;
constexpr u16 interrupt_enable = layout::com1 + 1;
constexpr u16 fifo_control = layout::com1 + 2;
constexpr u16 modem_control = layout::com1 + 4;
constexpr u16 line_status = layout::com1 + 5;
constexpr u64 received_max = 4096;

volatile u8 received[received_max];
volatile u64 received_bytes;

__attribute__((interrupt)) void on_serial(InterruptFrame*) {
    while (in8(line_status) & 1) {
        u8 byte = in8(layout::com1);
        if (received_bytes < received_max) received[received_bytes] = byte;
        received_bytes = received_bytes + 1;
    }
    end_of_interrupt(layout::gsi_com1);
}

bool is_quit(u64 start, u64 bytes) {
    return bytes == 4 && received[start] == 'q' && received[start + 1] == 'u' &&
           received[start + 2] == 'i' && received[start + 3] == 't';
}

bool answer(u64 start, u64 bytes) {
    if (is_quit(start, bytes)) return false;
    u64 checksum = 0;
    for (u64 i = 0; i < bytes; ++i) checksum = checksum * 31 + received[start + i];
    print_line("echo: ", bytes, " bytes, checksum ", checksum);
    return true;
}

void run() {
    u64 line_start = 0;
    for (u64 at = 0; at < received_max; ++at) {
        disable_interrupts();
        while (received_bytes == at) wait_for_interrupt();
        enable_interrupts();
        if (received[at] != '\n' && received[at] != '\r') continue;
        if (!answer(line_start, at - line_start)) return;
        line_start = at + 1;
    }
    print_line("echo: buffer full");
}

}  // namespace

extern "C" void guest_main() {
    set_handler(serial_vector, on_serial);
    set_up_pic(1 << layout::gsi_com1);
    out8(fifo_control, 0x07);
    out8(modem_control, 0x0b);  // DTR, RTS and OUT2, which lets the interrupt out
    out8(interrupt_enable, 0x01);
    print_line("echo: ready");
    run();
    print_line("echo: quit");
}
