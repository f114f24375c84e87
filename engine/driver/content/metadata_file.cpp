#include "engine/driver/content/metadata_file.hpp"

#include <fmt/format.h>

#include "engine/base/hex.hpp"
#include "engine/metainfo/torrent_writer.hpp"
#include "engine/storage/resume_state.hpp"
#include "io/file.hpp"

namespace spate::driver {
namespace {

namespace fs = std::filesystem;

std::string record_name(const InfoHash& info_hash) {
    return to_hex(info_hash.bytes) + ".torrent";
}

}  // namespace

fs::path metadata_path(const fs::path& folder, const InfoHash& info_hash) {
    return folder / storage::records_folder / record_name(info_hash);
}

std::expected<void, std::string> save_metadata(const metainfo::Metainfo& torrent,
                                               const metainfo::Metainfo& magnet,
                                               const fs::path& folder) {
    const auto fail = [&](const std::error_code& error) {
        return std::unexpected(fmt::format("cannot save {}: {}",
                                           metadata_path(folder, magnet.info_hash).string(),
                                           error.message()));
    };
    const fs::path records = folder / storage::records_folder;
    std::error_code error;
    fs::create_directories(records, error);
    if (error) return fail(error);
    const auto directory = io::open_directory(records.string());
    if (!directory) return fail(directory.error());
    error = io::atomic_write_file(directory->get(), record_name(magnet.info_hash),
                                  metainfo::write_torrent(torrent));
    if (error) return fail(error);
    return {};
}

std::optional<metainfo::Metainfo> load_metadata(const metainfo::Metainfo& magnet,
                                                const fs::path& folder) {
    const auto directory = io::open_directory((folder / storage::records_folder).string());
    if (!directory) return std::nullopt;
    const auto bytes = io::read_whole_file(directory->get(), record_name(magnet.info_hash),
                                           metainfo::torrent_bytes_max);
    if (!bytes) return std::nullopt;
    auto torrent = metainfo::parse_torrent(*bytes);
    if (!torrent || !metainfo::is_info_of(magnet, torrent->info_bytes)) return std::nullopt;
    torrent->tracker_tiers = magnet.tracker_tiers;
    torrent->web_seeds = magnet.web_seeds;
    return std::move(*torrent);
}

}  // namespace spate::driver
