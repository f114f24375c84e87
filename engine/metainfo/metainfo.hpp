#pragma once
// engine/metainfo/metainfo.hpp: what a .torrent file or a magnet's metadata says.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"

namespace spate::metainfo {

inline constexpr std::size_t torrent_bytes_max = 64UL << 20;
/// Pad files aside.
inline constexpr std::size_t files_max = 250'000;
/// Files with pad files: each may have one behind it.
inline constexpr std::size_t entries_max = 2 * files_max;
inline constexpr std::size_t pieces_max = 1UL << 21;
inline constexpr std::uint32_t piece_length_bytes_min = 1 << 10;
inline constexpr std::uint32_t piece_length_bytes_max = 128 << 20;
/// Of a v2 or hybrid torrent (BEP 52), whose pieces have a power of two of bytes.
inline constexpr std::uint32_t v2_piece_length_bytes_min = block_size_bytes;
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
    /// Of a file with bytes in a v2 or hybrid torrent (BEP 52): the root of its merkle tree.
    std::optional<Sha256Digest> pieces_root{};
    /// Of a symbolic link (BEP 47): where it points, as safe components below the torrent's folder.
    /// A link has no bytes.
    std::vector<std::string> symlink{};

    bool operator==(const FileEntry&) const = default;
};

/// What BEP 52 puts where there is room for 20 bytes: handshakes, announces, the DHT.
InfoHash truncated(const InfoHashV2& hash);

/// A torrent that passed every check: its paths are safe and distinct, its files cover total_bytes
/// without a gap, and there is a hash for each piece. A plain value; whoever shares it makes it
/// const.
///
/// The byte space of a v2-only torrent (BEP 52) is its files in the order of the file tree, each
/// that isn't empty starting a piece; the gaps are pad files that the parser puts there, none
/// behind the last file. That of a hybrid is the v1 list of files, whose pad files align likewise.
struct Metainfo {
    /// SHA-1 of the info dictionary; of a v2-only torrent `truncated(*info_hash_v2)`.
    InfoHash info_hash;
    /// Of a v2-only or hybrid torrent.
    std::optional<InfoHashV2> info_hash_v2;
    std::string name;
    bool single_file = true;
    std::uint32_t piece_length_bytes = 0;
    /// Pad files included.
    std::uint64_t total_bytes = 0;
    /// One a piece; empty for v2-only.
    std::vector<Sha1Digest> piece_hashes;
    /// What v2 says of each piece: the root of the piece's own tree, or of a file of at most a
    /// piece the file's pieces root. Empty for v1, and for a hybrid whose piece layers aren't
    /// known because its info dictionary came from a magnet's swarm.
    std::vector<Sha256Digest> piece_roots;
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

    /// 0 until the metadata is there.
    std::uint32_t piece_count() const {
        if (total_bytes == 0) return 0;
        return static_cast<std::uint32_t>((total_bytes - 1) / piece_length_bytes + 1);
    }
    /// Bytes that peers send of a piece: piece_length_bytes, but for the last piece, and in a
    /// v2-only torrent for the last piece of each file. In a v2-only torrent O(log files).
    std::uint32_t piece_size_bytes(PieceIndex piece) const;
    /// The bytes that a peer may ask of a piece. As piece_size_bytes, but libtorrent asks for whole
    /// blocks at the end of a v2-only torrent's files: what is behind them reads as zeros.
    std::uint32_t piece_span_bytes(PieceIndex piece) const {
        return has_v1() ? piece_size_bytes(piece) : piece_length_bytes;
    }
    /// Of a v2-only or hybrid torrent: the bytes that the piece's v2 root covers, which is
    /// piece_size_bytes less the pad at the piece's end. O(log files).
    std::uint32_t piece_data_bytes(PieceIndex piece) const;
    /// Of a v2-only or hybrid torrent: leaves of 16 KiB, missing ones included, below the piece's
    /// v2 root; a power of two. O(log files).
    std::uint32_t piece_leaves(PieceIndex piece) const;

    bool has_v1() const { return !has_v2() || !piece_hashes.empty(); }
    bool has_v2() const { return info_hash_v2.has_value(); }
    /// "v1", "v2" or "hybrid".
    std::string_view version() const { return !has_v2() ? "v1" : has_v1() ? "hybrid" : "v2"; }

    bool operator==(const Metainfo&) const = default;

private:
    const FileEntry& file_of(PieceIndex piece) const;
};

enum class MetainfoErrorKind : std::uint8_t {
    not_bencoded,
    not_a_dictionary,
    info_missing,
    info_empty,
    meta_version_unknown,
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
    file_tree_invalid,
    file_tree_mismatch,
    not_aligned,
    pieces_root_invalid,
    piece_layer_missing,
    piece_layer_invalid,
};

/// Why a torrent is refused. `sentence` names the thing and is safe to print.
struct MetainfoError {
    MetainfoErrorKind kind{};
    std::string sentence;
};

/// Reads a .torrent file (BEP 3, 5, 12, 17, 19, 27, 47, 52). Bytes after its dictionary are
/// ignored, as other clients do; so are optional fields of the wrong type and addresses beyond the
/// limits. The parts of a hybrid must describe the same files; each piece layer must hash to its
/// file's pieces root.
std::expected<Metainfo, MetainfoError> parse_torrent(Bytes file);

/// The hashes of the pieces of a file longer than a piece, which its pieces root follows from.
struct PieceLayer {
    Sha256Digest pieces_root;
    std::vector<Sha256Digest> hashes;
};

/// Reads an info dictionary alone (BEP 9). The caller compares the info-hashes with what it asked
/// for. A v2-only torrent is refused when a file is longer than a piece and not among `layers`,
/// because the hashes of its pieces aren't in the dictionary; a hybrid then has no piece_roots.
std::expected<Metainfo, MetainfoError> parse_info(Bytes info_bytes,
                                                  std::span<const PieceLayer> layers = {});

struct MissingLayer {
    Sha256Digest pieces_root;
    std::uint32_t piece_count = 0;
    bool operator==(const MissingLayer&) const = default;
};
struct MissingLayers {
    std::uint32_t piece_length_bytes = 0;
    std::vector<MissingLayer> layers;  // by root
};

/// What parse_info() wants besides the dictionary: of a v2-only torrent the layer of each file
/// longer than a piece. At most pieces_max hashes in all.
std::expected<MissingLayers, MetainfoError> missing_layers(Bytes info_bytes);

/// Whether the dictionary has the info-hashes of `wanted`, of a magnet link: both if it has both.
bool is_info_of(const Metainfo& wanted, Bytes info_bytes);

}  // namespace spate::metainfo
