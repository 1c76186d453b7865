#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "log/segment_decoder.h"
#include "log/segment_encoder.h"
#include "machine/random.h"
#include "test.h"

using namespace vmft;
using vmft::test::Random;

namespace {

std::vector<u8> random_bytes(Random& random, size_t size) {
    std::vector<u8> bytes(size);
    for (u8& byte : bytes) byte = u8(random.next() >> 13);
    return bytes;
}

DiskCompletionInput random_completion(Random& random) {
    DiskCompletionInput input;
    input.disk = u32(random.below(5));
    input.request = 1 + (random.next() >> random.below(64)) / 2;
    switch (random.below(4)) {
    case 0: input.status = DiskStatus::io_error; break;
    case 1:
        input.read_on_backup = true;
        input.data_hash = random.next();
        break;
    case 2: input.data = random_bytes(random, 512 * (1 + random.below(4))); break;
    default: break;  // A write.
    }
    return input;
}

Segment random_segment(Random& random) {
    Segment segment;
    segment.generation = random.next() >> random.below(64);
    segment.sequence = random.next() >> random.below(64);
    u64 ticks = random.below(1000), exits = 0;
    // As on an accelerator that counts branches, or as on one that counts instructions.
    bool branches = random.below(2) != 0;
    for (u64 i = random.below(8); i > 0; i--) {
        if (!branches || random.below(2)) ticks += random.next() >> (20 + random.below(44));
        if (branches) exits += random.below(3);
        Record record;
        record.position = {ticks, random.next(), random.below(2) ? random.next() : 0,
                           branches ? random.next() : 0, exits};
        switch (random.below(7)) {
        case 0: record.input = NetFrameInput{random_bytes(random, 14 + random.below(200))}; break;
        case 1: record.input = ClockInput{random.next(), u32(random.next()), random.next()}; break;
        case 2:
            record.input =
                ConsoleInput{u32(random.below(2)), random_bytes(random, 1 + random.below(30))};
            break;
        case 3: record.input = EntropyInput{random_bytes(random, 1 + random.below(64))}; break;
        case 4: record.input = random_completion(random); break;
        case 5: record.input = ControlInput{ControlKind(1 + random.below(4))}; break;
        default: record.input = ControlInput{ControlKind::cpu_share, u32(10 + random.below(991))};
        }
        segment.records.push_back(std::move(record));
    }
    segment.run_until = {ticks + random.below(100), random.next(), random.next(),
                         branches ? random.next() : 0, exits};
    segment.digest = {random.next(), random.next(), u32(random.below(100))};
    segment.outputs_produced = random.below(1000);
    segment.outputs_released = random.below(segment.outputs_produced + 1);
    return segment;
}

std::vector<u8> encode(const Segment& segment) {
    SegmentEncoder encoder;
    encoder.begin(segment.generation, segment.sequence);
    for (const Record& record : segment.records) encoder.add(record.position, record.input);
    return encoder.finish(segment.run_until, segment.digest, segment.outputs_produced,
                          segment.outputs_released);
}

/// One segment with every input and every field, the same for ever: test/golden/log/frame-v1.hex.
Segment golden_segment() {
    Segment segment;
    segment.generation = 3;
    segment.sequence = 700;
    auto add = [&](u64 ticks, Input input) {
        segment.records.push_back(
            {{ticks, 0xffffffff81000000 + ticks, ticks == 1000 ? 0 : 7 * ticks}, std::move(input)});
    };
    add(1000, ClockInput{123456789, 5000, 1'700'000'000'123'456'789});
    add(2000,
        NetFrameInput{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06, 1, 2, 3}});
    add(3000, ConsoleInput{1, {'l', 's', '\n'}});
    add(3000, ConsoleInput{0, {'x'}});
    add(4000, EntropyInput{{0, 1, 2, 254, 255}});
    add(5000, ControlInput{ControlKind::power_button});
    add(5000, ControlInput{ControlKind::snapshot});
    segment.run_until = {6000, 0xffffffff81001770, 1};
    segment.digest = {0x0123456789abcdef, 0xfedcba9876543210, 17};
    segment.outputs_produced = 12;
    segment.outputs_released = 11;
    return segment;
}

/// The same with what version 2 added: test/golden/log/frame-v2.hex.
Segment golden_segment_with_disks() {
    Segment segment = golden_segment();
    auto add = [&](DiskCompletionInput input) {
        segment.records.push_back({{5500, 0xffffffff8100157c, 9}, std::move(input)});
    };
    add({0, 1, DiskStatus::ok, {0x55, 0xaa, 0, 7}, false, 0});    // A read, logged.
    add({1, 300, DiskStatus::ok, {}, true, 0x1122334455667788});  // One left to the backup.
    add({4, 0x1'0000'0002, DiskStatus::io_error, {}, false, 0});
    add({0, 2, DiskStatus::ok, {}, false, 0});  // A write.
    return segment;
}

/// The same with what version 3 added: test/golden/log/frame-v3.hex.
Segment golden_segment_with_a_share() {
    Segment segment = golden_segment_with_disks();
    segment.records.push_back(
        {{5600, 0xffffffff810015e0, 9}, ControlInput{ControlKind::cpu_share, 250}});
    return segment;
}

std::string hexadecimal(std::span<const u8> bytes) {
    std::string text;
    char digits[3];
    for (u8 byte : bytes) {
        std::snprintf(digits, sizeof digits, "%02x", byte);
        text += digits;
    }
    return text;
}

/// The tests run from the repository's folder, or from build/.
std::string read_golden(const std::string& name) {
    for (const char* folder :
         {"test/golden/log/", "../test/golden/log/", "../../test/golden/log/"}) {
        std::ifstream file(folder + name);
        std::string text;
        if (file >> text) return text;
    }
    return {};
}

}  // namespace

VMFT_TEST(segments_survive_encoding) {
    Random random(5);
    for (int i = 0; i < 500; i++) {
        Segment segment = random_segment(random), decoded;
        std::vector<u8> frame = encode(segment);
        VMFT_REQUIRE(decode_frame(frame, decoded) == LogFault::none);
        VMFT_EXPECT(encode(decoded) == frame);
        VMFT_REQUIRE(decoded.records.size() == segment.records.size());
        for (size_t record = 0; record < decoded.records.size(); record++)
            VMFT_EXPECT(decoded.records[record].position == segment.records[record].position);
        VMFT_EXPECT(decoded.run_until == segment.run_until && decoded.digest == segment.digest);
    }
}

VMFT_TEST(the_golden_frames_are_unchanged) {
    VMFT_EXPECT_EQUAL(hexadecimal(encode(golden_segment())), read_golden("frame-v1.hex"));
    VMFT_EXPECT_EQUAL(hexadecimal(encode(golden_segment_with_disks())),
                      read_golden("frame-v2.hex"));
    VMFT_EXPECT_EQUAL(hexadecimal(encode(golden_segment_with_a_share())),
                      read_golden("frame-v3.hex"));
}

VMFT_TEST(a_disk_completion_comes_back_as_it_was) {
    Segment segment = golden_segment_with_disks(), decoded;
    VMFT_REQUIRE(decode_frame(encode(segment), decoded) == LogFault::none);
    VMFT_REQUIRE(decoded.records.size() == segment.records.size());
    unsigned seen = 0;
    for (size_t i = 0; i < segment.records.size(); i++) {
        const auto* wanted = std::get_if<DiskCompletionInput>(&segment.records[i].input);
        if (wanted == nullptr) continue;
        seen++;
        const auto* found = std::get_if<DiskCompletionInput>(&decoded.records[i].input);
        VMFT_REQUIRE(found != nullptr);
        VMFT_EXPECT(found->disk == wanted->disk && found->request == wanted->request &&
                    found->status == wanted->status && found->data == wanted->data &&
                    found->read_on_backup == wanted->read_on_backup &&
                    found->data_hash == wanted->data_hash);
    }
    VMFT_EXPECT_EQUAL(seen, 4u);
    // What the backup reads by itself is in the machine, and not in the log.
    DiskCompletionInput read{0, 9, DiskStatus::ok, std::vector<u8>(4096, 1), true, 5};
    segment.records.back().input = read;
    std::vector<u8> frame = encode(segment);
    VMFT_EXPECT(frame.size() < 1024);
    VMFT_REQUIRE(decode_frame(frame, decoded) == LogFault::none);
    VMFT_EXPECT(std::get<DiskCompletionInput>(decoded.records.back().input).data.empty());
}

/// Where ticks are branches, one tick has many positions, in any order of rip.
VMFT_TEST(positions_of_one_tick_may_differ_in_all_but_the_exits) {
    Segment segment = golden_segment(), decoded;
    for (size_t i = 0; i < segment.records.size(); i++)
        segment.records[i].position = {9, 0x2000 - 0x10 * i, i % 2, 77 * i, 3 + i / 2};
    segment.run_until = {9, 0x1000, 0, 5, 6};
    VMFT_REQUIRE(decode_frame(encode(segment), decoded) == LogFault::none);
    VMFT_EXPECT(decoded.run_until == segment.run_until);
    segment.run_until.exits = 5;
    VMFT_EXPECT(decode_frame(encode(segment), decoded) == LogFault::positions_backwards);
}

VMFT_TEST(every_flipped_bit_and_every_truncation_is_reported) {
    Random random(6);
    Segment decoded;
    for (int round = 0; round < 4; round++) {
        std::vector<u8> good =
            round == 0 ? encode(golden_segment_with_disks()) : encode(random_segment(random));
        for (size_t bit = 0; bit < good.size() * 8; bit++) {
            std::vector<u8> bad = good;
            bad[bit / 8] ^= u8(1 << bit % 8);
            VMFT_EXPECT(decode_frame(bad, decoded) != LogFault::none);
        }
        for (size_t size = 0; size < good.size(); size++)
            VMFT_EXPECT(decode_frame(std::span<const u8>(good).first(size), decoded) !=
                        LogFault::none);
    }
}

VMFT_TEST(random_bytes_are_never_a_frame) {
    Random random(8);
    Segment decoded;
    for (int i = 0; i < 20000; i++)
        VMFT_EXPECT(decode_frame(random_bytes(random, random.below(200)), decoded) !=
                    LogFault::none);
}

VMFT_TEST(what_a_checksum_cannot_find_is_named) {
    Segment decoded;
    auto fault_of = [&](auto change) {
        Segment segment = golden_segment();
        change(segment);
        return decode_frame(encode(segment), decoded);
    };
    VMFT_EXPECT(fault_of([](Segment& s) { s.records[2].position.ticks = 1; }) ==
                LogFault::positions_backwards);
    VMFT_EXPECT(fault_of([](Segment& s) { s.run_until.ticks = 4999; }) ==
                LogFault::positions_backwards);
    VMFT_EXPECT(fault_of([](Segment& s) { s.records[2].position.exits = 1; }) ==
                LogFault::positions_backwards);
    VMFT_EXPECT(fault_of([](Segment& s) { s.outputs_released = 13; }) == LogFault::bad_value);
    VMFT_EXPECT(fault_of([](Segment& s) {
                    s.records[1].input = NetFrameInput{{1, 2, 3}};
                }) == LogFault::bad_value);
    VMFT_EXPECT(fault_of([](Segment& s) {
                    s.records[1].input = NetFrameInput{std::vector<u8>(65551)};
                }) == LogFault::bad_value);
    VMFT_EXPECT(fault_of([](Segment& s) {
                    s.records[1].input = ConsoleInput{2, {1}};
                }) == LogFault::bad_value);
    VMFT_EXPECT(fault_of([](Segment& s) { s.records[1].input = EntropyInput{}; }) ==
                LogFault::bad_value);
    for (ControlInput bad :
         {ControlInput{ControlKind(9)}, ControlInput{ControlKind::reset, 500},
          ControlInput{ControlKind::cpu_share, 9}, ControlInput{ControlKind::cpu_share, 1001}})
        VMFT_EXPECT(fault_of([&](Segment& s) { s.records[1].input = bad; }) == LogFault::bad_value);
    auto completion_fault = [&](auto change) {
        return fault_of([&](Segment& s) {
            DiskCompletionInput completion{1, 7, DiskStatus::ok, {}, false, 0};
            change(completion);
            s.records[1].input = completion;
        });
    };
    VMFT_EXPECT(completion_fault([](DiskCompletionInput&) {}) == LogFault::none);
    VMFT_EXPECT(completion_fault([](DiskCompletionInput& c) { c.disk = 5; }) ==
                LogFault::bad_value);
    VMFT_EXPECT(completion_fault([](DiskCompletionInput& c) { c.request = 0; }) ==
                LogFault::bad_value);
    VMFT_EXPECT(completion_fault([](DiskCompletionInput& c) { c.status = DiskStatus(2); }) ==
                LogFault::bad_value);
    VMFT_EXPECT(completion_fault([](DiskCompletionInput& c) {
                    c.status = DiskStatus::io_error;
                    c.data = {1};
                }) == LogFault::bad_value);
    VMFT_EXPECT(completion_fault([](DiskCompletionInput& c) { c.data.resize((2 << 20) + 1); }) ==
                LogFault::bad_value);
    VMFT_EXPECT(completion_fault([](DiskCompletionInput& c) { c.data.resize(2 << 20); }) ==
                LogFault::none);
    VMFT_EXPECT(decode_frame(std::vector<u8>((4 << 20) + 1), decoded) == LogFault::too_long);
    VMFT_EXPECT(decode_frame(std::vector<u8>{0x18, 0x01}, decoded) == LogFault::unknown_field);
    VMFT_EXPECT(decode_frame(std::vector<u8>{}, decoded) == LogFault::missing_field);
}
