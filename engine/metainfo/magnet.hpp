#pragma once
// engine/metainfo/magnet.hpp: magnet links (BEP 9, BEP 53 for "so").
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::metainfo {

inline constexpr std::size_t magnet_bytes_max = 64 << 10;
/// Trackers, and likewise web seeds, peers and file ranges, that are kept; more are dropped.
inline constexpr std::size_t magnet_addresses_max = 64;
inline constexpr std::size_t magnet_name_bytes_max = 1024;

/// Files `first` to `last`, both included, counted from zero in the torrent's order.
struct FileRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    bool operator==(const FileRange&) const = default;
};

/// At least one of the two hashes is there.
struct Magnet {
    std::optional<InfoHash> info_hash;
    std::optional<InfoHashV2> info_hash_v2;
    /// To show until the metadata is here; clean text, but not a path.
    std::string name;
    /// A tier each.
    std::vector<std::string> trackers;
    std::vector<std::string> web_seeds;
    /// Hosts are names or addresses, IPv6 without brackets.
    std::vector<HostPort> peers;
    /// Empty: all files.
    std::vector<FileRange> select_only;

    bool operator==(const Magnet&) const = default;
};

enum class MagnetError : std::uint8_t {
    not_a_magnet,
    too_long,
    no_info_hash,
    bad_info_hash,
    two_info_hashes
};

/// The end of a sentence: "the magnet link has no info-hash".
std::string_view describe(MagnetError error);

/// Reads a link with a hex or base32 info-hash. Parameters that are unknown or can't be used are
/// left out.
std::expected<Magnet, MagnetError> parse_magnet(std::string_view link);

/// The link that parse_magnet() reads the same from, as long as the limits above are kept.
std::string format_magnet(const Magnet& magnet);

/// The link to a torrent: its hashes, name, trackers and web seeds.
Magnet magnet_to(const Metainfo& torrent);

}  // namespace spate::metainfo
