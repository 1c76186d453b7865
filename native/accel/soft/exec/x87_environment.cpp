#include "accel/soft/exec/x87_environment.h"

namespace vmft::soft::x87 {

void reset(X87& x) {
    x.control = 0x37f;
    x.status = 0;
    x.top = 0;
    x.valid = 0;
    x.opcode = 0;
    x.instruction_pointer = x.data_pointer = 0;
    x.instruction_selector = x.data_selector = 0;
}

void set_status_word(X87& x, u16 word) {
    x.top = word >> 11 & 7;
    x.status = word & (exceptions | stack_fault | condition_codes);
    update_summary(x);
}

void set_control(X87& x, u16 word) {
    x.control = (word & control_writable) | control_reserved_one;
    update_summary(x);
}

u16 tag_word(const X87& x) {
    unsigned word = 0;
    for (unsigned i = 0; i < 8; ++i) {
        const Float80& value = x.registers[i];
        unsigned tag = 2;
        if (!(x.valid >> i & 1))
            tag = 3;
        else if (is_zero(value))
            tag = 1;
        else if (exponent_of(value) != 0 && exponent_of(value) != 0x7fff && value.mantissa >> 63)
            tag = 0;
        word |= tag << (2 * i);
    }
    return static_cast<u16>(word);
}

namespace {

bool real_addresses(const Cpu& cpu) { return !(cpu.cr0 & cr0_pe) || cpu.rflags & flag_vm; }
u32 real_pointer(u16 selector, u64 offset) {
    return (static_cast<u32>(selector) << 4) + static_cast<u32>(offset);
}

template <typename T>
void put_at(u8* image, unsigned at, T value) {
    std::memcpy(image + at, &value, sizeof value);
}
template <typename T>
T get_at(const u8* image, unsigned at) {
    T value;
    std::memcpy(&value, image + at, sizeof value);
    return value;
}

}  // namespace

void pack_environment(const Cpu& cpu, u8* image, bool wide) {
    const X87& x = cpu.x87;
    u32 code = real_pointer(x.instruction_selector, x.instruction_pointer);
    u32 data = real_pointer(x.data_selector, x.data_pointer);
    u32 opcode = x.opcode & 0x7ff;
    if (wide) {
        put_at<u32>(image, 0, 0xffff0000 | x.control);
        put_at<u32>(image, 4, 0xffff0000 | status_word(x));
        put_at<u32>(image, 8, 0xffff0000 | tag_word(x));
        if (real_addresses(cpu)) {
            put_at<u32>(image, 12, 0xffff0000 | (code & 0xffff));
            put_at<u32>(image, 16, code >> 16 << 12 | opcode);
            put_at<u32>(image, 20, 0xffff0000 | (data & 0xffff));
            put_at<u32>(image, 24, data >> 16 << 12);
        } else {
            put_at<u32>(image, 12, static_cast<u32>(x.instruction_pointer));
            put_at<u32>(image, 16, x.instruction_selector | opcode << 16);
            put_at<u32>(image, 20, static_cast<u32>(x.data_pointer));
            put_at<u32>(image, 24, 0xffff0000 | x.data_selector);
        }
        return;
    }
    put_at<u16>(image, 0, x.control);
    put_at<u16>(image, 2, status_word(x));
    put_at<u16>(image, 4, tag_word(x));
    if (real_addresses(cpu)) {
        put_at<u16>(image, 6, static_cast<u16>(code));
        put_at<u16>(image, 8, static_cast<u16>((code >> 16 & 15) << 12 | opcode));
        put_at<u16>(image, 10, static_cast<u16>(data));
        put_at<u16>(image, 12, static_cast<u16>((data >> 16 & 15) << 12));
    } else {
        put_at<u16>(image, 6, static_cast<u16>(x.instruction_pointer));
        put_at<u16>(image, 8, x.instruction_selector);
        put_at<u16>(image, 10, static_cast<u16>(x.data_pointer));
        put_at<u16>(image, 12, x.data_selector);
    }
}

void unpack_environment(Cpu& cpu, const u8* image, bool wide) {
    X87& x = cpu.x87;
    unsigned step_bytes = wide ? 4 : 2;
    x.control = (get_at<u16>(image, 0) & control_writable) | control_reserved_one;
    set_status_word(x, get_at<u16>(image, step_bytes));
    u16 tags = get_at<u16>(image, 2 * step_bytes);
    x.valid = 0;
    for (unsigned i = 0; i < 8; ++i)
        if ((tags >> (2 * i) & 3) != 3) x.valid = static_cast<u8>(x.valid | 1u << i);
    if (real_addresses(cpu)) {
        u32 code_high = wide ? get_at<u32>(image, 16) : get_at<u16>(image, 8);
        u32 data_high = wide ? get_at<u32>(image, 24) : get_at<u16>(image, 12);
        x.instruction_pointer = get_at<u16>(image, wide ? 12 : 6) | (code_high >> 12 & 0xffff)
                                                                        << 16;
        x.data_pointer = get_at<u16>(image, wide ? 20 : 10) | (data_high >> 12 & 0xffff) << 16;
        x.instruction_selector = x.data_selector = 0;
        x.opcode = code_high & 0x7ff;
    } else if (wide) {
        x.instruction_pointer = get_at<u32>(image, 12);
        x.instruction_selector = get_at<u16>(image, 16);
        x.opcode = get_at<u16>(image, 18) & 0x7ff;
        x.data_pointer = get_at<u32>(image, 20);
        x.data_selector = get_at<u16>(image, 24);
    } else {
        x.instruction_pointer = get_at<u16>(image, 6);
        x.instruction_selector = get_at<u16>(image, 8);
        x.data_pointer = get_at<u16>(image, 10);
        x.data_selector = get_at<u16>(image, 12);
        x.opcode = 0;
    }
}

}  // namespace vmft::soft::x87
