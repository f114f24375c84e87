#include "engine/cli/torrent_text.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <sys/stat.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "engine/base/hex.hpp"
#include "engine/cli/units.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::cli {
namespace {

Json list_of(const std::vector<metainfo::HostPort>& nodes) {
    Json list = Json::array();
    for (const auto& node : nodes) list.push_back({{"host", node.host}, {"port", node.port}});
    return list;
}

void add_row(std::vector<std::string>& lines, std::string_view title, const std::string& value) {
    if (!value.empty()) lines.push_back(fmt::format("{:<14}{}", title, value));
}

std::string date_text(std::int64_t unix_seconds) {
    const auto time = static_cast<std::time_t>(unix_seconds);
    std::tm parts{};
    if (::gmtime_r(&time, &parts) == nullptr) return fmt::format("{}", unix_seconds);
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", parts);
}

void add_trackers(std::vector<std::string>& lines,
                  const std::vector<std::vector<std::string>>& tiers) {
    for (std::size_t tier = 0; tier < tiers.size(); ++tier)
        for (const std::string& url : tiers[tier])
            lines.push_back(
                fmt::format("{:<14}{}{}", "tracker", url,
                            tiers.size() > 1 ? fmt::format("  (tier {})", tier + 1) : ""));
}

/// Where a link points, from the download folder as its path is.
std::string joined_target(const metainfo::Metainfo& torrent, const metainfo::FileEntry& link) {
    return fmt::format("{}/{}", torrent.name, fmt::join(link.symlink, "/"));
}

Json file_json(const metainfo::Metainfo& torrent, const metainfo::FileEntry& file) {
    Json json{{"path", joined_path(torrent, file)}, {"bytes", file.size_bytes}, {"pad", file.pad}};
    if (!file.symlink.empty()) json["symlink"] = joined_target(torrent, file);
    return json;
}

void add_files(std::vector<std::string>& lines, const metainfo::Metainfo& torrent) {
    lines.emplace_back("files");
    for (std::size_t i = 0; i < torrent.files.size(); ++i) {
        const metainfo::FileEntry& file = torrent.files[i];
        if (file.pad) continue;
        std::string path = joined_path(torrent, file);
        if (!file.symlink.empty()) path += " -> " + joined_target(torrent, file);
        lines.push_back(fmt::format("{:>6}  {:>10}  {}", i + 1,
                                    format_bytes(static_cast<double>(file.size_bytes)),
                                    metainfo::clean_text(path, 4096)));
    }
}

}  // namespace

std::string joined_path(const metainfo::Metainfo& torrent, const metainfo::FileEntry& file) {
    if (torrent.single_file) return torrent.name;
    return fmt::format("{}/{}", torrent.name, fmt::join(file.path, "/"));
}

Json torrent_json(const metainfo::Metainfo& torrent) {
    Json json{{"name", torrent.name}, {"info_hash", to_hex(torrent.info_hash.bytes)}};
    if (torrent.info_hash_v2) json["info_hash_v2"] = to_hex(torrent.info_hash_v2->bytes);
    json["version"] = torrent.version();
    json["piece_length"] = torrent.piece_length_bytes;
    json["piece_count"] = torrent.piece_count();
    json["total_bytes"] = torrent.total_bytes;
    json["private"] = torrent.is_private;
    json["trackers"] = torrent.tracker_tiers;
    json["web_seeds"] = torrent.web_seeds;
    json["nodes"] = list_of(torrent.nodes);
    json["comment"] = torrent.comment;
    json["created_by"] = torrent.created_by;
    json["creation_date"] = nullptr;
    if (torrent.creation_date) json["creation_date"] = *torrent.creation_date;
    return json;
}

JsonList files_json(const metainfo::Metainfo& torrent) {
    return {.name = "files", .size = torrent.files.size(), .at = [&torrent](std::size_t file) {
                return file_json(torrent, torrent.files[file]);
            }};
}

Json magnet_json(const metainfo::Magnet& magnet) {
    Json tiers = Json::array();
    for (const std::string& url : magnet.trackers) tiers.push_back({url});
    Json json{{"name", magnet.name}};
    if (magnet.info_hash)
        json["info_hash"] = to_hex(magnet.info_hash->bytes);
    else if (magnet.info_hash_v2)
        json["info_hash"] = to_hex(metainfo::truncated(*magnet.info_hash_v2).bytes);
    if (magnet.info_hash_v2) json["info_hash_v2"] = to_hex(magnet.info_hash_v2->bytes);
    json["version"] = !magnet.info_hash_v2 ? "v1" : magnet.info_hash ? "hybrid" : "v2";
    json["trackers"] = std::move(tiers);
    json["web_seeds"] = magnet.web_seeds;
    json["peers"] = list_of(magnet.peers);
    return json;
}

std::vector<std::string> torrent_text(const metainfo::Metainfo& torrent) {
    std::vector<std::string> lines;
    add_row(lines, "name", torrent.name);
    if (torrent.has_v1()) add_row(lines, "info-hash", to_hex(torrent.info_hash.bytes));
    if (torrent.info_hash_v2) add_row(lines, "info-hash v2", to_hex(torrent.info_hash_v2->bytes));
    add_row(lines, "size",
            fmt::format("{} ({} bytes) in {} piece{} of {}",
                        format_bytes(static_cast<double>(torrent.total_bytes)), torrent.total_bytes,
                        torrent.piece_count(), torrent.piece_count() == 1 ? "" : "s",
                        format_bytes(torrent.piece_length_bytes)));
    if (torrent.info_hash_v2) add_row(lines, "version", std::string(torrent.version()));
    if (torrent.is_private) add_row(lines, "private", "yes: peers come from its trackers only");
    add_row(lines, "source", torrent.source);
    add_trackers(lines, torrent.tracker_tiers);
    for (const std::string& url : torrent.web_seeds) add_row(lines, "web seed", url);
    for (const auto& node : torrent.nodes)
        add_row(lines, "node", fmt::format("{} port {}", node.host, node.port));
    add_row(lines, "comment", torrent.comment);
    add_row(lines, "created by", torrent.created_by);
    if (torrent.creation_date) add_row(lines, "created", date_text(*torrent.creation_date));
    add_files(lines, torrent);
    return lines;
}

std::vector<std::string> magnet_text(const metainfo::Magnet& magnet) {
    std::vector<std::string> lines;
    add_row(lines, "name", magnet.name);
    if (magnet.info_hash) add_row(lines, "info-hash", to_hex(magnet.info_hash->bytes));
    if (magnet.info_hash_v2) add_row(lines, "info-hash v2", to_hex(magnet.info_hash_v2->bytes));
    for (const std::string& url : magnet.trackers) add_row(lines, "tracker", url);
    for (const std::string& url : magnet.web_seeds) add_row(lines, "web seed", url);
    for (const auto& peer : magnet.peers)
        add_row(lines, "peer", fmt::format("{} port {}", peer.host, peer.port));
    return lines;
}

bool is_magnet(std::string_view source) {
    return metainfo::starts_with_in_any_case(source, "magnet:");
}

bool is_web_address(std::string_view source) {
    return metainfo::starts_with_in_any_case(source, "http://") ||
           metainfo::starts_with_in_any_case(source, "https://");
}

std::expected<metainfo::Metainfo, std::string> read_torrent_file(
    const std::filesystem::path& path) {
    const auto fail = [&](std::string_view why) {
        return std::unexpected(fmt::format("cannot read {}: {}", path.string(), why));
    };
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return fail(std::generic_category().message(errno));
    if (S_ISDIR(info.st_mode)) return fail("it is a folder");
    if (!S_ISREG(info.st_mode)) return fail("it is no regular file");
    if (static_cast<std::uint64_t>(info.st_size) > metainfo::torrent_bytes_max)
        return fail(fmt::format("it is larger than {} MiB, the most that a .torrent may have",
                                metainfo::torrent_bytes_max >> 20));
    std::vector<std::byte> bytes(static_cast<std::size_t>(info.st_size));
    std::ifstream file(path, std::ios::binary);
    errno = 0;
    if (!file.read(reinterpret_cast<char*>(bytes.data()), info.st_size))
        return fail(errno != 0 ? std::generic_category().message(errno) : "it ended early");
    return parse_torrent_bytes(path.string(), bytes);
}

std::expected<metainfo::Metainfo, std::string> parse_torrent_bytes(const std::string& source,
                                                                   Bytes bytes) {
    auto torrent = metainfo::parse_torrent(bytes);
    if (!torrent)
        return std::unexpected(fmt::format("{} is refused: {}", source, torrent.error().sentence));
    return std::move(*torrent);
}

std::expected<metainfo::Magnet, std::string> parse_magnet_text(const std::string& link) {
    auto magnet = metainfo::parse_magnet(link);
    if (!magnet)
        return std::unexpected(
            fmt::format("{}: {}", metainfo::quoted(link), metainfo::describe(magnet.error())));
    return std::move(*magnet);
}

}  // namespace spate::cli
