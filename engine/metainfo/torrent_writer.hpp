#pragma once
// engine/metainfo/torrent_writer.hpp: a new .torrent file.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/metainfo/new_file.hpp"

namespace spate::metainfo {

/// What a new torrent shall say. Empty fields are left out.
struct NewTorrent {
    TorrentVersion version = TorrentVersion::v1;
    /// The single file's or the folder's; safe like a path component.
    std::string name;
    bool single_file = true;
    /// Exactly one if single_file, whose path is then not looked at. Of a v2 or hybrid torrent what
    /// aligned_layout() gives. A v2 folder can't hold but one file named as the folder
    /// (is_taken_for_a_single_file()).
    std::vector<NewFile> files;
    /// Of a v2 or hybrid torrent a power of two of at least 16 KiB.
    std::uint32_t piece_length_bytes = 0;
    /// One a piece of the files' joined bytes; none for v2.
    std::vector<Sha1Digest> piece_hashes;
    /// Likewise, as Metainfo::piece_roots; none for v1.
    std::vector<Sha256Digest> piece_roots;
    bool is_private = false;
    std::string source;

    std::vector<std::vector<std::string>> tracker_tiers;
    std::vector<std::string> web_seeds;
    std::string comment;
    std::string created_by;
    std::optional<std::int64_t> creation_date;
};

/// True of one file with the folder's name: BEP 52 has no way to tell such a folder from the file.
bool is_taken_for_a_single_file(std::string_view folder_name, std::span<const NewFile> files);

/// The info dictionary, canonical. The piece count must fit the files.
std::vector<std::byte> write_info(const NewTorrent& torrent);

/// A canonical .torrent; parse_torrent() reads the same back.
std::vector<std::byte> write_torrent(const NewTorrent& torrent);

/// The size of what write_torrent() will give for a torrent that has no hashes yet, at most: files
/// of the same content may make it smaller. Leaves `unhashed` as it was.
std::size_t size_once_hashed_bytes(NewTorrent& unhashed);

/// A .torrent around an info dictionary that is there already, such as a magnet's; the info-hash
/// stays what it was.
std::vector<std::byte> write_torrent(const Metainfo& torrent);

}  // namespace spate::metainfo
