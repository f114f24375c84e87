#pragma once
// engine/metainfo/path_rules.hpp: which names of a torrent may become names on disk.
//
// What is merely unsuitable is replaced, as the common clients do: invalid UTF-8, direction marks
// and a slash inside a name ("AC/DC") become '_', and a name over the file system's limit is cut
// before its extension. What only an attack or a broken program writes is refused: "..", an
// absolute path, control characters, an empty name.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spate::metainfo {

/// Linux's NAME_MAX.
inline constexpr std::size_t component_bytes_max = 255;
/// Of a path below the download folder; half of PATH_MAX is left for the folder.
inline constexpr std::size_t path_bytes_max = 2048;
inline constexpr std::size_t path_components_max = 64;

enum class PathFault : std::uint8_t { empty, absolute, traversal, control_character };

/// The end of a sentence: `... is an absolute path`.
std::string_view describe(PathFault fault);

/// One component of a path as it will be on disk: never empty, ".", "..", never with '/' or NUL.
/// A clean name comes back unchanged, which is how the creator of a torrent checks its files.
std::expected<std::string, PathFault> safe_component(std::string_view raw);

using PathComponents = std::vector<std::string>;

/// Indices into `paths` of two that can't be on one disk together.
struct PathCollision {
    std::size_t first = 0;
    std::size_t second = 0;
    /// True when `first` is a file where `second` needs a folder; false when both are the same.
    bool file_is_folder = false;
};

/// The first collision in path order, if any. Case-sensitive, as Linux is. O(n log n).
std::optional<PathCollision> find_collision(std::span<const PathComponents* const> paths);

}  // namespace spate::metainfo
