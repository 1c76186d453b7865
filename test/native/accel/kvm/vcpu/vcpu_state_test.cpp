#include "accel/kvm/vcpu/vcpu_state.h"

#include <cstring>

#include "accel/kvm/cannot_execute.h"
#include "accel/kvm/cpu_model.h"
#include "accel/kvm/probe/tiny_guest.h"
#include "accel/kvm/with_kvm.h"

namespace vmft::kvm {

namespace {

std::vector<u8> saved(Vcpu& vcpu) {
    StateWriter state;
    save_vcpu(vcpu, state);
    return state.bytes();
}

/// A vCPU in whose state little is zero.
void fill(TinyGuest& guest) {
    const u8 halt[] = {0xf4};
    guest.load(halt);
    Vcpu& vcpu = guest.vcpu();
    kvm_regs registers = vcpu.registers();
    auto* values = &registers.rax;
    for (unsigned i = 0; i < 16; i++) values[i] = 0x0101'0101'0101'0101 * (i + 1);
    vcpu.set_registers(registers);
    kvm_sregs system = vcpu.system_registers();
    system.fs.base = 0x1234'5678;
    system.gs.base = 0xffff'8880'0000'0000;
    system.cr2 = 0xdead'beef;
    vcpu.set_system_registers(system);
    kvm_fpu fpu{};
    fpu.fcw = 0x27f;
    fpu.fsw = 0x3800;
    fpu.ftwx = 0x80;
    fpu.mxcsr = 0x1fa0;
    std::memset(fpu.fpr[0], 0x3c, 10);
    for (unsigned i = 0; i < 256; i++) fpu.xmm[i / 16][i % 16] = static_cast<u8>(i);
    fpu.last_ip = 0x1234;  // Must not show.
    vcpu.set_fpu(fpu);
    kvm_debugregs debug = vcpu.debug_registers();
    debug.db[1] = 0x4000;
    vcpu.set_debug_registers(debug);
    VMFT_EXPECT(vcpu.set_msr(0xc000'0082, 0xffff'ffff'8100'0000));
    VMFT_EXPECT(vcpu.set_msr(0xc000'0102, 0x7000));
    VMFT_EXPECT(vcpu.set_msr(0x176, 0xffff'ffff'8200'0000));
}

}  // namespace

VMFT_TEST(a_restored_vcpu_is_saved_as_the_same_bytes) {
    VMFT_NEED_KVM(host);
    std::vector<CpuidLeaf> cpuid = reduced_cpu_model(host);
    TinyGuest first(host, cpuid), second(host, cpuid);
    fill(first);
    std::vector<u8> bytes = saved(first.vcpu());
    VMFT_EXPECT(bytes != saved(second.vcpu()));
    StateReader state(bytes);
    restore_vcpu(second.vcpu(), state);
    VMFT_EXPECT(state.ok());
    VMFT_EXPECT_EQUAL(state.bytes_left(), size_t{0});
    VMFT_EXPECT(bytes == saved(second.vcpu()));
    VMFT_EXPECT_EQUAL(second.vcpu().fpu().xmm[15][15], 0xff);
    VMFT_EXPECT_EQUAL(second.vcpu().system_registers().gs.base, 0xffff'8880'0000'0000u);

    // Both halt, and are still equal after that.
    first.memory().write_value<u8>(TinyGuest::code_address, 0xf4);
    second.memory().write_value<u8>(TinyGuest::code_address, 0xf4);
    VMFT_EXPECT(first.run_to_exit(KVM_EXIT_HLT));
    VMFT_EXPECT(second.run_to_exit(KVM_EXIT_HLT));
    VMFT_EXPECT(saved(first.vcpu()) == saved(second.vcpu()));
}

VMFT_TEST(what_the_guest_cannot_see_is_not_saved) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, reduced_cpu_model(host));
    fill(guest);
    std::vector<u8> bytes = saved(guest.vcpu());
    kvm_regs registers = guest.vcpu().registers();
    registers.rflags |= 0x1'0000;
    guest.vcpu().set_registers(registers);
    kvm_fpu fpu = guest.vcpu().fpu();
    fpu.last_ip = 0x7777;
    fpu.last_opcode = 0x77;
    guest.vcpu().set_fpu(fpu);
    VMFT_EXPECT(bytes == saved(guest.vcpu()));
}

VMFT_TEST(torn_and_impossible_states_are_refused) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, reduced_cpu_model(host));
    fill(guest);
    std::vector<u8> bytes = saved(guest.vcpu());
    for (size_t size : {size_t{0}, size_t{7}, bytes.size() / 2, bytes.size() - 1}) {
        StateReader torn({bytes.data(), size});
        restore_vcpu(guest.vcpu(), torn);
        VMFT_EXPECT(!torn.ok());
    }
    // Any byte wrong: refused or taken, never more.
    for (size_t i = 0; i < bytes.size(); i += 3) {
        std::vector<u8> wrong = bytes;
        wrong[i] ^= 0xff;
        StateReader state(wrong);
        restore_vcpu(guest.vcpu(), state);
    }
    StateReader state(bytes);
    restore_vcpu(guest.vcpu(), state);
    VMFT_EXPECT(state.ok());
    VMFT_EXPECT(bytes == saved(guest.vcpu()));
}

VMFT_TEST(what_cannot_be_executed_is_said_in_words) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, reduced_cpu_model(host));
    // FXSAVE to a device is more than KVM's emulator knows: FXSAVE [0x180000]
    const u8 code[] = {0x0f, 0xae, 0x04, 0x25, 0, 0, 0x18, 0, 0xf4};
    guest.load(code);
    if (!guest.run_to_exit(KVM_EXIT_INTERNAL_ERROR)) VMFT_SKIP("this KVM: " + guest.outcome());
    try {
        throw_cannot_execute(guest.vcpu(), guest.memory());
    } catch (const AcceleratorFault& fault) {
        std::string what = fault.what();
        VMFT_EXPECT(fault.kind() == AcceleratorFault::Kind::cannot_execute);
        VMFT_EXPECT(what.starts_with("KVM could not emulate the instruction 0f ae 04 25"));
        VMFT_EXPECT(what.ends_with("at rip 0x8000 (64-bit mode, CPL 0)"));
    }
}

}  // namespace vmft::kvm
