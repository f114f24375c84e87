#pragma once
// engine/metainfo/uri.hpp: the encodings inside links.
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.hpp"

namespace spate::metainfo {

/// "%41+b" -> "A b" (a query's '+' is a space); nothing when a '%' lacks its two digits.
std::optional<std::string> percent_decoded(std::string_view text);

/// Everything but RFC 3986's unreserved characters, ':' and '/', as %XX. A magnet's "xt" stays
/// readable so.
std::string percent_encoded(std::string_view text);

/// RFC 4648 base32 of either case without padding. `text` has exactly 8 digits for every 5 bytes of
/// `out`, whose size 5 divides; false otherwise.
[[nodiscard]] bool from_base32(std::string_view text, MutableBytes out);

}  // namespace spate::metainfo
