#pragma once
// engine/driver/file_trouble.hpp: why a file can't be used, and what is to be done about it.
#include <cstdint>
#include <string>
#include <system_error>

#include "engine/base/ids.hpp"
#include "engine/storage/piece_map.hpp"

namespace spate::driver {

/// What goes by, and what doesn't.
enum class Trouble : std::uint8_t {
    descriptors,  // none left: whoever needs one waits
    memory,       // likewise
    disk,         // full, over quota, read-only, a bad sector: it may get better
    changed,      // the file isn't what it was
    lasting,      // only somebody else can mend it
};

constexpr bool is_shortage(Trouble trouble) {
    return trouble == Trouble::descriptors || trouble == Trouble::memory;
}

/// Of what an operation on a file said. What is merely interrupted counts as a lack of memory: it
/// is tried again a little later.
Trouble trouble_of(std::error_code error);
Trouble trouble_of_errno(int error);

/// Of an open file that isn't as it should be, or that can't be looked at.
struct FileFinding {
    Trouble kind{};
    std::string reason;
};

struct FileTrouble {
    Trouble kind{};
    storage::FileIndex file;
    /// For the user: "can't open DIR/a: permission denied".
    std::string sentence;

    bool operator==(const FileTrouble&) const = default;
};

}  // namespace spate::driver
