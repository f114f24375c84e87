#include "engine/metainfo/text.hpp"

#include <algorithm>

#include "engine/base/hex.hpp"

namespace spate::metainfo {
namespace {

constexpr std::size_t quoted_bytes_max = 100;

struct Lead {
    std::size_t size_bytes;
    char32_t bits;
    char32_t code_min;
};

/// What the first byte announces; size 0 for a byte that starts no character.
Lead read_lead(unsigned char byte) {
    if (byte < 0x80) return {1, byte, 0};
    if (byte >= 0xc2 && byte < 0xe0) return {2, byte & 0x1fU, 0x80};
    if (byte >= 0xe0 && byte < 0xf0) return {3, byte & 0x0fU, 0x800};
    if (byte >= 0xf0 && byte < 0xf5) return {4, byte & 0x07U, 0x10000};
    return {0, 0, 0};
}

}  // namespace

Utf8Character first_character(std::string_view text) {
    const Lead lead = read_lead(static_cast<unsigned char>(text.front()));
    if (lead.size_bytes == 0 || lead.size_bytes > text.size()) return {};
    char32_t code = lead.bits;
    for (const char c : text.substr(1, lead.size_bytes - 1)) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xc0U) != 0x80) return {};
        code = code << 6 | (byte & 0x3fU);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < lead.code_min || code > 0x10ffff || surrogate) return {};
    return {code, lead.size_bytes, true};
}

bool is_control(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

bool has_control_byte(std::string_view text) {
    return std::ranges::any_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
    });
}

bool starts_with_in_any_case(std::string_view text, std::string_view prefix) {
    return std::ranges::equal(text.substr(0, prefix.size()), prefix, {}, lower, lower);
}

bool is_direction_mark(char32_t code) {
    return code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

std::string clean_text(std::string_view text, std::size_t bytes_max) {
    std::string clean;
    while (!text.empty()) {
        const Utf8Character c = first_character(text);
        const bool layout = c.code == '\n' || c.code == '\t';
        const bool keep = c.valid && !is_direction_mark(c.code) && (layout || !is_control(c.code));
        const std::string_view piece = keep ? text.substr(0, c.size_bytes) : "_";
        if (clean.size() + piece.size() > bytes_max) break;
        clean += piece;
        text.remove_prefix(c.size_bytes);
    }
    return clean;
}

std::string_view shortened(std::string_view utf8, std::size_t bytes_max) {
    if (utf8.size() <= bytes_max) return utf8;
    std::size_t size = bytes_max;
    while (size > 0 && (static_cast<unsigned char>(utf8[size]) & 0xc0U) == 0x80) --size;
    return utf8.substr(0, size);
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    while (!text.empty() && out.size() < quoted_bytes_max) {
        const Utf8Character c = first_character(text);
        const std::string_view piece = text.substr(0, c.size_bytes);
        if (c.valid && !is_control(c.code) && !is_direction_mark(c.code)) {
            if (c.code == '"' || c.code == '\\') out += '\\';
            out += piece;
        } else {
            for (const char byte : piece) out += "\\x" + to_hex(as_bytes({&byte, 1}));
        }
        text.remove_prefix(c.size_bytes);
    }
    return out + (text.empty() ? "\"" : "...\"");
}

}  // namespace spate::metainfo
