#include "engine/metainfo/uri.hpp"

#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/base/hex.hpp"

namespace spate::metainfo {
namespace {

bool is_plain(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || std::string_view("-._~:/").contains(c);
}

std::optional<std::uint64_t> base32_digit(char c) {
    if (c >= 'a' && c <= 'z') return static_cast<std::uint64_t>(c - 'a');
    if (c >= 'A' && c <= 'Z') return static_cast<std::uint64_t>(c - 'A');
    if (c >= '2' && c <= '7') return static_cast<std::uint64_t>(c - '2' + 26);
    return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        std::byte byte{};
        if (!from_hex(text.substr(i + 1, 2), {&byte, 1})) return std::nullopt;
        decoded += static_cast<char>(byte);
        i += 2;
    }
    return decoded;
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        if (is_plain(c)) {
            encoded += c;
        } else {
            encoded += '%' + to_hex(as_bytes({&c, 1}));
        }
    }
    return encoded;
}

bool from_base32(std::string_view text, MutableBytes out) {
    SPATE_ASSERT(out.size() % 5 == 0);
    if (text.size() * 5 != out.size() * 8) return false;
    for (std::size_t group = 0; group < out.size() / 5; ++group) {
        std::uint64_t bits = 0;
        for (const char c : text.substr(group * 8, 8)) {
            const auto digit = base32_digit(c);
            if (!digit) return false;
            bits = bits << 5 | *digit;
        }
        for (std::size_t i = 0; i < 5; ++i)
            out[group * 5 + i] = static_cast<std::byte>(bits >> (32 - 8 * i) & 0xff);
    }
    return true;
}

}  // namespace spate::metainfo
