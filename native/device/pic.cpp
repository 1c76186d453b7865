#include "device/pic.h"

#include "base/check.h"

namespace vmft {

namespace {

constexpr unsigned master = 0, slave = 1, cascade = 2;
/// The inputs that may be level-triggered: not the timer, keyboard, cascade, RTC and coprocessor.
constexpr u8 elcr_writable[] = {0xF8, 0xDE};

}  // namespace

void Pic::Chip::set_line(unsigned line, bool up) {
    u8 bit = static_cast<u8>(1u << line);
    bool was_up = lines & bit;
    lines = static_cast<u8>(up ? lines | bit : lines & ~bit);
    if (up && ((level & bit) || !was_up)) requests |= bit;
    // A request must stay up until it is acknowledged; else INTA finds the spurious interrupt.
    if (!up) requests = static_cast<u8>(requests & ~bit);
}

/// The highest-ranked of a set of inputs, -1 for none.
int Pic::Chip::best(u8 lines_of) const {
    for (unsigned i = 1; i <= 8; i++) {
        unsigned line = (lowest_priority + i) & 7;
        if (lines_of >> line & 1) return static_cast<int>(line);
    }
    return -1;
}

/// The input that may interrupt now, -1 for none. `unranked_in_service`: inputs that do not block
/// others though in service.
int Pic::Chip::request(u8 unranked_in_service) const {
    int wanted = best(requests & static_cast<u8>(~mask));
    if (wanted < 0) return -1;
    u8 blocking = in_service & static_cast<u8>(~unranked_in_service);
    if (special_mask) blocking = blocking & static_cast<u8>(~mask);
    int serviced = best(blocking);
    if (serviced >= 0 &&
        rank(static_cast<unsigned>(wanted)) >= rank(static_cast<unsigned>(serviced)))
        return -1;
    return wanted;
}

void Pic::Chip::acknowledge(unsigned line) {
    u8 bit = static_cast<u8>(1u << line);
    if (!(level & bit)) requests = static_cast<u8>(requests & ~bit);
    if (!automatic_eoi)
        in_service |= bit;
    else if (rotate_on_automatic_eoi)
        lowest_priority = static_cast<u8>(line);
}

void Pic::Chip::operation_command(u8 value) {
    if (value & 0x08) {  // OCW3
        if (value & 0x04) poll = true;
        if (value & 0x02) read_in_service = value & 0x01;
        if (value & 0x40) special_mask = value & 0x20;
        return;
    }
    unsigned named = value & 7;  // OCW2
    u8 named_bit = static_cast<u8>(1u << named);
    switch (value >> 5) {
    case 0: rotate_on_automatic_eoi = false; break;
    case 4: rotate_on_automatic_eoi = true; break;
    case 1:
    case 5: {
        int serviced = best(special_mask ? in_service & static_cast<u8>(~mask) : in_service);
        if (serviced < 0) break;
        in_service = static_cast<u8>(in_service & ~(1u << serviced));
        if (value >> 5 == 5) lowest_priority = static_cast<u8>(serviced);
        break;
    }
    case 3: in_service = static_cast<u8>(in_service & ~named_bit); break;
    case 7:
        in_service = static_cast<u8>(in_service & ~named_bit);
        lowest_priority = static_cast<u8>(named);
        break;
    case 6: lowest_priority = static_cast<u8>(named); break;
    default: break;  // 2: no operation
    }
}

void Pic::Chip::write_command(u8 value) {
    if (!(value & 0x10)) {
        operation_command(value);
        return;
    }
    // ICW1. The edge-sense circuit is reset: an input must rise anew; level inputs ask on.
    requests = lines & level;
    mask = 0;
    in_service = 0;
    lowest_priority = 7;
    special_mask = automatic_eoi = rotate_on_automatic_eoi = fully_nested = false;
    read_in_service = poll = false;
    wants_icw4 = value & 0x01;
    single = value & 0x02;
    initialization_step = 2;
}

void Pic::Chip::write_data(u8 value) {
    switch (initialization_step) {
    case 2:
        vector_base = value & 0xF8;
        initialization_step = !single ? 3 : wants_icw4 ? 4 : 0;
        break;
    case 3:
        initialization_step = wants_icw4 ? 4 : 0;
        break;  // the cascade is wired, not configured
    case 4:
        fully_nested = value & 0x10;
        automatic_eoi = value & 0x02;
        initialization_step = 0;
        break;
    default: mask = value; break;
    }
}

int Pic::request_of(unsigned chip) const {
    bool nested = chip == master && chips_[master].fully_nested;
    return chips_[chip].request(nested ? 1u << cascade : 0);
}

void Pic::update() {
    chips_[master].set_line(cascade, request_of(slave) >= 0);
    bool up = request_of(master) >= 0;
    if (up == requested_) return;
    requested_ = up;
    output_.set(up);
}

void Pic::set_input(unsigned input, bool up) {
    VMFT_CHECK(input < 16 && input != cascade);
    chips_[input >> 3].set_line(input & 7, up);
    update();
}

u8 Pic::acknowledge() {
    int line = request_of(master);
    u8 vector;
    if (line < 0) {
        vector = chips_[master].vector_base | 7;
    } else if (line != cascade) {
        chips_[master].acknowledge(static_cast<unsigned>(line));
        vector = static_cast<u8>(chips_[master].vector_base | line);
    } else {
        int inner = request_of(slave);
        chips_[master].acknowledge(cascade);
        if (inner >= 0) chips_[slave].acknowledge(static_cast<unsigned>(inner));
        vector = static_cast<u8>(chips_[slave].vector_base | (inner < 0 ? 7 : inner));
        // Further requests of the slave must make a new edge on the cascade.
        chips_[master].set_line(cascade, false);
    }
    update();
    return vector;
}

u8 Pic::read_chip(unsigned index, bool data_port) {
    Chip& chip = chips_[index];
    if (chip.poll) {
        chip.poll = false;
        int line = request_of(index);
        if (line < 0) return 0;
        chip.acknowledge(static_cast<unsigned>(line));
        if (index == slave) chips_[master].set_line(cascade, false);
        update();
        return static_cast<u8>(0x80 | line);
    }
    if (data_port) return chip.mask;
    return chip.read_in_service ? chip.in_service : chip.requests;
}

u64 Pic::read(u64 offset, unsigned size_bytes) {
    (void)size_bytes;
    if (offset >= elcr_offset + 2) return 0xFF;
    if (offset >= elcr_offset) return chips_[offset - elcr_offset].level;
    return read_chip(static_cast<unsigned>(offset >> 1), offset & 1);
}

void Pic::write(u64 offset, unsigned size_bytes, u64 value) {
    (void)size_bytes;
    u8 byte = static_cast<u8>(value);
    if (offset >= elcr_offset + 2) return;
    if (offset >= elcr_offset) {
        unsigned index = static_cast<unsigned>(offset - elcr_offset);
        chips_[index].level = byte & elcr_writable[index];
    } else if (offset & 1) {
        chips_[offset >> 1].write_data(byte);
    } else {
        chips_[offset >> 1].write_command(byte);
    }
    update();
}

void Pic::save(StateWriter& state) const {
    for (const Chip& chip : chips_) {
        for (u8 byte : {chip.lines, chip.requests, chip.mask, chip.in_service, chip.level,
                        chip.vector_base, chip.lowest_priority, chip.initialization_step})
            state.put(byte);
        for (bool flag :
             {chip.wants_icw4, chip.single, chip.read_in_service, chip.poll, chip.special_mask,
              chip.automatic_eoi, chip.rotate_on_automatic_eoi, chip.fully_nested})
            state.put(static_cast<u8>(flag));
    }
}

void Pic::restore(StateReader& state) {
    for (Chip& chip : chips_) {
        for (u8* byte : {&chip.lines, &chip.requests, &chip.mask, &chip.in_service, &chip.level,
                         &chip.vector_base, &chip.lowest_priority, &chip.initialization_step})
            state.get(*byte);
        for (bool* flag :
             {&chip.wants_icw4, &chip.single, &chip.read_in_service, &chip.poll, &chip.special_mask,
              &chip.automatic_eoi, &chip.rotate_on_automatic_eoi, &chip.fully_nested})
            *flag = state.get<u8>() != 0;
        if (chip.lowest_priority > 7 || chip.initialization_step > 4) {
            state.fail();
            chip = Chip();
        }
    }
    // Whoever is behind the output restores its own view of the pin.
    requested_ = request_of(master) >= 0;
}

}  // namespace vmft
