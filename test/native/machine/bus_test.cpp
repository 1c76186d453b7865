#include "machine/bus.h"

#include <string>

#include "device/null_device.h"
#include "test.h"

using namespace vmft;

namespace {

/// Notes every access; reads give the offset's low byte in each byte.
struct Noting final : Device {
    u64 read(u64 offset, unsigned size_bytes) override {
        log += "r" + std::to_string(offset) + ":" + std::to_string(size_bytes) + " ";
        u64 value = 0;
        for (unsigned i = 0; i < size_bytes; i++) value |= ((offset + i) & 0xFF) << i * 8;
        return value;
    }
    void write(u64 offset, unsigned size_bytes, u64 value) override {
        log += "w" + std::to_string(offset) + ":" + std::to_string(size_bytes) + "=" +
               std::to_string(value) + " ";
    }
    void save(StateWriter&) const override {}
    void restore(StateReader&) override {}
    std::string log;
};

}  // namespace

VMFT_TEST(bus_finds_the_device) {
    Noting a, b;
    Bus bus;
    bus.add(0x70, 2, b, 1, 10);
    bus.add(0x40, 4, a, 1);
    VMFT_EXPECT_EQUAL(bus.read(0x42, 1), 2u);
    bus.write(0x71, 1, 0x1FF);
    VMFT_EXPECT(a.log == "r2:1 ");
    VMFT_EXPECT(b.log == "w11:1=255 ");
    VMFT_EXPECT_EQUAL(bus.read(0x44, 2), 0xFFFFu);
    VMFT_EXPECT_EQUAL(bus.read(0x3F, 4), 0xFFFF'FFFFu);  // begins outside: misses as a whole
    bus.write(0x100, 8, 0);
    VMFT_EXPECT_EQUAL(bus.unclaimed_reads(), 2u);
    VMFT_EXPECT_EQUAL(bus.unclaimed_writes(), 1u);
}

VMFT_TEST(bus_splits_by_width_and_at_the_end) {
    Noting a, b;
    Bus bus;
    bus.add(0x1000, 8, a, 4);
    bus.add(0x1008, 2, b, 2);
    VMFT_EXPECT_EQUAL(bus.read(0x1000, 8), 0x0706'0504'0302'0100u);
    VMFT_EXPECT(a.log == "r0:4 r4:4 ");
    a.log.clear();
    VMFT_EXPECT_EQUAL(bus.read(0x1006, 4), 0x0100'0706u);
    VMFT_EXPECT(a.log == "r6:1 r7:1 ");
    VMFT_EXPECT(b.log == "r0:1 r1:1 ");
    b.log.clear();
    bus.write(0x1009, 2, 0xABCD);  // the second byte is lost
    VMFT_EXPECT(b.log == "w1:1=205 ");
    VMFT_EXPECT_EQUAL(bus.unclaimed_writes(), 1u);
    VMFT_EXPECT_EQUAL(bus.read(~u64{0}, 8), ~u64{0});
}

VMFT_TEST(bus_counts_are_state) {
    Bus a, b;
    a.read(1, 1);
    a.write(1, 1, 0);
    a.write(1, 1, 0);
    StateWriter writer;
    a.save(writer);
    StateReader reader(writer.bytes());
    b.restore(reader);
    VMFT_EXPECT(reader.ok());
    VMFT_EXPECT_EQUAL(b.unclaimed_reads(), 1u);
    VMFT_EXPECT_EQUAL(b.unclaimed_writes(), 2u);
}

VMFT_TEST(bus_null_device) {
    NullDevice null;
    Bus bus;
    bus.add(0x80, 1, null, 1);
    bus.write(0x80, 1, 7);
    VMFT_EXPECT_EQUAL(bus.read(0x80, 1), 0xFFu);
    VMFT_EXPECT_EQUAL(bus.unclaimed_reads() + bus.unclaimed_writes(), 0u);
}
