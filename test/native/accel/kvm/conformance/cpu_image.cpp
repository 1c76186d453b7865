#include "accel/kvm/conformance/cpu_image.h"

#include <sstream>

namespace vmft::test::conformance {

void CpuImage::set_segment(unsigned field, u16 selector, u64 base, u32 limit, u16 access) {
    constexpr u16 present = 0x80;
    // A guest cannot tell a null selector's hidden part, nor TR's before it loads it.
    bool loaded = selector > 3;
    bool usable = (access & present) && loaded;
    bool keeps_base = field == field_segments + 4 * 4 || field == field_segments + 5 * 4;
    values[field] = selector;
    values[field + 1] = usable || keeps_base ? base : 0;
    values[field + 2] = usable ? limit : 0;
    values[field + 3] = usable ? access : 0;
}

std::string field_name(unsigned field) {
    static constexpr const char* gprs[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                           "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    static constexpr const char* segments[] = {"es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr"};
    static constexpr const char* parts[] = {"", ".base", ".limit", ".access"};
    static constexpr const char* control[] = {"rip", "rflags", "cr0", "cr2", "cr3", "cr4", "efer"};
    static constexpr const char* tables[] = {"gdtr.base", "gdtr.limit", "idtr.base", "idtr.limit"};
    static constexpr const char* rest[] = {
        "x87 control",  "x87 status",   "x87 tags",     "mxcsr",       "star",
        "lstar",        "cstar",        "syscall mask", "kernel gs",   "sysenter cs",
        "sysenter esp", "sysenter eip", "pat",          "int. shadow", "halted"};
    if (field < field_rip) return gprs[field];
    if (field < field_dr) return control[field - field_rip];
    if (field < field_segments) {
        static constexpr const char* debug[] = {"dr0", "dr1", "dr2", "dr3", "dr6", "dr7"};
        return debug[field - field_dr];
    }
    if (field < field_gdt_base)
        return std::string(segments[(field - field_segments) / 4]) +
               parts[(field - field_segments) % 4];
    if (field < field_xmm) return tables[field - field_gdt_base];
    if (field < field_x87)
        return "xmm" + std::to_string((field - field_xmm) / 2) +
               ((field - field_xmm) % 2 ? ".high" : ".low");
    if (field < field_x87_control)
        return "st" + std::to_string((field - field_x87) / 2) +
               ((field - field_x87) % 2 ? ".exponent" : ".mantissa");
    return rest[field - field_x87_control];
}

std::string differences(const CpuImage& found, const CpuImage& wanted) {
    std::ostringstream text;
    for (unsigned field = 0; field < field_count; field++)
        if (found[field] != wanted[field])
            text << "  " << field_name(field) << ": " << std::hex << found[field] << ", soft has "
                 << wanted[field] << std::dec << "\n";
    return text.str();
}

}  // namespace vmft::test::conformance
