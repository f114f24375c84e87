#pragma once
// engine/metainfo/text.hpp: text that strangers wrote, made safe to keep and to show.
#include <cstddef>
#include <string>
#include <string_view>

namespace spate::metainfo {

/// A Unicode character at the front of a text, or an invalid byte.
struct Utf8Character {
    char32_t code = 0;
    /// Bytes taken; 1 when invalid.
    std::size_t size_bytes = 1;
    bool valid = false;
};

/// RFC 3629: shortest forms only, no surrogates, up to U+10FFFF. `text` isn't empty.
Utf8Character first_character(std::string_view text);

/// Below U+0020, U+007F, or one of U+0080 to U+009F (which terminals obey too).
bool is_control(char32_t code);

/// A byte below 0x20, or 0x7f: no name and no URL has them.
bool has_control_byte(std::string_view text);

/// Of an ASCII letter; any other byte stays.
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whatever the case of ASCII letters, as in URLs' schemes.
bool starts_with_in_any_case(std::string_view text, std::string_view prefix);

/// Characters that reorder the text around them, so that a name reads as another one.
bool is_direction_mark(char32_t code);

/// Valid UTF-8 of at most `bytes_max` bytes, cut between characters: invalid bytes, direction
/// marks, and controls other than newline and tab have become '_'.
std::string clean_text(std::string_view text, std::size_t bytes_max);

/// At most `bytes_max` bytes from the front, cut between characters of valid UTF-8.
std::string_view shortened(std::string_view utf8, std::size_t bytes_max);

/// In double quotes, short, and safe on any terminal: for the sentences that users read.
std::string quoted(std::string_view text);

}  // namespace spate::metainfo
