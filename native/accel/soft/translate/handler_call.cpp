#include "accel/soft/translate/handler_call.h"

#include "accel/soft/dispatch.h"
#include "accel/soft/flags.h"
#include "accel/soft/mmu.h"

namespace vmft::soft {

namespace {

/// Behind the one instruction: rip is behind it, unless the handler has set it and left already.
void behind(Cpu& cpu, const Insn* insn) {
    cpu.rip = cpu.gpr[reg_block] + insn->imm;
    VMFT_LEAVE(cpu);
}

/// The lazy form of the flags for each AH of LAHF, OF being clear.
struct LazyForms {
    LazyFlags by_ah[256];

    LazyForms() {
        constexpr u64 low_flags = flag_cf | flag_pf | flag_af | flag_zf | flag_sf;
        for (unsigned ah = 0; ah < 256; ah++) by_ah[ah] = lazy_flags(ah & low_flags);
    }
};
const LazyForms lazy_forms;

}  // namespace

void flags_to_host_form(Cpu& cpu) {
    u64 flags = arithmetic_flags(cpu);
    cpu.host_flags = static_cast<u16>((flags & 0xff) << 8 | 0x200 | (flags & flag_of ? 1 : 0));
}

void flags_from_host_form(Cpu& cpu) {
    const LazyFlags& lazy = lazy_forms.by_ah[cpu.host_flags >> 8];
    cpu.lazy_result = lazy.result;
    cpu.lazy_aux = lazy.aux ^ (cpu.host_flags & 1 ? aux_overflow : 0);
}

void run_handler(Cpu* cpu_pointer, const Block* block, unsigned index) {
    Cpu& cpu = *cpu_pointer;
    Block& alone = *cpu.single_insn;
    const Insn& original = block->insns[index];
    Insn* insn = alone.insns;
    insn[0] = original;
    insn[1].handler = behind;
    insn[1].imm = original.offset + original.length;
    cpu.block = &alone;
    cpu.gpr[reg_block] = cpu.rip_page + (block->ram_offset & page_mask);
    i64 behind_it = block->count - 1 - static_cast<i64>(index);
    cpu.ticks_left += behind_it;
    flags_from_host_form(cpu);
    const u64 result = cpu.lazy_result, aux = cpu.lazy_aux;
#ifdef VMFT_THREADED
    insn->handler(cpu, insn);
#else
    cpu.next_insn = insn;
    while (const Insn* next = cpu.next_insn) next->handler(cpu, next);
#endif
    // Most handlers that come here leave the flags alone.
    if (cpu.lazy_result != result || cpu.lazy_aux != aux) flags_to_host_form(cpu);
    cpu.ticks_left -= behind_it;
    cpu.block = nullptr;
    forget_stack_pages(cpu);
}

void run_handlers_from(Cpu* cpu, const Block* block, unsigned index) {
    const u64 start = cpu->rip_page + (block->ram_offset & page_mask);
    for (unsigned count = block->count; index < count; index++) {
        run_handler(cpu, block, index);
        // A conditional branch may have left: what follows it is not run.
        const Insn& insn = block->insns[index];
        if (cpu->rip == start + insn.offset + insn.length) continue;
        cpu->ticks_left += count - 1 - index;
        return;
    }
}

bool fill_code_tlb(Cpu* cpu, u64 linear) {
    return cpu->ticks_left > 0 && fetch_offset_quietly(*cpu, linear) != GuestMemory::no_offset;
}

}  // namespace vmft::soft
