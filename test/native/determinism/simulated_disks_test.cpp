#include "determinism/simulated_disks.h"

#include <unistd.h>

#include <cstdlib>

#include "determinism/guest_files.h"
#include "determinism/lockstep.h"
#include "determinism/seen_disk_requests.h"
#include "determinism/small_guest.h"

using namespace vmft;
using namespace vmft::test;

namespace {

constexpr u64 image_bytes = u64{2} << 20;

/// A file of counted sectors, gone with this.
class ImageFile {
public:
    ImageFile() {
        for (size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<u8>(1 + (i >> 9) % 250);
        char path_template[] = "/tmp/vmft-image-XXXXXX";
        int file = mkstemp(path_template);
        path = path_template;
        bool written = file >= 0 && write(file, bytes.data(), bytes.size()) ==
                                        static_cast<ssize_t>(bytes.size());
        VMFT_EXPECT(written);
        if (file >= 0) close(file);
    }
    ~ImageFile() { unlink(path.c_str()); }
    ImageFile(const ImageFile&) = delete;
    ImageFile& operator=(const ImageFile&) = delete;

    std::vector<u8> bytes = std::vector<u8>(image_bytes);
    std::string path;
};

std::vector<DiskConfig> one_disk() { return {{image_bytes, 512, true, false, false, "image"}}; }

DiskRequest request(u64 id, DiskOperation operation, u64 offset_bytes) {
    DiskRequest request;
    request.id = id;
    request.operation = operation;
    request.offset_bytes = offset_bytes;
    request.bytes = 1024;
    if (operation == DiskOperation::write) request.data.assign(1024, 0xee);
    return request;
}

}  // namespace

VMFT_TEST(a_simulated_disk_changes_its_own_view_of_an_image) {
    ImageFile image;
    SimulatedDisks disks(one_disk(), {image.path}), zeroes(one_disk());
    Random random(1);
    u64 id = 0;
    auto read = [&](SimulatedDisks& from, u64 offset_bytes) {
        from.requested(request(&from == &disks ? ++id : 1, DiskOperation::read, offset_bytes));
        return from.end_one(random)->data;
    };
    auto wanted = [&](u64 offset_bytes) {
        auto begin = image.bytes.begin() + static_cast<i64>(offset_bytes);
        return std::vector<u8>(begin, begin + 1024);
    };
    for (u64 offset_bytes : {u64{0}, u64{512 * 77}, image_bytes - 1024})
        VMFT_EXPECT(read(disks, offset_bytes) == wanted(offset_bytes));
    VMFT_EXPECT(read(zeroes, 0) == std::vector<u8>(1024));
    disks.requested(request(++id, DiskOperation::write, 4096));
    VMFT_EXPECT(disks.end_one(random)->status == DiskStatus::ok);
    disks.requested(request(++id, DiskOperation::write_zeroes, 8192));
    VMFT_EXPECT(disks.end_one(random)->status == DiskStatus::ok);
    VMFT_EXPECT(read(disks, 4096) == std::vector<u8>(1024, 0xee));
    VMFT_EXPECT(read(disks, 8192) == std::vector<u8>(1024));
    VMFT_EXPECT(read(disks, 4096 + 1024) == wanted(4096 + 1024));
    VMFT_EXPECT(read_file(image.path) == image.bytes);
}

VMFT_TEST(what_is_asked_of_disks_is_told_apart) {
    auto digest_of = [](auto change) {
        SeenDiskRequests seen;
        DiskRequest asked = request(1, DiskOperation::write, 4096);
        change(asked);
        seen.requested(std::move(asked));
        return seen.digest();
    };
    u64 same = digest_of([](DiskRequest&) {});
    VMFT_EXPECT_EQUAL(digest_of([](DiskRequest&) {}), same);
    VMFT_EXPECT(digest_of([](DiskRequest& asked) { asked.data[1000] ^= 1; }) != same);
    VMFT_EXPECT(digest_of([](DiskRequest& asked) { asked.offset_bytes += 512; }) != same);
    VMFT_EXPECT(digest_of([](DiskRequest& asked) { asked.output_sequence++; }) != same);
}

VMFT_TEST(a_guest_with_disks_is_the_same_in_lock_step) {
    GuestStart guest = small_guest("disk");
    if (guest.kernel.empty()) return;
    ImageFile image;
    guest.config.disks = one_disk();
    LockstepPlan plan;
    plan.ticks_max = 100'000'000;
    plan.apart_ticks_max = 3'000;
    plan.options.after_runs = 0;
    plan.habits.disks = one_disk();
    plan.habits.disk_images = {image.path};
    for (plan.seed = 1; plan.seed <= 2; plan.seed++) {
        LockstepResult result = run_lockstep(guest, plan);
        VMFT_EXPECT_EQUAL(result.difference, "");
        VMFT_EXPECT(result.end == ExitKind::power_off && result.disk_requests > 20);
        VMFT_EXPECT(result.console.find("what was written is read: ok") != std::string::npos);
    }
    VMFT_EXPECT(read_file(image.path) == image.bytes);
}
