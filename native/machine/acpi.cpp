#include "machine/acpi.h"

#include <cstring>
#include <span>
#include <string_view>

#include "base/check.h"
#include "machine/acpi_dsdt.h"

namespace vmft {

namespace {

using Bytes = std::vector<u8>;

/// A table being filled: fields are set by their offset in the specification.
class Table {
public:
    explicit Table(size_t bytes) : bytes_(bytes) {}

    template <typename T>
    Table& set(size_t offset, T value) {
        VMFT_CHECK(offset + sizeof value <= bytes_.size());
        std::memcpy(bytes_.data() + offset, &value, sizeof value);
        return *this;
    }
    Table& text(size_t offset, std::string_view text) {
        VMFT_CHECK(offset + text.size() <= bytes_.size());
        std::memcpy(bytes_.data() + offset, text.data(), text.size());
        return *this;
    }
    Table& append(const Bytes& more) {
        bytes_.insert(bytes_.end(), more.begin(), more.end());
        return *this;
    }
    /// Makes the first `length` bytes sum to zero by the byte at `offset`.
    Table& checksum(size_t offset, size_t length) {
        u8 sum = 0;
        bytes_[offset] = 0;
        for (size_t i = 0; i < length; i++) sum = static_cast<u8>(sum + bytes_[i]);
        bytes_[offset] = static_cast<u8>(-sum);
        return *this;
    }
    /// The common header (5.2.6), for a table whose content is complete.
    Bytes with_header(std::string_view signature, u8 revision) {
        text(0, signature);
        set<u32>(4, static_cast<u32>(bytes_.size()));
        set<u8>(8, revision);
        text(10, "VMFT  ");
        text(16, "VMFTVM  ");
        set<u32>(24, 1);
        text(28, "VMFT");
        set<u32>(32, 1);
        checksum(9, bytes_.size());
        return bytes_;
    }
    const Bytes& bytes() const { return bytes_; }

private:
    Bytes bytes_;
};

constexpr size_t header_bytes = 36;

/// A generic address (5.2.3.2) in I/O space.
void set_io_address(Table& table, size_t offset, u16 port, u8 bits, u8 access_size) {
    table.set<u8>(offset, 1)
        .set<u8>(offset + 1, bits)
        .set<u8>(offset + 3, access_size)
        .set<u64>(offset + 4, port);
}

/// 5.2.9
Bytes build_fadt(u64 facs, u64 dsdt) {
    constexpr u16 boot_legacy_devices = 1u << 0, boot_no_vga = 1u << 2,
                  boot_no_msi = 1u << 3;  // and no 8042: bit 1 clear
    constexpr u32 flag_wbinvd = 1u << 0, flag_c1 = 1u << 2, flag_no_sleep_button = 1u << 5,
                  flag_no_rtc_wake_status = 1u << 6, flag_timer_32_bit = 1u << 8,
                  flag_reset_register = 1u << 10, flag_headless = 1u << 12;
    Table fadt(276);
    fadt.set<u32>(36, static_cast<u32>(facs)).set<u32>(40, static_cast<u32>(dsdt));
    fadt.set<u16>(46, layout::gsi_sci);  // SMI_CMD stays 0: always in ACPI mode
    fadt.set<u32>(56, layout::pm1a_event)
        .set<u32>(64, layout::pm1a_control)
        .set<u32>(76, layout::pm_timer);
    fadt.set<u8>(88, 4).set<u8>(89, 2).set<u8>(91, 4);
    fadt.set<u16>(96, 0xFFFF).set<u16>(98, 0xFFFF);  // no C2, no C3
    fadt.set<u8>(108, 0x32);                         // CMOS register of the century
    fadt.set<u16>(109, boot_legacy_devices | boot_no_vga | boot_no_msi);
    fadt.set<u32>(112, flag_wbinvd | flag_c1 | flag_no_sleep_button | flag_no_rtc_wake_status |
                           flag_timer_32_bit | flag_reset_register | flag_headless);
    set_io_address(fadt, 116, layout::reset_control, 8, 1);
    fadt.set<u8>(128, 6);      // the value that resets
    fadt.set<u8>(131, 3);      // minor version: 6.3
    fadt.set<u64>(140, dsdt);  // X_FIRMWARE_CTRL stays 0: FACS is below 4 GiB
    set_io_address(fadt, 148, layout::pm1a_event, 32, 2);
    set_io_address(fadt, 172, layout::pm1a_control, 16, 2);
    set_io_address(fadt, 208, layout::pm_timer, 32, 3);
    return fadt.with_header("FACP", 6);
}

/// 5.2.10; it has no checksum.
Bytes build_facs() {
    Table facs(64);
    facs.text(0, "FACS").set<u32>(4, 64).set<u8>(32, 2);
    return facs.bytes();
}

/// 5.2.12
Bytes build_madt() {
    Table madt(44);
    madt.set<u32>(36, static_cast<u32>(layout::local_apic_base))
        .set<u32>(40, 1);  // there is an 8259 pair too

    Table local_apic(8);  // processor 0, APIC id 0, enabled
    local_apic.set<u8>(0, 0).set<u8>(1, 8).set<u32>(4, 1);

    Table io_apic(12);
    io_apic.set<u8>(0, 1).set<u8>(1, 12).set<u8>(2, 1).set<u32>(
        4, static_cast<u32>(layout::io_apic_base));

    auto source_override = [](u8 irq, u32 gsi, u16 flags) {
        Table entry(10);
        entry.set<u8>(0, 2).set<u8>(1, 10).set<u8>(3, irq).set<u32>(4, gsi).set<u16>(8, flags);
        return entry.bytes();
    };
    constexpr u16 conforms_to_bus = 0, active_high_level = 0b1101;

    Table local_nmi(6);  // LINT1 of every processor
    local_nmi.set<u8>(0, 4).set<u8>(1, 6).set<u8>(2, 0xFF).set<u8>(5, 1);

    madt.append(local_apic.bytes()).append(io_apic.bytes());
    madt.append(source_override(0, layout::gsi_pit, conforms_to_bus));
    madt.append(source_override(layout::gsi_sci, layout::gsi_sci, active_high_level));
    madt.append(local_nmi.bytes());
    return madt.with_header("APIC", 4);
}

Bytes build_dsdt(const AcpiConfig& config) {
    Table dsdt(header_bytes);
    dsdt.append(build_dsdt_content(config));
    return dsdt.with_header("DSDT", 2);
}

/// 5.2.8
Bytes build_xsdt(std::initializer_list<u64> tables) {
    Table xsdt(header_bytes + tables.size() * 8);
    size_t offset = header_bytes;
    for (u64 table : tables) xsdt.set<u64>(offset, table), offset += 8;
    return xsdt.with_header("XSDT", 1);
}

/// 5.2.5.3
Bytes build_rsdp(u64 xsdt) {
    Table rsdp(36);
    rsdp.text(0, "RSD PTR ").text(9, "VMFT  ").set<u8>(15, 2).set<u32>(20, 36).set<u64>(24, xsdt);
    rsdp.checksum(8, 20).checksum(32, 36);
    return rsdp.bytes();
}

}  // namespace

std::vector<u8> build_acpi_tables(const AcpiConfig& config) {
    constexpr u64 base = acpi_rsdp_address;
    Bytes area(64);  // the RSDP, filled in last
    auto place = [&area](const Bytes& table) {
        u64 address = base + area.size();
        area.insert(area.end(), table.begin(), table.end());
        area.resize((area.size() + 63) / 64 *
                    64);  // FACS wants 64-byte alignment, the others do not mind
        return address;
    };
    u64 facs = place(build_facs());
    u64 dsdt = place(build_dsdt(config));
    u64 fadt = place(build_fadt(facs, dsdt));
    u64 madt = place(build_madt());
    u64 xsdt = place(build_xsdt({fadt, madt}));
    Bytes rsdp = build_rsdp(xsdt);
    std::memcpy(area.data(), rsdp.data(), rsdp.size());
    VMFT_CHECK(area.size() <= layout::acpi_tables_end - layout::acpi_tables);
    return area;
}

}  // namespace vmft
