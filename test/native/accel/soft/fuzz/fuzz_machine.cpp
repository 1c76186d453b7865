#include "accel/soft/fuzz/fuzz_machine.h"

#include <algorithm>
#include <cstring>

#include "accel/soft/flags.h"
#include "accel/soft/tlb_contents.h"

namespace vmft::fuzz {

using namespace soft;

FuzzMachine::FuzzMachine(const Case& drawn, const TranslatorOptions& options, Slices slices,
                         Planted planted)
    : case_(drawn), slices_(slices), planted_(planted), random_(drawn.seed, 1),
      cpu_(memory_, *this, options), restores_(options.enabled) {
    std::memcpy(memory_.data(), drawn.ram.data(), ram_bytes);
    for (const Piece& piece : drawn.pieces) {
        u8* at = memory_.data() + piece.ram_offset;
        if (piece.kept)
            std::memcpy(at, piece.bytes, piece.length);
        else
            std::memset(at, 0x90, piece.length);
    }
    enter_guest();
}

/// In front of the fault handler, which takes it to the first record.
void FuzzMachine::enter_guest() {
    Cpu& cpu = cpu_.cpu();
    cpu.cr0 = cr0_pe | cr0_mp | cr0_et | cr0_ne | cr0_wp | cr0_pg;
    cpu.cr3 = tables;
    cpu.cr4 = cr4_pae | cr4_osfxsr | cr4_osxmmexcpt | cr4_de;
    cpu.efer = efer_sce | efer_lme | efer_lma | efer_nxe;
    cpu.msr_star = u64{0x20} << 48 | u64{0x10} << 32;
    cpu.msr_lstar = system_linear + handlers + 0x300;
    cpu.msr_syscall_mask = flag_df | flag_tf;
    cpu.gdtr = {system_linear + gdt, case_.gdt_limit};
    cpu.idtr = {system_linear + idt, 0xfff};
    cpu.ldtr = {};
    cpu.tr = {0x40, 0x8b, 103, system_linear + tss};
    for (SegmentState& segment : cpu.segments) segment = {};
    cpu.segments[seg_cs] = {0x10, 0xa09b, 0xffff'ffff, 0};
    cpu.segments[seg_ss] = {0x18, 0xc093, 0xffff'ffff, 0};
    cpu.cpl = 0;
    cpu.rip = system_linear + handlers;
    cpu.rflags = 2;
    set_arithmetic_flags(cpu, 0);
    cpu.gpr[rsp] = system_linear + fault_stack_top;
    cpu_.registers_changed();
}

void FuzzMachine::port_write(u16 port, unsigned bytes, u32 value) {
    NotingPlatform::port_write(port, bytes, value);
    if (port == 0x12) {
        // A device writes to code while the instruction runs.
        u64 at = code_ram + value % (code_pages_max * page_bytes - 8);
        memory_.write_value<u32>(at, value * 0x9e37'79b1);
    }
}

void FuzzMachine::happen(const WorldEvent& event) {
    switch (event.kind) {
    case WorldEvent::interrupt: pending_.push_back(static_cast<u8>(event.value)); break;
    case WorldEvent::dma: memory_.write_value(event.ram_offset, event.value); break;
    case WorldEvent::clear_dirty:
        for (u64 page = 0; page < memory_.pages(); page++)
            memory_.page_flags()[page] &=
                static_cast<u8>(~(GuestMemory::dirty | GuestMemory::changed));
        cpu_.dirty_flags_cleared();
        break;
    case WorldEvent::snapshot:
        cpu_.flush_caches();
        if (!restores_) break;
        StateWriter state;
        cpu_.save(state);
        StateReader reader(state.bytes());
        cpu_.restore(reader);
        break;
    }
}

u64 FuzzMachine::slice(u64 ticks_left) {
    switch (slices_) {
    case Slices::whole: return ticks_left;
    case Slices::single: return 1;
    default: return std::min(ticks_left, 1 + random_.below(random_.chance(50) ? 8 : 300));
    }
}

void FuzzMachine::plant() {
    Cpu& cpu = cpu_.cpu();
    bool first = !planted_now_;
    planted_now_ = true;
    switch (planted_) {
    case Planted::register_bit:
        if (first) cpu.gpr[r13] ^= u64{1} << 17;
        break;
    case Planted::flag_bit:
        if (first) set_arithmetic_flags(cpu, arithmetic_flags(cpu) ^ flag_af);
        break;
    case Planted::xmm_bit:
        if (first) cpu.xmm[11].bytes[9] ^= 4;
        break;
    case Planted::memory_bit:
        if (first) memory_.data()[data_ram + 0x8123] ^= 1;
        break;
    case Planted::translation:
        if (first) tlb_forget_one(cpu);
        break;
    case Planted::stale_code:
        for (u64 page = 0; page < memory_.pages(); page++)
            memory_.page_flags()[page] &= static_cast<u8>(~GuestMemory::code);
        break;
    case Planted::late:
        if (first) {
            StateWriter state;
            cpu_.run(cpu_.ticks() + 1);
            cpu_.save(state);
            std::vector<u8> bytes = state.bytes();
            u64 less = cpu_.ticks() - 1;
            std::memcpy(bytes.data(), &less, sizeof less);
            StateReader reader(bytes);
            cpu_.restore(reader);
        }
        break;
    case Planted::none: break;
    }
}

void FuzzMachine::run_to(u64 ticks) {
    while (cpu_.ticks() < ticks && !ended_) {
        while (next_event_ < case_.events.size() && case_.events[next_event_].ticks <= cpu_.ticks())
            happen(case_.events[next_event_++]);
        u64 until = ticks;
        if (next_event_ < case_.events.size())
            until = std::min(until, case_.events[next_event_].ticks);
        if (planted_ != Planted::none && cpu_.ticks() >= case_.ticks_max / 3) plant();
        switch (cpu_.run(cpu_.ticks() + slice(until - cpu_.ticks()))) {
        case RunExit::position:
        case RunExit::device: break;
        case RunExit::halted:
            // It sleeps until the next thing happens, or for good.
            if (next_event_ < case_.events.size())
                happen(case_.events[next_event_++]);
            else if (pending_.empty() || !(cpu_.cpu().rflags & flag_if))
                ended_ = true;
            break;
        case RunExit::triple_fault:
        case RunExit::stuck: ended_ = true; break;
        }
    }
}

u32 FuzzMachine::restarts() const {
    u32 count;
    std::memcpy(&count, memory_.data() + scratch, sizeof count);
    return count;
}

std::string FuzzMachine::describe() const { return cpu_.describe(); }

std::string FuzzMachine::next_instruction() const {
    return code_at_rip(const_cast<SoftCpu&>(cpu_).cpu());
}

std::string FuzzMachine::difference(FuzzMachine& tested, FuzzMachine& reference) {
    char line[200];
    using ull = unsigned long long;
    if (tested.ticks() != reference.ticks() || tested.ended_ != reference.ended_) {
        std::snprintf(line, sizeof line, "ticks %llu%s, reference %llu%s", ull{tested.ticks()},
                      tested.ended_ ? " (ended)" : "", ull{reference.ticks()},
                      reference.ended_ ? " (ended)" : "");
        return line;
    }
    StateWriter state, wanted;
    tested.cpu_.save(state);
    reference.cpu_.save(wanted);
    if (state.bytes() != wanted.bytes()) {
        size_t at = 0;
        while (state.bytes()[at] == wanted.bytes()[at]) at++;
        std::snprintf(line, sizeof line,
                      "registers, from byte %zu of the saved state on: %02x, reference %02x", at,
                      state.bytes()[at], wanted.bytes()[at]);
        return line;
    }
    if (tested.asked_ != reference.asked_) return "what devices were asked";
    if (std::string text = tlb_difference(tested.cpu_.cpu(), reference.cpu_.cpu()); !text.empty())
        return text;
    const u8 *memory = tested.memory_.data(), *other = reference.memory_.data();
    if (std::memcmp(memory, other, ram_bytes) != 0) {
        u64 at = 0;
        while (memory[at] == other[at]) at++;
        std::snprintf(line, sizeof line, "memory at RAM offset %llx: %02x, reference %02x", ull{at},
                      memory[at], other[at]);
        return line;
    }
    for (u64 page = 0; page < tested.memory_.pages(); page++)
        if ((tested.memory_.page_flags()[page] ^ reference.memory_.page_flags()[page]) &
            GuestMemory::write_marks) {
            std::snprintf(line, sizeof line, "marks of page %llx: %x, reference %x", ull{page},
                          tested.memory_.page_flags()[page], reference.memory_.page_flags()[page]);
            return line;
        }
    return "";
}

}  // namespace vmft::fuzz
