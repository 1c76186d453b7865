#include "determinism/workloads.h"

#include <filesystem>

#include "base/limits.h"
#include "determinism/guest_files.h"

namespace vmft::test {
namespace {

GuestStart debian(const std::string& command_line) {
    GuestStart guest;
    std::string kernel = guest_path("VMFT_KERNEL"), initramfs = guest_path("VMFT_INITRAMFS");
    if (kernel.empty() || initramfs.empty()) return guest;
    guest.kernel = read_file(kernel);
    guest.initramfs = read_file(initramfs);
    guest.config.memory_bytes = 192 << 20;
    guest.config.command_line = "console=ttyS0 quiet " + command_line;
    guest.config.random_seed.fill(0x42);
    guest.config.realtime_ns = 1'700'000'000'000'000'000;
    return guest;
}

/// With a network on which others talk, too.
Workload of_initramfs(const std::string& mode, const std::string& last_words) {
    Workload workload;
    workload.guest = debian("vmft.ip=10.0.0.2/24 vmft.mode=" + mode);
    workload.guest.config.mac = MacAddress{2, 0, 0, 0, 0, 2};
    workload.habits.guest_address = 0x0a00'0002;
    workload.told = {last_words};
    return workload;
}

Workload of_bench_disk(const std::string& name) {
    Workload workload;
    std::string image = guest_path("VMFT_BENCH_DISK");
    if (image.empty()) return workload;
    workload.guest =
        debian("root=/dev/vda rw vmft.run=sh%20/usr/lib/vmft/bench/work/run%20" + name);
    workload.guest.config.memory_bytes = 512 << 20;
    DiskConfig disk;
    disk.capacity_bytes = std::filesystem::file_size(image) - limits::disk_reserved_bytes;
    disk.serial = "bench";
    workload.guest.config.disks = workload.habits.disks = {disk};
    workload.habits.disk_images = {image};
    workload.code_bytes_min = u64{8} << 20;
    workload.told = {"work: " + name + " result ", "vmft: run ended with 0"};
    return workload;
}

}  // namespace

Workload workload(const std::string& name) {
    if (name == "boot") return of_initramfs("check", "vmft-guest: check done");
    if (name == "benchmark") return of_initramfs("bench", "total");
    return of_bench_disk(name);
}

}  // namespace vmft::test
