#pragma once
// engine/metainfo/metainfo.hpp: what a .torrent file or a magnet's metadata says.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"

namespace spate::metainfo {

inline constexpr std::size_t torrent_bytes_max = 64UL << 20;
inline constexpr std::size_t files_max = 250'000;
inline constexpr std::size_t pieces_max = 1UL << 21;
inline constexpr std::uint32_t piece_length_bytes_min = 1 << 10;
inline constexpr std::uint32_t piece_length_bytes_max = 128 << 20;
inline constexpr std::uint64_t total_bytes_max = pieces_max * std::uint64_t{piece_length_bytes_max};
/// Trackers, and likewise web seeds, http seeds and nodes, that are kept; more are dropped.
inline constexpr std::size_t addresses_max = 256;
inline constexpr std::size_t url_bytes_max = 2048;
/// Comments and the like are cut here.
inline constexpr std::size_t text_bytes_max = 8192;

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const HostPort&) const = default;
};

/// A file in the torrent's byte space.
struct FileEntry {
    /// Safe components (path_rules.hpp) below the torrent's folder; for a single file {name}.
    std::vector<std::string> path;
    std::uint64_t size_bytes = 0;
    std::uint64_t offset_bytes = 0;
    /// Zeros that align the next file (BEP 47, or named as BitComet and libtorrent name them):
    /// never on disk, and its path may repeat.
    bool pad = false;
    bool executable = false;
    bool hidden = false;

    bool operator==(const FileEntry&) const = default;
};

/// A torrent that passed every check: its paths are safe and distinct, its files cover total_bytes
/// without a gap, and there is one hash for each piece. A plain value; whoever shares it makes it
/// const.
///
/// A hybrid torrent (BEP 52) is read through its v1 part. Symbolic links (BEP 47) are never made:
/// such an entry is the empty file that older clients see.
struct Metainfo {
    InfoHash info_hash;
    /// Of a hybrid torrent.
    std::optional<InfoHashV2> info_hash_v2;
    std::string name;
    bool single_file = true;
    std::uint32_t piece_length_bytes = 0;
    std::uint64_t total_bytes = 0;
    std::vector<Sha1Digest> piece_hashes;
    /// In the torrent's order, pad files and empty files included; at least one isn't empty.
    std::vector<FileEntry> files;
    bool is_private = false;
    /// Makes the info-hash differ where trackers ask for it; part of the info dictionary.
    std::string source;
    /// The info dictionary as written, which info_hash is taken of (BEP 9 serves it).
    std::vector<std::byte> info_bytes;

    // Outside the info dictionary: empty when it came from a magnet.
    std::vector<std::vector<std::string>> tracker_tiers;
    std::vector<std::string> web_seeds;
    /// BEP 17.
    std::vector<std::string> http_seeds;
    std::vector<HostPort> nodes;
    /// UTF-8 without control characters but newline and tab, like all texts here.
    std::string comment;
    std::string created_by;
    std::optional<std::int64_t> creation_date;

    std::uint32_t piece_count() const { return static_cast<std::uint32_t>(piece_hashes.size()); }
    /// piece_length_bytes, except for the last piece.
    std::uint32_t piece_size_bytes(PieceIndex piece) const;
    /// "v1" or "hybrid".
    std::string_view version() const { return info_hash_v2 ? "hybrid" : "v1"; }

    bool operator==(const Metainfo&) const = default;
};

enum class MetainfoErrorKind : std::uint8_t {
    not_bencoded,
    not_a_dictionary,
    info_missing,
    info_empty,
    v2_only,
    name_missing,
    path_missing,
    path_empty,
    path_absolute,
    path_traversal,
    path_control_character,
    path_too_long,
    path_collision,
    files_and_length,
    files_missing,
    too_many_files,
    size_invalid,
    size_too_large,
    nothing_to_share,
    piece_length_invalid,
    pieces_invalid,
    piece_count_mismatch,
    too_many_pieces,
};

/// Why a torrent is refused. `sentence` names the thing and is safe to print.
struct MetainfoError {
    MetainfoErrorKind kind{};
    std::string sentence;
};

/// Reads a .torrent file (BEP 3, 5, 12, 17, 19, 27, 47). Bytes after its dictionary are ignored, as
/// other clients do; so are optional fields of the wrong type and addresses beyond the limits.
std::expected<Metainfo, MetainfoError> parse_torrent(Bytes file);

/// Reads an info dictionary alone (BEP 9). The caller compares info_hash with what it asked for.
std::expected<Metainfo, MetainfoError> parse_info(Bytes info_bytes);

}  // namespace spate::metainfo
