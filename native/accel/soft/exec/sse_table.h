#pragma once

#include <array>

#include "accel/soft/decode.h"
#include "accel/soft/exec/sse_frame.h"

namespace vmft::soft {

/// A cell of the SSE table. `wide`: used instead when REX.W is set.
struct Place {
    OpcodeMap map;
    u8 opcode;
    Mandatory prefix;
    bool wide = false;

    constexpr Place with_rex_w() const { return {map, opcode, prefix, true}; }
};

// Places in the manual's notation: prefix and map in the name.
constexpr Place np_0f(u8 opcode) { return {OpcodeMap::two_byte, opcode, Mandatory::none}; }
constexpr Place p66_0f(u8 opcode) { return {OpcodeMap::two_byte, opcode, Mandatory::p66}; }
constexpr Place pf3_0f(u8 opcode) { return {OpcodeMap::two_byte, opcode, Mandatory::pf3}; }
constexpr Place pf2_0f(u8 opcode) { return {OpcodeMap::two_byte, opcode, Mandatory::pf2}; }
constexpr Place np_0f38(u8 opcode) { return {OpcodeMap::three_byte_38, opcode, Mandatory::none}; }
constexpr Place p66_0f38(u8 opcode) { return {OpcodeMap::three_byte_38, opcode, Mandatory::p66}; }
constexpr Place np_0f3a(u8 opcode) { return {OpcodeMap::three_byte_3a, opcode, Mandatory::none}; }
constexpr Place p66_0f3a(u8 opcode) { return {OpcodeMap::three_byte_3a, opcode, Mandatory::p66}; }

/// Handlers of all SSE and MMX instructions by opcode and mandatory prefix.
class SseTable {
public:
    struct Cell {
        Handler registers = nullptr, memory = nullptr;
        Select choose = nullptr;  ///< Instead of the two: when ModRM.reg or the immediate selects.
    };
    static constexpr unsigned maps = 3;  // behind one_byte

    Cell& at(Place place) {
        return cells_[map_index(place.map)][place.opcode][static_cast<u8>(place.prefix)]
                     [place.wide];
    }
    const Cell& find(const Decoding& d) const {
        const auto& cells = cells_[d.map - 1][d.opcode][static_cast<u8>(d.mandatory)];
        const Cell& wide = cells[1];
        return d.rex_w() && (wide.registers || wide.memory) ? wide : cells[0];
    }
    void set_immediate(Place place) { immediate_[map_index(place.map)][place.opcode] = true; }

    /// r/m is a register; F is a lambda (Cpu&, const Insn*, const u8* source).
    template <Form form, typename F>
    void registers(Place place, F) {
        at(place).registers = from_register<Raw<F>, form>;
    }
    template <Form form, typename F>
    void memory(Place place, F) {
        at(place).memory = from_memory<Raw<F>, form>;
    }
    template <Form form, typename F>
    void both(Place place, F f) {
        registers<form>(place, f);
        memory<form>(place, f);
    }
    /// r/m is memory that is written; F is a lambda (Cpu&, const Insn*) -> V.
    template <Form form, typename F>
    void store(Place place, F) {
        at(place).memory = to_memory<Stored<F>, form>;
    }

    /// XMM register = F(XMM register, r/m); F is a lambda (V, V) or (V, V, unsigned immediate).
    template <Form form = xmm_form, typename F>
    void packed(Place place, F) {
        if (takes_immediate<F>) set_immediate(place);
        at(place).registers = from_register<XmmOperation<F, form.bytes>, form>;
        at(place).memory = from_memory<XmmOperation<F, form.bytes>, form>;
    }
    /// The same on MMX registers.
    template <Form form = mmx_form, typename F>
    void packed_mmx(Place place, F) {
        if (takes_immediate<F>) set_immediate(place);
        at(place).registers = from_register<MmxOperation<F, form.bytes>, form>;
        at(place).memory = from_memory<MmxOperation<F, form.bytes>, form>;
    }
    /// On MMX registers without prefix, on XMM registers with 66.
    template <typename F>
    void packed_both(OpcodeMap map, u8 opcode, F f) {
        packed_mmx({map, opcode, Mandatory::none}, f);
        packed({map, opcode, Mandatory::p66}, f);
    }

    /// Puts every opcode that has a cell into the decoder's table.
    void register_all(OpcodeTable& table, Select select) const;

private:
    static constexpr unsigned map_index(OpcodeMap map) { return static_cast<unsigned>(map) - 1; }

    Cell cells_[maps][256][4][2];
    bool immediate_[maps][256] = {};
};

void add_sse_moves(SseTable& table);
void add_sse_partial_moves(SseTable& table);
void add_sse_integer(SseTable& table);
void add_sse_integer_extended(SseTable& table);
void add_sse_shifts(SseTable& table);
void add_sse_shuffles(SseTable& table);
void add_sse_blends(SseTable& table);
void add_sse_elements(SseTable& table);
void add_sse_float(SseTable& table);
void add_sse_float_horizontal(SseTable& table);
void add_sse_approximations(SseTable& table);
void add_sse_compares(SseTable& table);
void add_sse_converts(SseTable& table);
void add_sse_strings(SseTable& table);

}  // namespace vmft::soft
