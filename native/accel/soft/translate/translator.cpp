#include "accel/soft/translate/translator.h"

#include <cstring>

#include "accel/soft/block_cache.h"
#include "accel/soft/mmu.h"
#include "accel/soft/segments.h"
#include "accel/soft/simd_state.h"
#include "accel/soft/translate/emit_table.h"
#include "accel/soft/translate/handler_call.h"
#include "base/check.h"

#include <xbyak/xbyak_util.h>

namespace vmft::soft {

namespace {

constexpr u64 stub_bytes_max = 4096;

struct Planned {
    GuestInsn guest;
    const EmitEntry* entry = nullptr;
    InsnEffects effects;
    bool observes = true;  ///< Registers and flags must be exact while it runs.
    bool reads_flags = true;
    bool writes_all_flags = false;
};

Planned plan(const u8* bytes, unsigned available, const Block& block, unsigned index) {
    Planned planned;
    GuestInsn& guest = planned.guest;
    const Insn& original = block.insns[index];
    decode(bytes + original.offset, available - original.offset, block.mode, original.offset,
           guest.insn, guest.d);
    guest.index = index;
    guest.block_offset = static_cast<i32>(block.ram_offset & page_mask);
    guest.rip_offset = guest.block_offset + original.offset;
    planned.entry = emit_table().find(guest);
    if (!planned.entry) {
        planned.effects.registers_written = 0xffff;
        return planned;
    }
    u32 traits = planned.entry->traits;
    planned.observes =
        (traits & (may_give_up | ends)) || (guest.d.memory && !(traits & only_address));
    planned.reads_flags = traits & reads_flags;
    planned.effects.sets_flags = traits & sets_flags;
    planned.writes_all_flags = (traits & (sets_flags | keeps_flags)) == sets_flags;
    planned.effects.registers_written = registers_written(guest, traits);
    return planned;
}

/// Fills simd_check: an SSE instruction relies on what an earlier one of the block has found out,
/// unless a handler, which might change it (LDMXCSR, MOV to CR0), runs between them. The first asks
/// for all.
void find_simd_checks(Planned* planned, unsigned count) {
    u8 asked = 0;
    for (unsigned i = count; i-- > 0;) {
        if (!planned[i].entry) {
            asked = 0;
            continue;
        }
        u32 traits = planned[i].entry->traits;
        if (traits & uses_simd) asked |= simd_unavailable;
        if (traits & rounds) asked |= simd_unmasked;
        planned[i].effects.simd_check = asked;
    }
    bool known = false;
    for (unsigned i = 0; i < count; i++) {
        Planned& p = planned[i];
        bool asks = p.entry && (p.entry->traits & uses_simd) && !known;
        known = p.entry && (known || asks);
        if (asks)
            p.observes = true;
        else
            p.effects.simd_check = 0;
    }
}

/// Fills flags_dead_after, from the last instruction to the first.
void find_dead_flags(Planned* planned, unsigned count) {
    bool dead = false;  // Behind the block somebody may look.
    for (unsigned i = count; i-- > 0;) {
        planned[i].effects.flags_dead_after = dead;
        if (planned[i].reads_flags || planned[i].observes)
            dead = false;
        else if (planned[i].writes_all_flags)
            dead = true;
    }
}

}  // namespace

namespace {

/// AF behind a logical operation, with AF set before it.
#define VMFT_AF_BEHIND(operation)                                                                  \
    [] {                                                                                           \
        u32 ax, value = 1;                                                                         \
        asm volatile("movb $15, %%al; addb $1, %%al; " operation " %1, %1; lahf"                   \
                     : "=a"(ax), "+c"(value)                                                       \
                     :                                                                             \
                     : "cc");                                                                      \
        return (ax >> 8 & flag_af) != 0;                                                           \
    }()

/// The manual leaves AF undefined behind AND, OR, XOR and TEST; the interpreter, and translated
/// code without a repair, have it 0, as all known processors do.
bool logic_clears_af() {
    return !VMFT_AF_BEHIND("andl") && !VMFT_AF_BEHIND("orl") && !VMFT_AF_BEHIND("xorl") &&
           !VMFT_AF_BEHIND("testl");
}

#undef VMFT_AF_BEHIND

}  // namespace

bool Translator::host_fits() {
#if defined(__x86_64__)
    // LAHF and SAHF in 64-bit mode (CPUID 80000001h ECX bit 0).
    u32 data[4];
    Xbyak::util::Cpu::getCpuid(0x80000001, data);
    return (data[2] & 1) && logic_clears_af();
#else
    return false;
#endif
}

Translator::Translator(Cpu& cpu, const TranslatorOptions& options)
    : cpu_(cpu), options_(options),
      memory_(std::max(options.code_bytes, stub_bytes_max + Emitter::bytes_max(block_insns_max))),
      single_insn_(std::make_unique<u8[]>(sizeof(Block) + 2 * sizeof(Insn))) {
    StubWriter writer(memory_.writable(), stub_bytes_max, this, go_on);
    stubs_ = writer.stubs;
    enter_ = reinterpret_cast<EnterCode>(memory_.executable(writer.enter));
    stub_bytes_ = used_ = (writer.bytes + 63) & ~u64{63};
    cpu.single_insn = reinterpret_cast<Block*>(single_insn_.get());
    cpu.single_insn->count = 1;
}

Translator::~Translator() = default;

const u8* Translator::untranslated_entry() const { return memory_.executable(stubs_.untranslated); }

bool Translator::full() const {
    return used_ + Emitter::bytes_max(block_insns_max) > memory_.bytes();
}

void Translator::clear() {
    used_ = stub_bytes_;
    pending_ = nullptr;
}

void Translator::translate(Block& block) {
    VMFT_CHECK(!full() && block.mode == (code64 | code_stack32));
    const u8* bytes = cpu_.ram + block.ram_offset;
    unsigned available = static_cast<unsigned>(page_bytes - (block.ram_offset & page_mask));
    Planned planned[block_insns_max];
    for (unsigned i = 0; i < block.count; i++) planned[i] = plan(bytes, available, block, i);
    find_simd_checks(planned, block.count);
    find_dead_flags(planned, block.count);

    unsigned links = 2;  // At the end: two of a LOOP.
    for (unsigned i = 0; i < block.count; i++) links += planned[i].guest.d.side_exit;
    auto code = std::make_unique<HostCode>(links);
    u8* at = memory_.writable() + used_;
    Emitter emitter(at, memory_.bytes() - used_, stubs_, block, *code);
    emitter.begin_block();
    for (unsigned i = 0; i < block.count; i++) {
        const Planned& p = planned[i];
        emitter.begin_insn(p.guest, p.effects);
        if (p.entry)
            p.entry->emit(emitter, p.guest);
        else if (p.guest.d.ends_block)
            emitter.end_by_handler();
        else
            emitter.by_handler();
        emitter.end_insn();
    }
    used_ += (emitter.end_block() + 15) & ~u64{15};
    block.entry = memory_.executable(at);
    block.code = code.release();
}

void Translator::run(Block& block) {
    cpu_.rip_page = cpu_.rip & ~page_mask;
    cpu_.block = nullptr;
    pending_ = nullptr;
    flags_to_host_form(cpu_);
    forget_stack_pages(cpu_);
    enter_(&cpu_, block.entry);
    flags_from_host_form(cpu_);
}

namespace {

/// Whether run.cpp has nothing to do before the instruction at cpu.rip, of 64-bit code, but to run
/// it. Nothing is due behind a shadow of STI if nothing waits: inputs come between runs only.
bool nothing_due(const Cpu& cpu) {
    if (cpu.ticks_left <= 0 || cpu.halted || cpu.pending_dr6 || (cpu.dr7 & 0xff)) return false;
    if (!in_64bit(cpu) || (cpu.rflags & (flag_tf | flag_rf))) return false;
    if (cpu.interrupt_shadow == InterruptShadow::mov_ss) return false;
    return !(cpu.rflags & flag_if) || !cpu.platform->interrupt_pending();
}

}  // namespace

/// Translated code has come to its end at cpu.rip, or at where `link` leads: where it goes on by
/// itself. Null: it must leave.
const u8* Translator::next_entry(Link* link) {
    if (link) cpu_.rip = cpu_.rip_page + static_cast<u64>(static_cast<i64>(link->offset));
    pending_ = link;
    pending_rip_ = cpu_.rip;
    if (!nothing_due(cpu_)) return nullptr;
    u64 offset = fetch_offset_quietly(cpu_, cpu_.rip);
    if (offset == GuestMemory::no_offset) return nullptr;
    Block* block = cpu_.blocks->find(offset, cpu_.code_mode);
    if (!block || !block->code || block->count > cpu_.ticks_left) return nullptr;
    link_to(*block);
    cpu_.interrupt_shadow = InterruptShadow::none;
    cpu_.rip_page = cpu_.rip & ~page_mask;
    return block->entry;
}

const u8* Translator::go_on(Translator* translator, Link* link) {
    return translator->next_entry(link);
}

void Translator::link_to(Block& block) {
    Link* link = pending_;
    pending_ = nullptr;
    // Something else may have come first: an interrupt, an instruction that runs alone.
    if (!link || cpu_.rip != pending_rip_) return;
    if (!block.code || link->from->code->forgotten) return;
    bool same_page = (block.ram_offset ^ link->from->ram_offset) >> page_shift == 0;
    if (!link->target_page && !same_page) return;
    u64 page = block.ram_offset & ~page_mask;
    if (link->to == &block && (!link->target_page || *link->target_page == page)) return;
    if (link->to) disconnect(*link);
    connect(*link, block);
}

namespace {

/// Makes the jump whose displacement is at `displacement` go to `target`; both writable addresses.
void set_jump(u8* displacement, const u8* target) {
    i32 distance = static_cast<i32>(target - (displacement + 4));
    std::memcpy(displacement, &distance, sizeof distance);
}

}  // namespace

void Translator::connect(Link& link, Block& to) {
    link.to = &to;
    link.next_incoming = to.code->incoming;
    to.code->incoming = &link;
    if (link.target_page) *link.target_page = to.ram_offset & ~page_mask;
    u64 entry_offset = static_cast<u64>(to.entry - memory_.executable(memory_.writable()));
    set_jump(link.displacement, memory_.writable() + entry_offset);
}

void Translator::disconnect(Link& link) {
    Link** at = &link.to->code->incoming;
    while (*at != &link) at = &(*at)->next_incoming;
    *at = link.next_incoming;
    link.to = nullptr;
    if (link.target_page) *link.target_page = ~u64{0};
    set_jump(link.displacement, link.unlinked);
}

void Translator::forget(Block& block) {
    HostCode* code = block.code;
    if (!code || code->forgotten) return;
    code->forgotten = true;
    while (code->incoming) disconnect(*code->incoming);
    for (unsigned i = 0; i < code->link_count; i++)
        if (code->links[i].to) disconnect(code->links[i]);
    if (pending_ && pending_->from == &block) pending_ = nullptr;
    block.entry = untranslated_entry();
}

}  // namespace vmft::soft
