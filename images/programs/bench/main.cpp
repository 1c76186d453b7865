// The guest's CPU benchmark.
//
//   bench [SCALE]   runs each subject once, prints its name, checksum and time; SCALE (1 to 100,
//                   default 1) multiplies the work
//   bench spin      works until it is stopped; prints a line a second

#include "subjects.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace vmft::bench {

uint32_t spin_unit() {
    uint32_t checksum = sort_integers(2'000, 2463534242u);
    double distance = orbit(1'000);
    return checksum ^ crc32_of(&distance, sizeof distance, fill_and_copy(16));
}

namespace {

struct Subject {
    const char* name;
    uint32_t (*run)(uint32_t scale);
};

constexpr Subject subjects[] = {
    {"crc32", crc32},
    {"sort", sort},
    {"floating-point", floating_point},
    {"memory", memory},
};

double now_seconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

int run_all(uint32_t scale) {
    double start = now_seconds();
    for (const Subject& subject : subjects) {
        double before = now_seconds();
        uint32_t checksum = subject.run(scale);
        printf("bench: %-14s %08x %.3f s\n", subject.name, checksum, now_seconds() - before);
        fflush(stdout);
    }
    printf("bench: total %.3f s\n", now_seconds() - start);
    return 0;
}

[[noreturn]] void spin() {
    uint64_t units = 0;
    uint64_t units_printed = 0;
    uint32_t expected = spin_unit();
    double printed = now_seconds();
    for (;;) {
        if (spin_unit() != expected) {
            printf("spin: the same work gave another result\n");
            exit(1);
        }
        ++units;
        double now = now_seconds();
        if (now - printed < 1.0) continue;
        double per_second = static_cast<double>(units - units_printed) / (now - printed);
        printf("spin: %llu units, %.1f a second\n", static_cast<unsigned long long>(units),
               per_second);
        fflush(stdout);
        units_printed = units;
        printed = now;
    }
}

}  // namespace
}  // namespace vmft::bench

int main(int argument_count, char** arguments) {
    if (argument_count > 1 && strcmp(arguments[1], "spin") == 0) vmft::bench::spin();
    int scale = argument_count > 1 ? atoi(arguments[1]) : 1;
    if (scale < 1 || scale > 100) {
        fprintf(stderr, "bench: '%s' is not a scale from 1 to 100, nor 'spin'\n", arguments[1]);
        return 1;
    }
    return vmft::bench::run_all(static_cast<uint32_t>(scale));
}
