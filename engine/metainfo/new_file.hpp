#pragma once
// engine/metainfo/new_file.hpp: a file of a torrent that is being made.
#include <cstdint>
#include <string>
#include <vector>

namespace spate::metainfo {

/// Which peers can have the torrent: those of BEP 3, those of BEP 52, or both.
enum class TorrentVersion : std::uint8_t { v1, v2, hybrid };

struct NewFile {
    /// Below the torrent's folder; each component is what safe_component() gives back unchanged.
    std::vector<std::string> path{};
    std::uint64_t size_bytes = 0;
    bool pad = false;
    bool executable = false;
    /// Of a symbolic link, which has no bytes: the target below the torrent's folder (BEP 47).
    std::vector<std::string> symlink{};

    bool operator==(const NewFile&) const = default;
};

}  // namespace spate::metainfo
