#include "accel/soft/translate/stubs.h"

#include "accel/soft/block_cache.h"
#include "accel/soft/translate/handler_call.h"

namespace vmft::soft {

using namespace host;

namespace {

constexpr int saved[] = {3, 5, 12, 13, 14, 15};  // rbx, rbp, r12 … r15 are the caller's (ABI).

Xbyak::RegExp field(int displacement) { return cpu + displacement; }

}  // namespace

void write_block_look_up(Xbyak::CodeGenerator& code, const Xbyak::Label& no_page,
                         const Xbyak::Label& no_block) {
    constexpr auto near = Xbyak::CodeGenerator::T_NEAR;
    static_assert(sizeof(CodeTlbEntry) == 16);
    code.mov(temp, flags_temp);
    code.shr(temp, page_shift - 4);
    code.and_(temp.cvt32(), (code_tlb_entries - 1) << 4);
    code.add(temp, code.qword[field(VMFT_CPU_FIELD(code_tlb_now))]);
    code.mov(address_temp, flags_temp);
    code.and_(address_temp, -static_cast<i32>(page_bytes));
    code.cmp(address_temp, code.qword[temp + static_cast<int>(offsetof(CodeTlbEntry, page))]);
    code.jne(no_page, near);
    code.and_(flags_temp.cvt32(), static_cast<u32>(page_mask));
    code.or_(flags_temp, code.qword[temp + static_cast<int>(offsetof(CodeTlbEntry, ram_offset))]);
    code.mov(temp, flags_temp);
    code.shr(temp, BlockCache::recent_fold);
    code.xor_(temp.cvt32(), flags_temp.cvt32());
    code.and_(temp.cvt32(), BlockCache::recent_slots - 1);
    code.shl(temp.cvt32(), 3);
    code.add(temp, code.qword[field(VMFT_CPU_FIELD(recent_blocks))]);
    code.mov(temp, code.qword[temp]);
    code.cmp(flags_temp, code.qword[temp + static_cast<int>(offsetof(Block, ram_offset))]);
    code.jne(no_block, near);
}

/// Behind a handler that is a branch: it has set cpu.rip, maybe to its own instruction because the
/// budget is over. Then the block's entry leaves.
void StubWriter::write_enter_at_rip() {
    align(16);
    stubs.enter_at_rip = getCurr();
    Xbyak::Label missed;
    mov(rax, qword[field(VMFT_CPU_FIELD(rip))]);
    write_block_look_up(*this, missed, missed);
    mov(qword[field(VMFT_CPU_FIELD(rip_page))], address_temp);
    jmp(qword[temp + static_cast<int>(offsetof(Block, entry))]);
    L(missed);
    xor_(eax, eax);
    jmp(stubs.go_on, T_NEAR);
}

void StubWriter::store_registers() {
    for (unsigned reg = 0; reg < 16; reg++)
        if (in_host_register(reg)) mov(qword[field(gpr_displacement(reg))], Emitter::home(reg));
    for (int reg = 0; reg < 16; reg++)
        movaps(xword[field(VMFT_CPU_FIELD(xmm) + reg * 16)], Xbyak::Xmm(reg));
    mov(qword[field(VMFT_CPU_FIELD(ticks_left))], ticks);
}

void StubWriter::load_registers() {
    for (int reg = 0; reg < 16; reg++)
        movaps(Xbyak::Xmm(reg), xword[field(VMFT_CPU_FIELD(xmm) + reg * 16)]);
    mov(ticks, qword[field(VMFT_CPU_FIELD(ticks_left))]);
    for (unsigned reg = 0; reg < 16; reg++)
        if (in_host_register(reg)) mov(Emitter::home(reg), qword[field(gpr_displacement(reg))]);
}

void StubWriter::write_leave() {
    align(16);
    stubs.leave_at = getCurr();
    mov(rax, qword[field(VMFT_CPU_FIELD(rip_page))]);
    add(rax, rdx);
    mov(qword[field(VMFT_CPU_FIELD(rip))], rax);
    stubs.leave = getCurr();
    store_registers();
    L(leave_stored_);
    add(rsp, 8);
    for (int i = static_cast<int>(std::size(saved)) - 1; i >= 0; i--) pop(HostReg64(saved[i]));
    ret();

    // A block that is not translated, found by find_block(): rax is its RAM offset.
    align(16);
    stubs.untranslated = getCurr();
    mov(edx, eax);
    and_(edx, static_cast<u32>(page_mask));
    jmp(stubs.leave_at, T_NEAR);
}

void StubWriter::write_handler_calls() {
    // Called, with rax: Block*, edx: index.
    align(16);
    stubs.handler = getCurr();
    store_registers();
    lea(rdi, ptr[cpu - cpu_bias]);
    mov(rsi, rax);
    sub(rsp, 8);
    mov(rax, reinterpret_cast<u64>(&run_handler));
    call(rax);
    add(rsp, 8);
    load_registers();
    ret();

    // Jumped to, with rax: Block*, edx: index.
    align(16);
    stubs.rest = getCurr();
    store_registers();
    lea(rdi, ptr[cpu - cpu_bias]);
    mov(rsi, rax);
    mov(rax, reinterpret_cast<u64>(&run_handlers_from));
    call(rax);
    jmp(leave_stored_, T_NEAR);
}

void StubWriter::write_go_on(Translator* translator, GoOn function) {
    align(16);
    stubs.go_on = getCurr();
    store_registers();
    mov(rdi, reinterpret_cast<u64>(translator));
    mov(rsi, rax);
    mov(rax, reinterpret_cast<u64>(function));
    call(rax);
    test(rax, rax);
    jz(leave_stored_, T_NEAR);
    load_registers();
    jmp(rax);
}

void StubWriter::write_fill_code_tlb() {
    align(16);
    stubs.fill_code_tlb = getCurr();
    store_registers();
    lea(rdi, ptr[cpu - cpu_bias]);
    mov(rsi, rax);
    push(rax);
    mov(rax, reinterpret_cast<u64>(&fill_code_tlb));
    call(rax);
    mov(edx, eax);
    load_registers();
    pop(rax);
    test(dl, dl);
    ret();
}

StubWriter::StubWriter(u8* at, u64 bytes_max, Translator* translator, GoOn go_on)
    : CodeGenerator(bytes_max, at) {
    // void enter(Cpu* rdi, const u8* rsi). Within translated code rsp is a multiple of 16.
    enter = getCurr();
    for (int reg : saved) push(HostReg64(reg));
    sub(rsp, 8);
    lea(cpu, ptr[rdi + cpu_bias]);
    mov(rax, rsi);
    load_registers();
    jmp(rax);

    write_leave();
    write_handler_calls();
    write_go_on(translator, go_on);
    write_fill_code_tlb();
    write_enter_at_rip();
    bytes = getSize();
}

}  // namespace vmft::soft
