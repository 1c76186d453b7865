#include "machine/aml.h"

#include "base/check.h"

namespace vmft::aml {

namespace {

constexpr u8 op_zero = 0x00, op_one = 0x01, op_name = 0x08, op_byte = 0x0A, op_word = 0x0B,
             op_dword = 0x0C, op_string = 0x0D, op_qword = 0x0E, op_scope = 0x10, op_buffer = 0x11,
             op_package = 0x12, op_extended = 0x5B, op_extended_device = 0x82;
constexpr u8 prefix_dual = 0x2E, prefix_multiple = 0x2F;

void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

void append_little_endian(Bytes& to, u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) to.push_back(static_cast<u8>(value >> i * 8));
}

/// A package length (20.2.4): it counts itself and the content.
Bytes with_length(const Bytes& content) {
    size_t size = content.size();
    Bytes all;
    if (size + 1 < 0x40) {
        all.push_back(static_cast<u8>(size + 1));
    } else {
        unsigned extra = size + 2 < 0x1000 ? 1 : size + 3 < 0x10'0000 ? 2 : 3;
        size_t length = size + 1 + extra;
        VMFT_CHECK(length < 0x1000'0000);
        all.push_back(static_cast<u8>(extra << 6 | (length & 0x0F)));
        append_little_endian(all, length >> 4, extra);
    }
    append(all, content);
    return all;
}

Bytes name_string(std::string_view path) {
    Bytes bytes;
    if (!path.empty() && path[0] == '\\') {
        bytes.push_back('\\');
        path.remove_prefix(1);
    }
    VMFT_CHECK(path.size() % 5 == 4);
    size_t segments = (path.size() + 1) / 5;
    if (segments == 2) bytes.push_back(prefix_dual);
    if (segments > 2) {
        bytes.push_back(prefix_multiple);
        bytes.push_back(static_cast<u8>(segments));
    }
    for (size_t i = 0; i < segments; i++)
        for (char c : path.substr(i * 5, 4)) bytes.push_back(static_cast<u8>(c));
    return bytes;
}

Bytes block(std::initializer_list<u8> opcode, std::string_view path,
            std::initializer_list<Bytes> terms) {
    Bytes content = name_string(path);
    append(content, join(terms));
    Bytes all(opcode);
    append(all, with_length(content));
    return all;
}

}  // namespace

Bytes join(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts) append(all, part);
    return all;
}

Bytes integer(u64 value) {
    if (value == 0) return {op_zero};
    if (value == 1) return {op_one};
    unsigned bytes = value <= 0xFF ? 1 : value <= 0xFFFF ? 2 : value <= 0xFFFF'FFFF ? 4 : 8;
    Bytes all{bytes == 1 ? op_byte : bytes == 2 ? op_word : bytes == 4 ? op_dword : op_qword};
    append_little_endian(all, value, bytes);
    return all;
}

Bytes string(std::string_view text) {
    Bytes all{op_string};
    for (char c : text) all.push_back(static_cast<u8>(c));
    all.push_back(0);
    return all;
}

Bytes eisa_id(std::string_view id) {
    VMFT_CHECK(id.size() == 7);
    auto hex = [](char c) { return static_cast<u32>(c <= '9' ? c - '0' : c - 'A' + 10); };
    u32 vendor = 0, product = 0;
    for (char c : id.substr(0, 3)) vendor = vendor << 5 | static_cast<u32>(c - 'A' + 1);
    for (char c : id.substr(3)) product = product << 4 | hex(c);
    // Both halves are big-endian (19.3.4).
    u32 big_endian = vendor << 16 | product;
    return integer(__builtin_bswap32(big_endian));
}

Bytes name(std::string_view path, const Bytes& value) {
    return join({{op_name}, name_string(path), value});
}

Bytes package(std::initializer_list<Bytes> elements) {
    Bytes content{static_cast<u8>(elements.size())};
    append(content, join(elements));
    Bytes all{op_package};
    append(all, with_length(content));
    return all;
}

Bytes device(std::string_view path, std::initializer_list<Bytes> terms) {
    return block({op_extended, op_extended_device}, path, terms);
}

Bytes scope(std::string_view path, std::initializer_list<Bytes> terms) {
    return block({op_scope}, path, terms);
}

Bytes resources(std::initializer_list<Bytes> descriptors) {
    Bytes list = join(descriptors);
    append(list, {0x79, 0x00});  // end tag; checksum 0: not checked
    Bytes content = integer(list.size());
    append(content, list);
    Bytes all{op_buffer};
    append(all, with_length(content));
    return all;
}

Bytes io_ports(u16 first, u8 count) {
    Bytes all{0x47, 0x01};
    append_little_endian(all, first, 2);
    append_little_endian(all, first, 2);
    append(all, {0x01, count});
    return all;
}

Bytes isa_interrupt(unsigned irq) {
    VMFT_CHECK(irq < 16);
    Bytes all{0x22};
    append_little_endian(all, u64{1} << irq, 2);
    return all;
}

Bytes memory_32(u32 base, u32 bytes) {
    Bytes all{0x86, 0x09, 0x00, 0x01};
    append_little_endian(all, base, 4);
    append_little_endian(all, bytes, 4);
    return all;
}

Bytes level_interrupt(u32 gsi) {
    Bytes all{0x89, 0x06, 0x00, 0x01, 0x01};
    append_little_endian(all, gsi, 4);
    return all;
}

}  // namespace vmft::aml
