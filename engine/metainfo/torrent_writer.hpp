#pragma once
// engine/metainfo/torrent_writer.hpp: a new .torrent file.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

struct NewFile {
    /// Below the torrent's folder; each component is what safe_component() gives back unchanged.
    std::vector<std::string> path{};
    std::uint64_t size_bytes = 0;
    bool pad = false;
    bool executable = false;
};

/// What a new v1 torrent shall say. Empty fields are left out.
struct NewTorrent {
    /// The single file's or the folder's; safe like a path component.
    std::string name;
    bool single_file = true;
    /// Exactly one if single_file, whose path is then not looked at.
    std::vector<NewFile> files;
    std::uint32_t piece_length_bytes = 0;
    /// One a piece of the files' joined bytes.
    std::vector<Sha1Digest> piece_hashes;
    bool is_private = false;
    std::string source;

    std::vector<std::vector<std::string>> tracker_tiers;
    std::vector<std::string> web_seeds;
    std::string comment;
    std::string created_by;
    std::optional<std::int64_t> creation_date;
};

/// The info dictionary, canonical. The piece count must fit the files.
std::vector<std::byte> write_info(const NewTorrent& torrent);

/// A canonical .torrent; parse_torrent() reads the same back.
std::vector<std::byte> write_torrent(const NewTorrent& torrent);

/// A .torrent around an info dictionary that is there already, such as a magnet's; the info-hash
/// stays what it was.
std::vector<std::byte> write_torrent(const Metainfo& torrent);

}  // namespace spate::metainfo
