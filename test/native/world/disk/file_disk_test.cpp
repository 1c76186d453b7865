#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <future>
#include <thread>

#include "base/limits.h"
#include "test.h"
#include "world/disk/disk_file.h"

namespace vmft {
namespace {

using namespace std::chrono_literals;
using test::DiskFile;

constexpr u64 mib = u64{1} << 20;
const std::atomic<bool> never{false};

std::vector<u8> pattern(u64 seed, u64 bytes) {
    std::vector<u8> made(bytes);
    for (u64 i = 0; i < bytes; i++) made[i] = static_cast<u8>(seed * 131 + i * 7 + i / 512);
    return made;
}

std::vector<u8> zeroes(u64 bytes) { return std::vector<u8>(bytes); }

DiskOptions with(bool shared, bool claim = false) {
    DiskOptions options;
    options.shared = shared;
    options.claim = claim;
    return options;
}

void reads_what_was_written(bool shared) {
    DiskFile file(8 * mib);
    auto disk = open_disk(file.path(), with(shared));
    DiskGeometry geometry = disk->geometry();
    const u64 block = geometry.block_bytes;
    VMFT_EXPECT_EQUAL(geometry.capacity_bytes, 7 * mib);
    VMFT_EXPECT(!geometry.read_only);
    // The largest request, and single blocks within it.
    std::vector<u8> data = pattern(1, limits::disk_request_bytes_max);
    VMFT_EXPECT(test::write(*disk, block, data));
    VMFT_EXPECT(test::read(*disk, block, data.size()) == data);
    VMFT_EXPECT(test::read(*disk, 0, block) == zeroes(block));
    VMFT_EXPECT(test::write(*disk, geometry.capacity_bytes - block, pattern(2, block)));
    VMFT_EXPECT(test::read(*disk, geometry.capacity_bytes - block, block) == pattern(2, block));
    VMFT_EXPECT(test::flush(*disk));
    VMFT_EXPECT(test::clear(*disk, DiskOperation::write_zeroes, 2 * block, block));
    VMFT_EXPECT(test::read(*disk, 2 * block, block) == zeroes(block));
    VMFT_EXPECT(test::clear(*disk, DiskOperation::discard, 3 * block, 4 * block));
    if (!shared) VMFT_EXPECT(test::read(*disk, 3 * block, 4 * block) == zeroes(4 * block));
    std::vector<u8> rest(data.begin() + static_cast<long>(6 * block), data.end());
    VMFT_EXPECT(test::read(*disk, 7 * block, rest.size()) == rest);
    VMFT_EXPECT(test::clear(*disk, DiskOperation::write_zeroes, 0, geometry.capacity_bytes));
    VMFT_EXPECT(test::read(*disk, block, data.size()) == zeroes(data.size()));
    VMFT_EXPECT(disk->trouble().empty());
}

VMFT_TEST(shared_reads_what_was_written) { reads_what_was_written(true); }
VMFT_TEST(private_reads_what_was_written) { reads_what_was_written(false); }

VMFT_TEST(another_opening_sees_a_write_that_is_done) {
    DiskFile file(4 * mib);
    auto one = open_disk(file.path(), with(true)), other = open_disk(file.path(), with(true));
    for (u64 seed = 0; seed < 50; seed++) {
        VMFT_EXPECT(test::write(*one, 4096, pattern(seed, 8192)));
        VMFT_EXPECT(test::read(*other, 4096, 8192) == pattern(seed, 8192));
    }
}

VMFT_TEST(transfers_at_once_all_end_once) {
    DiskFile file(64 * mib);
    constexpr u64 count = 500, bytes = 64 << 10;
    std::atomic<u64> ended{0}, failed{0};
    auto disk = open_disk(file.path(), with(true));
    for (u64 i = 0; i < count; i++)
        disk->submit({DiskOperation::write, i * bytes, bytes, pattern(i, bytes), false},
                     [&](DiskResult&& result) {
                         failed += result.status != DiskStatus::ok;
                         ended++;
                     });
    while (ended < count) std::this_thread::sleep_for(1ms);
    VMFT_EXPECT_EQUAL(failed.load(), 0u);
    for (u64 i = 0; i < count; i += 37)
        VMFT_EXPECT(test::read(*disk, i * bytes, bytes) == pattern(i, bytes));
    VMFT_EXPECT_EQUAL(ended.load(), count);
}

VMFT_TEST(what_is_queued_when_it_goes_is_never_done_afterwards) {
    DiskFile file(64 * mib);
    std::atomic<u64> ended{0};
    {
        auto disk = open_disk(file.path(), with(true));
        for (u64 i = 0; i < 300; i++)
            disk->submit({DiskOperation::write, 0, mib, zeroes(mib), false},
                         [&](DiskResult&&) { ended++; });
    }
    u64 at_the_end = ended;
    std::this_thread::sleep_for(50ms);
    VMFT_EXPECT_EQUAL(ended.load(), at_the_end);
}

VMFT_TEST(a_file_that_was_cut_has_errors) {
    DiskFile file(4 * mib);
    auto disk = open_disk(file.path(), with(true));
    VMFT_REQUIRE(truncate(file.path().c_str(), static_cast<off_t>(mib)) == 0);
    DiskResult result = test::transfer(*disk, {DiskOperation::read, 2 * mib, 4096, {}, false});
    VMFT_EXPECT(result.status == DiskStatus::io_error);
    VMFT_EXPECT(result.data.empty());
}

VMFT_TEST(read_only_disks_refuse_changes) {
    DiskFile file(4 * mib);
    DiskOptions options = with(true, true);
    options.read_only = true;
    auto disk = open_disk(file.path(), options);
    VMFT_EXPECT(disk->geometry().read_only);
    VMFT_EXPECT(!test::write(*disk, 0, zeroes(4096)));
    VMFT_EXPECT(!test::clear(*disk, DiskOperation::write_zeroes, 0, 4096));
    VMFT_EXPECT(test::flush(*disk));
    VMFT_EXPECT(test::read(*disk, 0, 4096) == zeroes(4096));
    VMFT_EXPECT(disk->claim(never).empty());
}

VMFT_TEST(a_disk_that_is_read_is_kept_from_writers) {
    DiskFile file(2 * mib);
    auto claimed = [&](bool read_only) {
        DiskOptions options = with(false, true);
        options.read_only = read_only;
        try {
            open_disk(file.path(), options);
        } catch (const DiskFault& fault) {
            return std::string(fault.code());
        }
        return std::string();
    };
    {
        DiskOptions options = with(true, true);
        options.read_only = true;
        auto reader = open_disk(file.path(), options);
        VMFT_EXPECT(claimed(true).empty());
        VMFT_EXPECT_EQUAL(claimed(false), "disk-in-use");
    }
    auto writer = open_disk(file.path(), with(true, true));
    VMFT_EXPECT_EQUAL(claimed(true), "disk-in-use");
    // Also of the old size, when it has grown.
    VMFT_REQUIRE(truncate(file.path().c_str(), 3 * mib) == 0);
    VMFT_EXPECT_EQUAL(claimed(false), "disk-in-use");
}

VMFT_TEST(a_claim_waits_until_the_holder_is_gone) {
    DiskFile file(4 * mib);
    int ready[2];
    VMFT_REQUIRE(pipe(ready) == 0);
    pid_t holder = fork();
    VMFT_REQUIRE(holder >= 0);
    if (holder == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        auto disk = open_disk(file.path(), with(true, true));
        (void)!::write(ready[1], "x", 1);
        for (;;) pause();
    }
    char byte;
    VMFT_REQUIRE(::read(ready[0], &byte, 1) == 1);
    auto disk = open_disk(file.path(), with(true));
    bool refused = false;
    try {
        open_disk(file.path(), with(true, true));
    } catch (const DiskFault& fault) {
        refused = std::string(fault.code()) == "disk-in-use";
    }
    VMFT_EXPECT(refused);

    std::atomic<bool> cancel{false};
    auto cancelled = std::async(std::launch::async, [&] { return disk->claim(cancel); });
    while (disk->trouble().empty()) std::this_thread::sleep_for(1ms);
    VMFT_EXPECT(disk->trouble().find("still holds") != std::string::npos);
    cancel = true;
    VMFT_EXPECT(!cancelled.get().empty());
    VMFT_EXPECT(disk->trouble().empty());

    auto claimed = std::async(std::launch::async, [&] { return disk->claim(never); });
    VMFT_EXPECT(claimed.wait_for(30ms) == std::future_status::timeout);
    kill(holder, SIGKILL);
    VMFT_EXPECT(claimed.get().empty());
    VMFT_EXPECT(disk->claim(never).empty());
    waitpid(holder, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
}

/// In a process and a mount namespace of its own, with a file system of 4 MiB at `folder`.
int on_small_file_system(const std::string& folder) {
    uid_t user = getuid();
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
        std::ofstream("/proc/self/uid_map") << "0 " << user << " 1\n";
    }
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=4m") != 0) return 77;
    std::string path = folder + "/disk", filler = folder + "/filler";
    std::ofstream(path).put(0);
    std::ofstream(filler) << std::string(2 * mib, 'x');
    if (truncate(path.c_str(), static_cast<off_t>(8 * mib)) != 0) return 1;

    unsigned long before = test::failures();
    auto disk = open_disk(path, with(true));
    auto written = std::async(std::launch::async, [&] {
        return test::write(*disk, 0, pattern(1, 2 * mib)) &&
               test::write(*disk, 2 * mib, pattern(2, mib));
    });
    while (disk->trouble().empty()) std::this_thread::sleep_for(1ms);
    VMFT_EXPECT_EQUAL(disk->trouble(), "no space left for " + path + "; waiting");
    // The others go on meanwhile.
    VMFT_EXPECT(test::read(*disk, 6 * mib, 4096) == zeroes(4096));
    unlink(filler.c_str());
    VMFT_EXPECT(written.get());
    while (!disk->trouble().empty()) std::this_thread::sleep_for(1ms);
    VMFT_EXPECT(test::read(*disk, 0, 2 * mib) == pattern(1, 2 * mib));
    VMFT_EXPECT(test::read(*disk, 2 * mib, mib) == pattern(2, mib));
    return test::failures() == before ? 0 : 1;
}

VMFT_TEST(no_space_is_waited_for) {
    DiskFile place(mib);
    std::string folder = place.folder() + "/small";
    VMFT_REQUIRE(mkdir(folder.c_str(), 0700) == 0);
    std::cout.flush();
    pid_t child = fork();
    VMFT_REQUIRE(child >= 0);
    if (child == 0) {
        int status = on_small_file_system(folder);
        std::cout.flush();
        _exit(status);
    }
    int status = 0;
    waitpid(child, &status, 0);
    rmdir(folder.c_str());
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) VMFT_SKIP("no file system can be mounted");
    VMFT_EXPECT_EQUAL(status, 0);
}

}  // namespace
}  // namespace vmft
