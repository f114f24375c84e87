#include "engine/driver/content/metadata_file.hpp"

#include "engine/base/hex.hpp"
#include "engine/driver/content/record_file.hpp"
#include "engine/metainfo/torrent_writer.hpp"

namespace spate::driver {
namespace {

namespace fs = std::filesystem;

std::string record_name(const InfoHash& info_hash) {
    return to_hex(info_hash.bytes) + ".torrent";
}

}  // namespace

fs::path metadata_path(const fs::path& folder, const InfoHash& info_hash) {
    return records_path(folder) / record_name(info_hash);
}

std::expected<void, std::string> save_metadata(const metainfo::Metainfo& torrent,
                                               const metainfo::Metainfo& magnet,
                                               const fs::path& folder) {
    return write_record(folder, record_name(magnet.info_hash), metainfo::write_torrent(torrent));
}

std::optional<metainfo::Metainfo> load_metadata(const metainfo::Metainfo& magnet,
                                                const fs::path& folder) {
    const auto bytes =
        read_record(folder, record_name(magnet.info_hash), metainfo::torrent_bytes_max);
    if (!bytes) return std::nullopt;
    auto torrent = metainfo::parse_torrent(*bytes);
    if (!torrent || !metainfo::is_info_of(magnet, torrent->info_bytes)) return std::nullopt;
    torrent->tracker_tiers = magnet.tracker_tiers;
    torrent->web_seeds = magnet.web_seeds;
    return std::move(*torrent);
}

}  // namespace spate::driver
