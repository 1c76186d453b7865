#pragma once

#include <napi.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accel/accelerator_fault.h"
#include "accel/kvm/counter/counter.h"
#include "addon/error_codes.h"
#include "base/position.h"
#include "machine/machine_config.h"
#include "runner/runner.h"
#include "runner/runner_error.h"

/// Conversions between JavaScript values and ours. Reading is total: what is not of the expected
/// type or range throws RunnerError("bad-argument") naming it.
namespace vmft::addon {

u64 to_u64(const Napi::Value& value, const char* name);
double to_number(const Napi::Value& value, const char* name);
/// A whole number, 0 … 2^53 - 1.
u64 to_size(const Napi::Value& value, const char* name);
bool to_bool(const Napi::Value& value, const char* name);
std::string to_text(const Napi::Value& value, const char* name);
Napi::Object to_object(const Napi::Value& value, const char* name);
/// The bytes of a Buffer or Uint8Array, valid until JavaScript runs again.
std::span<const u8> to_bytes(const Napi::Value& value, const char* name);
/// As to_bytes; null is none.
std::optional<std::span<const u8>> to_optional_bytes(const Napi::Value& value, const char* name);

/// "replay" or "checkpoint".
Replication to_replication(const Napi::Value& value);
LiveOptions to_live_options(const Napi::Value& value);
MachineConfig to_machine_config(const Napi::Object& object);

u32 to_u32(const Napi::Value& value, const char* name);
/// CpuidLeaf objects of src/flow/machine/guest-cpu.ts, at most limits::cpuid_leaves_max.
std::vector<kvm::CpuidLeaf> to_cpuid(const Napi::Value& value, const char* name);
Napi::Value from_cpuid(Napi::Env env, std::span<const kvm::CpuidLeaf> leaves);
/// CounterOptions of src/flow/machine/accelerator.ts.
kvm::CounterOptions to_counter_options(const Napi::Value& value);

Napi::Value from_u64(Napi::Env env, u64 value);
Napi::Value from_bytes(Napi::Env env, std::span<const u8> bytes);
Napi::Object from_position(Napi::Env env, const Position& position);
Napi::Object from_status(Napi::Env env, const Runner::Status& status);
/// An array of DiskRange of machine.ts.
Napi::Array from_disk_ranges(Napi::Env env, std::span<const DiskRange> ranges);

/// An Error with `code` and `whatToDo`, as asVmftError (src/base/errors.ts) expects it.
Napi::Error make_error(Napi::Env env, const RunnerError& error);

/// Runs `body`, and turns what it throws into a JavaScript exception.
template <typename Body>
auto guarded(Napi::Env env, Body body) -> decltype(body()) {
    try {
        return body();
    } catch (const RunnerError& error) {
        throw make_error(env, error);
    } catch (const AcceleratorFault& fault) {
        throw make_error(
            env, RunnerError(error_code_of(fault.kind()), fault.what(), fault.what_to_do()));
    } catch (const std::bad_alloc&) {
        throw make_error(env, RunnerError("memory-unavailable",
                                          "this host has no memory left for the guest",
                                          "give the guest less memory, or free some on the host"));
    } catch (const Napi::Error&) {
        throw;
    } catch (const std::exception& error) {
        throw make_error(env, RunnerError("internal", error.what()));
    }
}

}  // namespace vmft::addon
