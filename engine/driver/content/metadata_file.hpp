#pragma once
// engine/driver/content/metadata_file.hpp: what a magnet link's swarm told of the torrent, in
// FOLDER/.spate/INFO-HASH.torrent.
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/base/ids.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::driver {

/// Where the record is; the info-hash is the link's.
std::filesystem::path metadata_path(const std::filesystem::path& folder, const InfoHash& info_hash);

/// Keeps the info dictionary and the piece layers of `torrent`, found by `magnet`. Replaces the
/// record whole or not at all.
std::expected<void, std::string> save_metadata(const metainfo::Metainfo& torrent,
                                               const metainfo::Metainfo& magnet,
                                               const std::filesystem::path& folder);

/// The torrent that `magnet` names (metainfo::is_info_of), with the magnet's trackers and web
/// seeds. Nothing when there is no such record, or it is damaged: peers will tell again.
std::optional<metainfo::Metainfo> load_metadata(const metainfo::Metainfo& magnet,
                                                const std::filesystem::path& folder);

}  // namespace spate::driver
