#include "machine/acpi.h"

#include <cstring>
#include <string>

#include "machine/aml.h"
#include "test.h"

using namespace vmft;

namespace {

struct Tables {
    std::vector<u8> bytes = build_acpi_tables({.virtio_slots = {0, 1, 2}});
    template <typename T>
    T at(u64 address) const {
        T value{};
        u64 offset = address - layout::acpi_tables;
        VMFT_EXPECT(offset < bytes.size() && bytes.size() - offset >= sizeof value);
        if (offset < bytes.size() && bytes.size() - offset >= sizeof value)
            std::memcpy(&value, &bytes[offset], sizeof value);
        return value;
    }
    std::string text(u64 address, u64 length) const {
        std::string text;
        for (u64 i = 0; i < length; i++) text.push_back(static_cast<char>(at<u8>(address + i)));
        return text;
    }
    u8 sum(u64 address, u64 length) const {
        u8 total = 0;
        for (u64 i = 0; i < length; i++) total = static_cast<u8>(total + at<u8>(address + i));
        return total;
    }
    /// The address of a table from the XSDT; 0 when it is not there.
    u64 find(const char* signature) const {
        u64 xsdt = at<u64>(acpi_rsdp_address + 24);
        for (u64 entry = xsdt + 36; entry < xsdt + at<u32>(xsdt + 4); entry += 8)
            if (text(at<u64>(entry), 4) == signature) return at<u64>(entry);
        return 0;
    }
};

}  // namespace

VMFT_TEST(acpi_pointers_and_checksums) {
    Tables t;
    VMFT_EXPECT(t.text(acpi_rsdp_address, 8) == "RSD PTR ");
    VMFT_EXPECT_EQUAL(t.sum(acpi_rsdp_address, 20), 0);
    VMFT_EXPECT_EQUAL(t.sum(acpi_rsdp_address, 36), 0);
    u64 fadt = t.find("FACP"), madt = t.find("APIC");
    VMFT_REQUIRE(fadt != 0 && madt != 0);
    u64 dsdt = t.at<u64>(fadt + 140), facs = t.at<u32>(fadt + 36);
    VMFT_EXPECT(t.text(dsdt, 4) == "DSDT");
    VMFT_EXPECT(t.text(facs, 4) == "FACS");
    VMFT_EXPECT_EQUAL(facs % 64, 0u);
    for (u64 table : {t.at<u64>(acpi_rsdp_address + 24), fadt, madt, dsdt})
        VMFT_EXPECT_EQUAL(t.sum(table, t.at<u32>(table + 4)), 0);
}

VMFT_TEST(acpi_fadt_says_what_the_machine_has) {
    Tables t;
    u64 fadt = t.find("FACP");
    VMFT_REQUIRE(fadt != 0);
    VMFT_EXPECT_EQUAL(t.at<u32>(fadt + 4), 276u);
    VMFT_EXPECT_EQUAL(t.at<u16>(fadt + 46), layout::gsi_sci);
    VMFT_EXPECT_EQUAL(t.at<u32>(fadt + 76), layout::pm_timer);
    VMFT_EXPECT_EQUAL(t.at<u16>(fadt + 109) & 2, 0);         // no 8042
    VMFT_EXPECT_EQUAL(t.at<u16>(fadt + 109) & 4, 4);         // no VGA
    VMFT_EXPECT_EQUAL(t.at<u32>(fadt + 112) >> 20 & 1, 0u);  // not hardware-reduced
    VMFT_EXPECT_EQUAL(t.at<u64>(fadt + 120), layout::reset_control);
}

VMFT_TEST(acpi_dsdt_lists_the_virtio_slots) {
    auto count = [](const std::vector<u8>& bytes) {
        std::string text(bytes.begin(), bytes.end());
        unsigned found = 0;
        for (size_t at = text.find("LNRO0005"); at != std::string::npos;
             at = text.find("LNRO0005", at + 1))
            found++;
        return found;
    };
    VMFT_EXPECT_EQUAL(count(build_acpi_tables({})), 0u);
    VMFT_EXPECT_EQUAL(count(build_acpi_tables({{0, 1, 2, 3, 4, 5, 6, 7}})), 8u);
}

VMFT_TEST(aml_encodings) {
    using namespace aml;
    VMFT_EXPECT(integer(0) == Bytes{0x00});
    VMFT_EXPECT(integer(0x1234) == (Bytes{0x0B, 0x34, 0x12}));
    VMFT_EXPECT(integer(u64{1} << 32).size() == 9);
    VMFT_EXPECT(eisa_id("PNP0501") == (Bytes{0x0C, 0x41, 0xD0, 0x05, 0x01}));
    VMFT_EXPECT(name("\\_S5_", integer(1)) == (Bytes{0x08, '\\', '_', 'S', '5', '_', 0x01}));
    VMFT_EXPECT(package({integer(0)}) == (Bytes{0x12, 0x03, 0x01, 0x00}));
    Bytes wide =
        package({string(std::string(100, 'a'))});  // 105 bytes with its length: two length bytes
    VMFT_EXPECT_EQUAL(wide.size(), 106u);
    VMFT_EXPECT_EQUAL(wide[1], 0x40 | (105 & 0x0F));
    VMFT_EXPECT_EQUAL(wide[2], 105 >> 4);
}
