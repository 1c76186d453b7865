#include "addon/values.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "device/virtio_blk.h"

namespace vmft::addon {
namespace {

[[noreturn]] void refuse(const char* name, const char* expected) {
    throw RunnerError("bad-argument", std::string(name) + ": expected " + expected);
}

const char* code_name(CodeExecution code) {
    switch (code) {
    case CodeExecution::native: return "native";
    case CodeExecution::translated: return "translated";
    case CodeExecution::interpreted: return "interpreted";
    }
    return "";
}

const char* mode_name(Runner::Mode mode) {
    switch (mode) {
    case Runner::Mode::created: return "created";
    case Runner::Mode::live: return "live";
    case Runner::Mode::replica: return "replica";
    case Runner::Mode::paused: return "paused";
    case Runner::Mode::stopped: return "stopped";
    }
    return "stopped";
}

Napi::Object from_disk_counts(Napi::Env env, const DiskQueue::Counts& counts) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("pending", from_u64(env, counts.pending));
    object.Set("issued", from_u64(env, counts.issued));
    object.Set("reads", from_u64(env, counts.reads));
    object.Set("writes", from_u64(env, counts.writes));
    object.Set("flushes", from_u64(env, counts.flushes));
    object.Set("bytesRead", from_u64(env, counts.bytes_read));
    object.Set("bytesWritten", from_u64(env, counts.bytes_written));
    object.Set("trouble", counts.trouble);
    return object;
}

DiskConfig to_disk_config(const Napi::Object& object) {
    DiskConfig disk;
    disk.block_bytes = to_u32(object.Get("blockBytes"), "blockBytes");
    if (disk.block_bytes != 512 && disk.block_bytes != 4096) refuse("blockBytes", "512 or 4096");
    disk.capacity_bytes = to_u64(object.Get("capacityBytes"), "capacityBytes");
    if (disk.capacity_bytes == 0 || disk.capacity_bytes % disk.block_bytes != 0)
        refuse("capacityBytes", "whole blocks, at least one");
    std::string holding = to_text(object.Get("holding"), "holding");
    if (holding != "shared" && holding != "private") refuse("holding", "shared or private");
    disk.shared = holding == "shared";
    disk.read_only = to_bool(object.Get("readOnly"), "readOnly");
    disk.reads_on_backup = to_bool(object.Get("readsOnBackup"), "readsOnBackup");
    disk.serial = to_text(object.Get("serial"), "serial");
    bool printable = std::ranges::all_of(disk.serial, [](char c) { return c >= ' ' && c <= '~'; });
    if (disk.serial.size() > VirtioBlk::serial_bytes || !printable)
        refuse("serial", "at most 20 printable ASCII characters");
    return disk;
}

std::vector<DiskConfig> to_disk_configs(const Napi::Value& value) {
    if (!value.IsArray()) refuse("disks", "an array");
    auto array = value.As<Napi::Array>();
    if (array.Length() > limits::disks_max) refuse("disks", "at most five");
    std::vector<DiskConfig> disks;
    for (u32 i = 0; i < array.Length(); i++)
        disks.push_back(to_disk_config(to_object(array.Get(i), "disks")));
    return disks;
}

}  // namespace

u64 to_u64(const Napi::Value& value, const char* name) {
    if (!value.IsBigInt()) refuse(name, "a BigInt");
    bool lossless = false;
    u64 number = value.As<Napi::BigInt>().Uint64Value(&lossless);
    if (!lossless) refuse(name, "a BigInt of 0 … 2^64 - 1");
    return number;
}

double to_number(const Napi::Value& value, const char* name) {
    if (!value.IsNumber()) refuse(name, "a number");
    return value.As<Napi::Number>().DoubleValue();
}

u64 to_size(const Napi::Value& value, const char* name) {
    double number = to_number(value, name);
    if (!(number >= 0 && number <= 9007199254740991.0) || std::floor(number) != number)
        refuse(name, "a whole number, not negative");
    return static_cast<u64>(number);
}

bool to_bool(const Napi::Value& value, const char* name) {
    if (!value.IsBoolean()) refuse(name, "a boolean");
    return value.As<Napi::Boolean>().Value();
}

std::string to_text(const Napi::Value& value, const char* name) {
    if (!value.IsString()) refuse(name, "a string");
    return value.As<Napi::String>().Utf8Value();
}

Napi::Object to_object(const Napi::Value& value, const char* name) {
    if (!value.IsObject()) refuse(name, "an object");
    return value.As<Napi::Object>();
}

std::span<const u8> to_bytes(const Napi::Value& value, const char* name) {
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
        refuse(name, "a Buffer");
    auto array = value.As<Napi::Uint8Array>();
    return {array.Data(), array.ByteLength()};
}

std::optional<std::span<const u8>> to_optional_bytes(const Napi::Value& value, const char* name) {
    if (value.IsNull()) return std::nullopt;
    return to_bytes(value, name);
}

Replication to_replication(const Napi::Value& value) {
    std::string name = to_text(value, "replication");
    if (name == "replay") return Replication::replay;
    if (name != "checkpoint") refuse("replication", "replay or checkpoint");
    return Replication::checkpoint;
}

LiveOptions to_live_options(const Napi::Value& value) {
    Napi::Object object = to_object(value, "options");
    LiveOptions options;
    options.generation = to_u64(object.Get("generation"), "generation");
    options.gated = to_bool(object.Get("gated"), "gated");
    options.recording = to_bool(object.Get("recording"), "recording");
    double bytes_max = to_number(object.Get("unacknowledgedBytesMax"), "unacknowledgedBytesMax");
    if (!(bytes_max >= 0)) refuse("unacknowledgedBytesMax", "a number, not negative");
    options.replication = to_replication(object.Get("replication"));
    // Infinity is a fair way to say "no bound".
    options.unacknowledged_bytes_max =
        bytes_max >= 0x1p63 ? u64{1} << 63 : static_cast<u64>(bytes_max);
    return options;
}

MachineConfig to_machine_config(const Napi::Object& object) {
    MachineConfig config;
    config.memory_bytes = to_size(object.Get("memoryBytes"), "memoryBytes");
    if (config.memory_bytes % page_bytes != 0 ||
        config.memory_bytes > limits::guest_memory_bytes_max)
        refuse("memoryBytes", "a multiple of 4096, at most 64 GiB");
    if (config.memory_bytes < limits::guest_memory_bytes_min)
        throw RunnerError("memory-too-small", "a guest needs at least 32 MiB of memory",
                          "give it more");
    config.command_line = to_text(object.Get("commandLine"), "commandLine");
    if (auto mac = to_optional_bytes(object.Get("mac"), "mac")) {
        if (mac->size() != 6) refuse("mac", "6 bytes");
        config.mac.emplace();
        std::copy(mac->begin(), mac->end(), config.mac->begin());
    }
    std::span<const u8> seed = to_bytes(object.Get("randomSeed"), "randomSeed");
    if (seed.size() != config.random_seed.size()) refuse("randomSeed", "32 bytes");
    std::copy(seed.begin(), seed.end(), config.random_seed.begin());
    config.realtime_ns = to_u64(object.Get("realtimeNs"), "realtimeNs");
    config.disks = to_disk_configs(object.Get("disks"));
    return config;
}

u32 to_u32(const Napi::Value& value, const char* name) {
    u64 number = to_size(value, name);
    if (number > ~u32{0}) refuse(name, "a whole number of 32 bits");
    return static_cast<u32>(number);
}

std::vector<kvm::CpuidLeaf> to_cpuid(const Napi::Value& value, const char* name) {
    if (!value.IsArray()) refuse(name, "an array");
    auto array = value.As<Napi::Array>();
    if (array.Length() > limits::cpuid_leaves_max) refuse(name, "at most 256 leaves");
    std::vector<kvm::CpuidLeaf> leaves;
    for (u32 i = 0; i < array.Length(); i++) {
        Napi::Object object = to_object(array.Get(i), name);
        kvm::CpuidLeaf leaf;
        leaf.function = to_u32(object.Get("function"), "function");
        leaf.index = to_u32(object.Get("index"), "index");
        leaf.indexed = to_bool(object.Get("indexed"), "indexed");
        leaf.eax = to_u32(object.Get("eax"), "eax");
        leaf.ebx = to_u32(object.Get("ebx"), "ebx");
        leaf.ecx = to_u32(object.Get("ecx"), "ecx");
        leaf.edx = to_u32(object.Get("edx"), "edx");
        leaves.push_back(leaf);
    }
    return leaves;
}

Napi::Value from_cpuid(Napi::Env env, std::span<const kvm::CpuidLeaf> leaves) {
    Napi::Array array = Napi::Array::New(env, leaves.size());
    for (u32 i = 0; i < leaves.size(); i++) {
        const kvm::CpuidLeaf& leaf = leaves[i];
        Napi::Object object = Napi::Object::New(env);
        object.Set("function", leaf.function);
        object.Set("index", leaf.index);
        object.Set("indexed", leaf.indexed);
        object.Set("eax", leaf.eax);
        object.Set("ebx", leaf.ebx);
        object.Set("ecx", leaf.ecx);
        object.Set("edx", leaf.edx);
        array.Set(i, object);
    }
    return array;
}

kvm::CounterOptions to_counter_options(const Napi::Value& value) {
    Napi::Object object = to_object(value, "counter");
    kvm::CounterOptions options;
    std::string kind = to_text(object.Get("kind"), "kind");
    if (kind == "perf")
        options.kind = kvm::CounterOptions::Kind::perf;
    else if (kind == "step")
        options.kind = kvm::CounterOptions::Kind::step;
    else if (kind == "simulated")
        options.kind = kvm::CounterOptions::Kind::simulated;
    else if (kind == "none")
        options.kind = kvm::CounterOptions::Kind::none;
    else
        refuse("kind", "perf, step, simulated or none");
    options.skid = to_size(object.Get("skid"), "skid");
    options.random_seed = to_size(object.Get("randomSeed"), "randomSeed");
    return options;
}

Napi::Value from_u64(Napi::Env env, u64 value) { return Napi::BigInt::New(env, value); }

Napi::Value from_bytes(Napi::Env env, std::span<const u8> bytes) {
    return Napi::Buffer<u8>::Copy(env, bytes.data(), bytes.size());
}

Napi::Object from_position(Napi::Env env, const Position& position) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("ticks", from_u64(env, position.ticks));
    object.Set("rip", from_u64(env, position.rip));
    object.Set("rcx", from_u64(env, position.rcx));
    object.Set("registers", from_u64(env, position.registers));
    object.Set("exits", from_u64(env, position.exits));
    return object;
}

Napi::Array from_disk_ranges(Napi::Env env, std::span<const DiskRange> ranges) {
    Napi::Array array = Napi::Array::New(env, ranges.size());
    for (u32 i = 0; i < ranges.size(); i++) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("offset", from_u64(env, ranges[i].offset_bytes));
        object.Set("bytes", from_u64(env, ranges[i].bytes));
        array.Set(i, object);
    }
    return array;
}

Napi::Object from_status(Napi::Env env, const Runner::Status& status) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("mode", mode_name(status.mode));
    object.Set("position", from_position(env, status.position));
    object.Set("virtualNs", from_u64(env, status.virtual_ns));
    object.Set("halted", status.halted);
    object.Set("stalled", status.stalled);
    object.Set("cpuShare", status.cpu_share);
    object.Set("outputsProduced", from_u64(env, status.outputs.produced));
    object.Set("outputsReleased", from_u64(env, status.outputs.released));
    object.Set("unacknowledgedBytes", static_cast<double>(status.unacknowledged_bytes));
    object.Set("recordedBytes", from_u64(env, status.recorded_bytes));
    object.Set("framesReceived", from_u64(env, status.frames_received));
    object.Set("framesSent", from_u64(env, status.outputs.frames_sent));
    object.Set("framesDropped", from_u64(env, status.frames_dropped));
    Napi::Array disks = Napi::Array::New(env, status.disks.size());
    for (u32 i = 0; i < status.disks.size(); i++)
        disks.Set(i, from_disk_counts(env, status.disks[i]));
    object.Set("disks", disks);
    object.Set("code", code_name(status.code));
    Napi::Object stops = Napi::Object::New(env);
    stops.Set("ownExits", from_u64(env, status.accelerator.own_exits));
    stops.Set("forcedExits", from_u64(env, status.accelerator.forced_exits));
    stops.Set("exactStops", from_u64(env, status.accelerator.exact_stops));
    stops.Set("breakpointHits", from_u64(env, status.accelerator.breakpoint_hits));
    stops.Set("stopNs", from_u64(env, status.accelerator.stop_ns));
    object.Set("stops", stops);
    return object;
}

Napi::Error make_error(Napi::Env env, const RunnerError& error) {
    Napi::Error made = Napi::Error::New(env, error.what());
    made.Set("code", Napi::String::New(env, error.code()));
    made.Set("whatToDo", Napi::String::New(env, error.what_to_do()));
    return made;
}

}  // namespace vmft::addon
