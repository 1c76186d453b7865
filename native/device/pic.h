#pragma once

#include <array>

#include "device/device.h"

namespace vmft {

/// The pair of 8259A interrupt controllers with the edge/level registers of the PIIX
/// (8259A data sheet). Slave output on the master's input 2.
///
/// Offsets: 0-1 the master's ports, 2-3 the slave's, 4-5 ELCR. Byte accesses only.
class Pic final : public Device {
public:
    static constexpr u64 master_offset = 0, slave_offset = 2, elcr_offset = 4;

    /// `output` is the INTR pin.
    explicit Pic(InterruptLine& output) : output_(output) {}

    /// `input` 0 … 15, but not 2.
    void set_input(unsigned input, bool up);
    bool interrupt_requested() const { return requested_; }
    /// The INTA cycles: the vector, a spurious one (base + 7) when the request has gone.
    u8 acknowledge();

    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;

private:
    struct Chip {
        u8 lines = 0, requests = 0, in_service = 0, level = 0;
        u8 mask = 0xFF;  ///< As firmware leaves it.
        u8 vector_base = 0;
        u8 lowest_priority = 7;      ///< Rotation: this input ranks last.
        u8 initialization_step = 0;  ///< The ICW expected next on the data port: 0 none, 2 … 4.
        bool wants_icw4 = false, single = false;
        bool read_in_service = false, poll = false;
        bool special_mask = false, automatic_eoi = false, rotate_on_automatic_eoi = false,
             fully_nested = false;

        void set_line(unsigned line, bool up);
        u8 rank(unsigned line) const { return (line - lowest_priority - 1) & 7; }
        int best(u8 lines_of) const;
        int request(u8 unranked_in_service) const;
        void acknowledge(unsigned line);
        void write_command(u8 value);
        void operation_command(u8 value);
        void write_data(u8 value);
    };

    int request_of(unsigned chip) const;
    u8 read_chip(unsigned chip, bool data_port);
    void update();

    InterruptLine& output_;
    std::array<Chip, 2> chips_{};
    bool requested_ = false;  // derived
};

}  // namespace vmft
