#pragma once
// engine/cli/torrent_text.hpp: what is in a torrent, for scripts and for people.
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cli/console.hpp"
#include "engine/metainfo/magnet.hpp"
#include "engine/metainfo/metainfo.hpp"

namespace spate::cli {

/// The object of `show --json`, but for the files of a torrent: of 100,000 it would take 40 MiB.
Json torrent_json(const metainfo::Metainfo& torrent);
/// Its files; refers to `torrent`.
JsonList files_json(const metainfo::Metainfo& torrent);
Json magnet_json(const metainfo::Magnet& magnet);

/// Lines for people.
std::vector<std::string> torrent_text(const metainfo::Metainfo& torrent);
std::vector<std::string> magnet_text(const metainfo::Magnet& magnet);

bool is_magnet(std::string_view source);
bool is_web_address(std::string_view source);

/// Reads a .torrent file of limited size. Fails with a sentence that names it.
std::expected<metainfo::Metainfo, std::string> read_torrent_file(const std::filesystem::path& path);
std::expected<metainfo::Metainfo, std::string> parse_torrent_bytes(const std::string& source,
                                                                   Bytes bytes);
std::expected<metainfo::Magnet, std::string> parse_magnet_text(const std::string& link);

/// Path components joined by slashes.
std::string joined_path(const metainfo::Metainfo& torrent, const metainfo::FileEntry& file);

}  // namespace spate::cli
