#pragma once
// engine/wire/printable.hpp: text from strangers, made safe to show.
#include <cstddef>
#include <string>
#include <string_view>

namespace spate::wire {

/// At most `bytes_max` bytes of `text` as valid UTF-8 without control characters; what is neither
/// becomes a question mark.
std::string printable(std::string_view text, std::size_t bytes_max);

}  // namespace spate::wire
