#include <atomic>
#include <future>
#include <thread>

#include "test.h"
#include "world/disk/iscsi_address.h"
#include "world/disk/tgt_daemon.h"

/// What test/flow/world/disk-iscsi*.test.ts shows, shown here to the sanitizers too.
namespace vmft {
namespace {

using namespace std::chrono_literals;

constexpr u64 mib = u64{1} << 20;
const std::atomic<bool> never{false};

DiskOptions holder(const char* name, bool claim) {
    DiskOptions options;
    options.holder = name;
    options.claim = claim;
    options.timeout_ms = 5000;
    return options;
}

VMFT_TEST(urls_are_read_and_shown_without_a_password) {
    IscsiAddress address =
        parse_iscsi_url("iscsi://user%pass@word@[::1]:3261/iqn.2026-01.example:disk/3");
    VMFT_EXPECT_EQUAL(address.shown, "iscsi://user@[::1]:3261/iqn.2026-01.example:disk/3");
    for (const char* url : {"iscsi://", "iscsi://host", "iscsi://host/target", "iscsi:///target/1",
                            "iscsi://user%secret@host/target/x"}) {
        try {
            parse_iscsi_url(url);
            VMFT_EXPECT(false && "refused");
        } catch (const DiskFault& fault) {
            VMFT_EXPECT_EQUAL(std::string(fault.code()), "usage");
            VMFT_EXPECT(std::string(fault.what()).find("secret") == std::string::npos);
        }
    }
    IscsiAddress plain = parse_iscsi_url("iscsi://host/iqn.2026-01.example:disk/0");
    VMFT_EXPECT_EQUAL(plain.portal, "host");
    VMFT_EXPECT_EQUAL(plain.lun, 0);
    VMFT_EXPECT(plain.user.empty());
    VMFT_EXPECT(!plain.initiator.empty());
}

VMFT_TEST(writes_survive_a_target_that_dies) {
    test::TgtDaemon target;
    if (!target.usable()) VMFT_SKIP("there is no tgtd");
    auto disk = open_disk(target.url(), holder("one", true));
    std::atomic<u64> ended{0}, failed{0};
    constexpr u64 count = 200, bytes = 40960;
    for (u64 i = 0; i < count; i++) {
        if (i == 50) target.kill();
        disk->submit({DiskOperation::write, i * bytes, bytes,
                      std::vector<u8>(bytes, static_cast<u8>(i)), false},
                     [&](DiskResult&& result) {
                         failed += result.status != DiskStatus::ok;
                         ended++;
                     });
    }
    while (disk->trouble().empty()) std::this_thread::sleep_for(1ms);
    target.start();
    while (ended < count) std::this_thread::sleep_for(1ms);
    VMFT_EXPECT_EQUAL(failed.load(), 0u);
    for (u64 i = 0; i < count; i++)
        VMFT_EXPECT(test::read(*disk, i * bytes, bytes) ==
                    std::vector<u8>(bytes, static_cast<u8>(i)));
    VMFT_EXPECT(test::flush(*disk));
    VMFT_EXPECT(test::clear(*disk, DiskOperation::write_zeroes, 0, 15 * mib));
    VMFT_EXPECT(test::clear(*disk, DiskOperation::discard, 0, mib));
    VMFT_EXPECT(test::read(*disk, mib, 4096) == std::vector<u8>(4096));
    VMFT_EXPECT_EQUAL(ended.load(), count);
}

VMFT_TEST(a_claim_takes_the_disk) {
    test::TgtDaemon target;
    if (!target.usable()) VMFT_SKIP("there is no tgtd");
    auto former = open_disk(target.url(), holder("former", true));
    auto next = open_disk(target.url(), holder("next", false));
    VMFT_EXPECT(test::write(*former, 0, std::vector<u8>(4096, 1)));
    VMFT_EXPECT(next->claim(never).empty());
    VMFT_EXPECT(next->claim(never).empty());
    VMFT_EXPECT(!test::write(*former, 0, std::vector<u8>(4096, 1)));
    VMFT_EXPECT(former->trouble().find("another host took the disk") != std::string::npos);
    VMFT_EXPECT(!former->claim(never).empty());
    VMFT_EXPECT(test::write(*next, 0, std::vector<u8>(4096, 2)));
    VMFT_EXPECT(test::read(*former, 0, 4096) == std::vector<u8>(4096, 2));

    target.kill();
    std::atomic<bool> cancel{false};
    auto third = std::async(std::launch::async, [&] { return next->claim(cancel); });
    std::this_thread::sleep_for(50ms);
    cancel = true;
    third.get();
}

}  // namespace
}  // namespace vmft
