#include "accel/soft/fuzz/fuzz_run.h"

#include <algorithm>
#include <cstdio>

namespace vmft::fuzz {
namespace {

constexpr unsigned attempts_max = 3000;

TranslatorOptions interpreted() {
    TranslatorOptions options;
    options.enabled = false;
    return options;
}

bool differs(const Case& drawn, Planted planted) { return compare(drawn, planted).found; }

/// Drops what the difference does not need, in ever smaller portions.
template <typename Item, typename Drop, typename Restore>
void drop_portions(std::vector<Item>& items, unsigned& attempts, const Drop& drop,
                   const Restore& still_differs) {
    for (size_t portion = std::max<size_t>(items.size() / 2, 1);; portion /= 2) {
        for (size_t from = 0; from < items.size() && attempts < attempts_max; from += portion) {
            size_t to = std::min(from + portion, items.size());
            std::vector<Item> before = items;
            if (!drop(items, from, to)) continue;
            attempts++;
            if (!still_differs()) items = before;
        }
        if (portion <= 1) return;
    }
}

/// The last stop moves to the first tick that shows the difference, halving the way.
void stop_early(Case& drawn, const Difference& found, Planted planted) {
    std::erase_if(drawn.stops, [&](u64 stop) { return stop >= found.ticks; });
    u64 equal = found.equal_ticks, differing = found.ticks;
    while (equal + 1 < differing) {
        u64 middle = equal + (differing - equal) / 2;
        Case shorter = drawn;
        shorter.stops.push_back(middle);
        if (differs(shorter, planted))
            differing = middle;
        else
            equal = middle;
    }
    drawn.stops.push_back(differing);
}

}  // namespace

Difference compare(const Case& drawn, Planted planted) {
    FuzzMachine tested(drawn, drawn.options, drawn.slices, planted);
    FuzzMachine reference(drawn, interpreted(), drawn.reference_slices);
    Difference result;
    for (u64 stop : drawn.stops) {
        tested.run_to(stop);
        reference.run_to(stop);
        result.text = FuzzMachine::difference(tested, reference);
        result.ticks = stop;
        if (!result.text.empty()) {
            result.found = true;
            break;
        }
        result.equal_ticks = stop;
        if (reference.ended()) break;
    }
    result.restarts = reference.restarts();
    result.ticks_run = reference.ticks();
    return result;
}

Case minimise(Case drawn, Planted planted) {
    Difference found = compare(drawn, planted);
    if (!found.found) return drawn;
    stop_early(drawn, found, planted);
    unsigned attempts = 0;
    auto still = [&] { return differs(drawn, planted); };
    drop_portions(
        drawn.stops, attempts,
        [](auto& items, size_t from, size_t to) {
            if (to == items.size()) return false;
            items.erase(items.begin() + static_cast<i64>(from),
                        items.begin() + static_cast<i64>(to));
            return true;
        },
        still);
    drop_portions(
        drawn.events, attempts,
        [](auto& items, size_t from, size_t to) {
            items.erase(items.begin() + static_cast<i64>(from),
                        items.begin() + static_cast<i64>(to));
            return true;
        },
        still);
    drop_portions(
        drawn.pieces, attempts,
        [](auto& items, size_t from, size_t to) {
            bool any = false;
            for (size_t i = from; i < to; i++) any |= items[i].kept, items[i].kept = false;
            return any;
        },
        still);
    for (Slices* slices : {&drawn.slices, &drawn.reference_slices}) {
        Slices before = *slices;
        *slices = Slices::whole;
        if (!still()) *slices = before;
    }
    found = compare(drawn, planted);
    if (found.found) stop_early(drawn, found, planted);
    return drawn;
}

std::string describe(const Case& drawn, const Difference& difference, Planted planted) {
    std::string text;
    char line[256];
    using ull = unsigned long long;
    auto add = [&](const char* format, auto... values) {
        std::snprintf(line, sizeof line, format, values...);
        text += line;
    };
    static constexpr const char* slices[] = {"whole", "random", "single"};
    add("seed %llu: after_runs %u, code_bytes %llu, slices %s, reference %s\n", ull{drawn.seed},
        drawn.options.after_runs, ull{drawn.options.code_bytes},
        slices[static_cast<u8>(drawn.slices)], slices[static_cast<u8>(drawn.reference_slices)]);
    add("differs at tick %llu, not at %llu: ", ull{difference.ticks}, ull{difference.equal_ticks});
    text += difference.text + "\n";
    for (const Piece& piece : drawn.pieces) {
        if (!piece.kept) continue;
        add("  ram %05x:", piece.ram_offset);
        for (unsigned i = 0; i < piece.length; i++) add(" %02x", piece.bytes[i]);
        text += "\n";
        if (text.size() > 6000) {
            text += "  ...\n";
            break;
        }
    }
    for (const WorldEvent& event : drawn.events)
        add("  at tick %llu: event %u, ram %05x, value %llx\n", ull{event.ticks},
            unsigned{event.kind}, event.ram_offset, ull{event.value});
    FuzzMachine tested(drawn, drawn.options, drawn.slices, planted);
    FuzzMachine reference(drawn, interpreted(), drawn.reference_slices);
    for (u64 stop : drawn.stops) {
        tested.run_to(stop), reference.run_to(stop);
        if (stop == difference.equal_ticks) text += "equal:\n" + reference.describe();
        if (stop != difference.ticks) continue;
        text += "tested:\n" + tested.describe() + "reference:\n" + reference.describe();
        break;
    }
    // From where the reference went.
    FuzzMachine steps(drawn, interpreted(), Slices::single);
    u64 from = difference.ticks > 12 ? difference.ticks - 12 : 0;
    steps.run_to(from);
    text += "the reference's last ticks:\n";
    for (u64 tick = from; tick < difference.ticks; tick++) {
        text += "  " + steps.next_instruction() + "\n";
        steps.run_to(tick + 1);
    }
    return text;
}

}  // namespace vmft::fuzz
