#pragma once

#include "base/types.h"

namespace vmft {

/// Why bytes are not a log frame this build executes. Names are stable: they appear in messages and
/// tests.
enum class LogFault : u8 {
    none,
    truncated,            ///< The bytes end inside a field.
    varint_too_long,      ///< More than 10 bytes or 64 bits.
    wrong_wire_type,      ///< A known field with another wire type.
    unknown_field,        ///< A field this version does not know: written by a newer one.
    repeated_field,       ///< A singular field given twice.
    missing_field,        ///< No segment, no position or no input.
    too_long,             ///< More bytes or records than limits.h allows.
    checksum,             ///< The segment's bytes are not those that were written.
    bad_value,            ///< A number or length outside its range.
    positions_backwards,  ///< A record, or run_until, before the record ahead of it.
    generation,           ///< A frame of another generation.
    sequence,             ///< Repeated, or one is missing before it.
};

inline const char* name_of(LogFault fault) {
    switch (fault) {
    case LogFault::none: return "none";
    case LogFault::truncated: return "truncated";
    case LogFault::varint_too_long: return "varint-too-long";
    case LogFault::wrong_wire_type: return "wrong-wire-type";
    case LogFault::unknown_field: return "unknown-field";
    case LogFault::repeated_field: return "repeated-field";
    case LogFault::missing_field: return "missing-field";
    case LogFault::too_long: return "too-long";
    case LogFault::checksum: return "checksum";
    case LogFault::bad_value: return "bad-value";
    case LogFault::positions_backwards: return "positions-backwards";
    case LogFault::generation: return "generation";
    case LogFault::sequence: return "sequence";
    }
    return "unknown";
}

}  // namespace vmft
