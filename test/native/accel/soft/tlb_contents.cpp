#include "accel/soft/tlb_contents.h"

#include <cstdio>

namespace vmft {

using namespace soft;

std::string tlb_difference(const Cpu& a, const Cpu& b) {
    char line[200];
    using ull = unsigned long long;
    for (unsigned context = 0; context < tlb_contexts; context++)
        for (unsigned slot = 0; slot < tlb_entries; slot++) {
            const TlbEntry &one = a.data_tlb[context][slot], &other = b.data_tlb[context][slot];
            bool same =
                one.valid() == other.valid() &&
                (!one.valid() || (one.page() == other.page() && one.target == other.target));
            if (same) continue;
            std::snprintf(line, sizeof line,
                          "data TLB %u, slot %u: page %llx -> %llx, reference page %llx -> %llx",
                          context, slot, ull{one.valid() ? one.page() : 0},
                          ull{one.valid() ? one.target : 0}, ull{other.valid() ? other.page() : 0},
                          ull{other.valid() ? other.target : 0});
            return line;
        }
    for (unsigned level = 0; level < 2; level++)
        for (unsigned slot = 0; slot < code_tlb_entries; slot++) {
            const CodeTlbEntry &one = a.code_tlb[level][slot], &other = b.code_tlb[level][slot];
            bool held = one.page != ~u64{0};
            bool same = one.page == other.page &&
                        (!held || (one.ram_offset == other.ram_offset &&
                                   a.code_tlb_large[level][slot] == b.code_tlb_large[level][slot]));
            if (same) continue;
            std::snprintf(line, sizeof line,
                          "code TLB %u, slot %u: page %llx -> %llx, reference page %llx -> %llx",
                          level, slot, ull{one.page}, ull{one.ram_offset}, ull{other.page},
                          ull{other.ram_offset});
            return line;
        }
    return "";
}

std::string code_at_rip(const Cpu& cpu) {
    char text[40];
    std::snprintf(text, sizeof text, "%llx:", static_cast<unsigned long long>(cpu.rip));
    std::string line = text;
    const CodeTlbEntry& entry = cpu.code_tlb_now[cpu.rip >> page_shift & (code_tlb_entries - 1)];
    if (entry.page != (cpu.rip & ~page_mask)) return line + " (not fetched yet)";
    u64 from = cpu.rip & page_mask;
    for (u64 i = from; i < page_bytes && i < from + 15; i++) {
        std::snprintf(text, sizeof text, " %02x", cpu.ram[entry.ram_offset + i]);
        line += text;
    }
    return line;
}

void tlb_forget_one(Cpu& cpu) {
    for (auto& context : cpu.data_tlb)
        for (TlbEntry& entry : context)
            if (entry.valid()) {
                entry.read_page = entry.write_page = TlbEntry::none;
                return;
            }
}

}  // namespace vmft
