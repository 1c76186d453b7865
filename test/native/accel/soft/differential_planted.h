#pragma once

#include <vector>

#include "base/types.h"

namespace vmft::differential {

/// A mistake planted in the software CPU, and the opcode whose instances must show it.
struct PlantedBug {
    const char* what;
    u8 map, opcode, prefix;
};

std::vector<PlantedBug> planted_bugs();
/// Puts them all into this process's opcode table: for a child that ends afterwards.
void plant_bugs();

}  // namespace vmft::differential
