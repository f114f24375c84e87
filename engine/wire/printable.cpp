#include "engine/wire/printable.hpp"

#include <array>

namespace spate::wire {
namespace {

/// Bytes of the printable character at the front of `text` (RFC 3629), or 0.
std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
    unsigned code = first & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0U) != 0x80U) return 0;
        code = code << 6 | (byte(i) & 0x3fU);
    }
    static constexpr std::array<unsigned, 5> smallest{0, 0, 0xa0, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    // 0x80 to 0x9f are controls; the bidirectional overrides could disguise the rest of a line.
    const bool bidi = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return code >= smallest[size] && code <= 0x10ffff && !surrogate && !bidi ? size : 0;
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        if (shown.size() + (size == 0 ? 1 : size) > bytes_max) break;
        if (size == 0)
            shown += '?';
        else
            shown += text.substr(0, size);
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return shown;
}

}  // namespace spate::wire
