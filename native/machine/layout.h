#pragma once

#include "base/types.h"

/// The machine's constants, each in one place: guest-physical map, I/O ports and
/// interrupt lines. ACPI tables, loader, bus and test guests all read these.
namespace vmft::layout {

// Guest-physical map ---------------------------------------------------------
// RAM runs from 0 to at most low_ram_end; what is more goes above 4 GiB, so that
// the last GiB below 4 GiB stays free for devices.
inline constexpr u64 low_ram_end = 0xC000'0000;
inline constexpr u64 high_ram_start = 0x1'0000'0000;

// The loader's own pages in low memory (boot protocol, "the zero page").
inline constexpr u64 gdt_address = 0x500;
inline constexpr u64 pvh_start_info = 0x6000;
inline constexpr u64 zero_page = 0x7000;
inline constexpr u64 boot_stack_top = 0x8000;
inline constexpr u64 boot_page_tables = 0x9000;  // PML4, PDPT, 4 PDs: identity map of 4 GiB
inline constexpr u64 command_line = 0x2'0000;
inline constexpr u64 command_line_bytes_max = 2048;
inline constexpr u64 setup_data = 0x2'1000;      // SETUP_RNG_SEED
inline constexpr u64 low_memory_end = 0x9'FC00;  // EBDA would begin here
// The BIOS area: ACPI tables, found by RSDP scan and by boot_params.acpi_rsdp_addr.
inline constexpr u64 acpi_tables = 0xE'0000;
inline constexpr u64 acpi_tables_end = 0x10'0000;
inline constexpr u64 kernel_load = 0x100'0000;  // 16 MiB, the default pref_address

// Devices. One page each; virtio-mmio slots are announced in the DSDT as LNRO0005.
inline constexpr u64 virtio_mmio_base = 0xD000'0000;
inline constexpr u64 virtio_mmio_stride = 0x1000;
inline constexpr unsigned virtio_slots = 8;
inline constexpr u64 io_apic_base = 0xFEC0'0000;
inline constexpr u64 io_apic_bytes = 0x1000;
inline constexpr u64 local_apic_base = 0xFEE0'0000;
inline constexpr u64 local_apic_bytes = 0x1000;

// Slots in use.
inline constexpr unsigned virtio_slot_net = 0;
inline constexpr unsigned virtio_slot_console = 1;
inline constexpr unsigned virtio_slot_entropy = 2;
inline constexpr unsigned virtio_slot_disk_first = 3;  // disk n in slot 3 + n

// I/O ports --------------------------------------------------------------------
// Written to by patched kernel text only (accel/kvm/trap/trap.h); no device is here, and a PC has
// none.
inline constexpr u16 trap_rdtsc = 0x10;
inline constexpr u16 trap_rdtscp = 0x11;
inline constexpr u16 trap_write_cr4 = 0x50;  // 16 ports: number of the source register
inline constexpr u16 pic_master = 0x20;      // 2 ports
inline constexpr u16 pit = 0x40;             // 4 ports
inline constexpr u16 keyboard_data = 0x60;   // reset line only
inline constexpr u16 pit_gate = 0x61;        // speaker and PIT channel 2 gate
inline constexpr u16 keyboard_command = 0x64;
inline constexpr u16 rtc = 0x70;            // 2 ports
inline constexpr u16 pic_slave = 0xA0;      // 2 ports
inline constexpr u16 com1 = 0x3F8;          // 8 ports
inline constexpr u16 pic_elcr = 0x4D0;      // 2 ports
inline constexpr u16 pm1a_event = 0x600;    // 4 ports: status, enable
inline constexpr u16 pm1a_control = 0x604;  // 2 ports
inline constexpr u16 pm_timer = 0x608;      // 4 ports, 3.579545 MHz, 32 bit
inline constexpr u16 reset_control = 0xCF9;

// ACPI sleep type of S5 in \_S5_, as the guest writes it to PM1a_CNT.SLP_TYP.
inline constexpr u8 sleep_type_s5 = 5;

// Interrupt lines (GSI = I/O APIC pin) -------------------------------------------
inline constexpr unsigned io_apic_pins = 24;
inline constexpr unsigned gsi_pit = 2;  // ISA IRQ 0, by MADT override; also PIC pin 0
inline constexpr unsigned gsi_com1 = 4;
inline constexpr unsigned gsi_rtc = 8;
inline constexpr unsigned gsi_sci = 9;
inline constexpr unsigned gsi_virtio_first = 16;  // slot n on GSI 16 + n, level, active high

// Clocks ---------------------------------------------------------------------------
inline constexpr u64 tsc_hz = 1'000'000'000;  // one TSC count per virtual nanosecond
inline constexpr u64 local_apic_timer_hz = 1'000'000'000;
inline constexpr u64 pit_hz = 1'193'182;
inline constexpr u64 pm_timer_hz = 3'579'545;

}  // namespace vmft::layout
