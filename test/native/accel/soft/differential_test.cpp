#include <cstdlib>

#include "differential_run.h"
#include "test.h"

/// The software CPU against the CPU that runs the test: random instances of every opcode form, same registers, flags, memory and
/// faults wanted. VMFT_DIFFERENTIAL_SEED, _COUNT and _FIRST choose others than the defaults; one instance is run again
/// by its number with _FIRST and a _COUNT of 1.
namespace vmft::differential {
namespace {

constexpr u64 default_seed = 20'240'607, default_count = 250'000;

u64 from_environment(const char* name, u64 otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

VMFT_TEST(random_instances_on_the_host_and_on_the_software_cpu) {
  u64 seed = from_environment("VMFT_DIFFERENTIAL_SEED", default_seed);
  u64 count = from_environment("VMFT_DIFFERENTIAL_COUNT", default_count);
  u64 first = from_environment("VMFT_DIFFERENTIAL_FIRST", 0);
  Report report = run_instances(seed, first, count);
  std::cout << "differential: seed " << seed << ", " << report.executed << " instances executed, " << report.faults << " of them faults, "
            << report.skipped << " skipped for the host's features, " << report.differences << " differ" << std::endl;
  if (!report.unusable.empty()) {
    std::cout << "differential: not run: " << report.unusable << std::endl;
    return;
  }
  if (report.differences) std::cout << report.text;
  VMFT_EXPECT_EQUAL(report.differences, 0u);
  VMFT_EXPECT_EQUAL(report.executed + report.skipped, count);
}

}  // namespace
}  // namespace vmft::differential
