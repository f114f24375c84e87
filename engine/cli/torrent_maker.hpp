#pragma once
// engine/cli/torrent_maker.hpp: from a file or folder to a .torrent; for `create` and `seed`.
#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/cli/environment.hpp"
#include "engine/driver/content/content_listing.hpp"
#include "engine/metainfo/torrent_writer.hpp"

namespace spate::cli {

/// What the user says of a new torrent.
struct NewTorrentOptions {
    std::string output;
    metainfo::TorrentVersion version = metainfo::TorrentVersion::v1;
    std::uint32_t piece_length_bytes = 0;  // 0: chosen by the size of the data
    bool is_private = false;
    std::vector<std::string> web_seeds;
    std::string comment;
    std::string source;
};

void add_new_torrent_options(CLI::App& app, NewTorrentOptions& options);
/// Those of them that were given: "--piece-size, --private".
std::string options_given(const NewTorrentOptions& options);

/// `--tracker` texts: each is a tier, with commas between its trackers. The error is a sentence
/// about a URL that isn't http, https or udp.
std::expected<std::vector<std::vector<std::string>>, std::string> parse_tiers(
    const std::vector<std::string>& texts);

/// Why there is no torrent.
struct MakingFailure {
    bool interrupted = false;
    std::string sentence;
};

/// A new torrent without trackers, and where its data is.
struct MadeTorrent {
    driver::ContentListing listing;
    metainfo::NewTorrent torrent;
};

/// Lists and hashes, showing progress and warning of what is left out. Refuses to when the .torrent
/// would replace one of the files.
std::expected<MadeTorrent, MakingFailure> make_torrent(const std::filesystem::path& path,
                                                       const NewTorrentOptions& options,
                                                       unsigned threads, Environment& environment);

/// PATH.torrent beside PATH, unless `options` name another.
std::filesystem::path torrent_path_for(const driver::ContentListing& listing,
                                       const NewTorrentOptions& options);

/// Whole or not at all (written beside, then renamed); a device or pipe is written to as it is. The
/// error is a sentence.
std::expected<void, std::string> write_file(const std::filesystem::path& path, Bytes content);

}  // namespace spate::cli
