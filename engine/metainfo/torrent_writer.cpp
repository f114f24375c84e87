#include "engine/metainfo/torrent_writer.hpp"

#include <bit>
#include <cstring>
#include <span>
#include <string_view>

#include "engine/base/assert.hpp"
#include "engine/metainfo/aligned_layout.hpp"
#include "engine/metainfo/file_tree_writer.hpp"

namespace spate::metainfo {
namespace {

using Output = std::vector<std::byte>;
using Writer = TorrentWriter;

void write_file(Writer& writer, const NewFile& file) {
    SPATE_ASSERT(!file.path.empty());
    writer.begin_dict();
    write_attributes(writer, file);
    writer.key("length").integer(static_cast<std::int64_t>(file.size_bytes));
    writer.key("path");
    write_strings(writer, file.path);
    write_target(writer, file);
    writer.end();
}

void check_v2_shape(const NewTorrent& torrent) {
    SPATE_ASSERT(std::has_single_bit(torrent.piece_length_bytes));
    SPATE_ASSERT(torrent.piece_length_bytes >= v2_piece_length_bytes_min);
    SPATE_ASSERT(torrent.single_file || torrent.version == TorrentVersion::hybrid ||
                 !is_taken_for_a_single_file(torrent.name, torrent.files));
}

void check_shape(const NewTorrent& torrent) {
    const std::uint64_t length = torrent.piece_length_bytes;
    SPATE_ASSERT(length >= piece_length_bytes_min && length <= piece_length_bytes_max);
    SPATE_ASSERT(!torrent.files.empty() && torrent.files.size() <= entries_max);
    SPATE_ASSERT(!torrent.single_file || torrent.files.size() == 1);
    const bool has_v1 = torrent.version != TorrentVersion::v2;
    const bool has_v2 = torrent.version != TorrentVersion::v1;
    const std::uint64_t pieces = piece_count(torrent.files, torrent.piece_length_bytes);
    SPATE_ASSERT(torrent.piece_hashes.size() == (has_v1 ? pieces : 0));
    SPATE_ASSERT(torrent.piece_roots.size() == (has_v2 ? pieces : 0));
    if (has_v2) check_v2_shape(torrent);
}

void write_files(Writer& writer, const NewTorrent& torrent) {
    if (torrent.single_file) {
        const NewFile& file = torrent.files.front();
        writer.key("length").integer(static_cast<std::int64_t>(file.size_bytes));
        return;
    }
    writer.key("files").begin_list();
    for (const NewFile& file : torrent.files) write_file(writer, file);
    writer.end();
}

void write_pieces(Writer& writer, std::span<const Sha1Digest> digests) {
    static_assert(sizeof(Sha1Digest) == Sha1Digest::size_bytes);
    writer.key("pieces").string(std::as_bytes(digests));
}

/// "announce" and "announce-list"; the list only where the one URL doesn't say it all (BEP 12).
void write_tiers(Writer& writer, const std::vector<std::vector<std::string>>& tiers) {
    if (tiers.empty()) return;
    SPATE_ASSERT(!tiers.front().empty());
    writer.key("announce").string(tiers.front().front());
    if (tiers.size() == 1 && tiers.front().size() == 1) return;
    writer.key("announce-list").begin_list();
    for (const std::vector<std::string>& tier : tiers) write_strings(writer, tier);
    writer.end();
}

void write_urls(Writer& writer, std::string_view key, const std::vector<std::string>& urls) {
    if (urls.empty()) return;
    writer.key(key);
    write_strings(writer, urls);
}

void write_nodes(Writer& writer, const std::vector<HostPort>& nodes) {
    if (nodes.empty()) return;
    writer.key("nodes").begin_list();
    for (const HostPort& node : nodes)
        writer.begin_list().string(node.host).integer(node.port).end();
    writer.end();
}

/// The fields outside the info dictionary, as Metainfo has them, around `info`.
Output write_around(const Metainfo& torrent, Bytes info, const PieceLayers* layers) {
    Output out;
    out.reserve(info.size() + 1024);
    Writer writer(out);
    writer.begin_dict();
    write_tiers(writer, torrent.tracker_tiers);
    write_text(writer, "comment", torrent.comment);
    write_text(writer, "created by", torrent.created_by);
    if (torrent.creation_date) writer.key("creation date").integer(*torrent.creation_date);
    write_urls(writer, "httpseeds", torrent.http_seeds);
    writer.key("info").raw(info);
    write_nodes(writer, torrent.nodes);
    if (layers != nullptr) write_piece_layers(writer, *layers);
    write_urls(writer, "url-list", torrent.web_seeds);
    writer.end();
    SPATE_ASSERT(writer.complete());
    return out;
}

/// As many as hashes will be, and each another: of files with the same hash the layer is written
/// once.
template <typename Digest>
std::vector<Digest> placeholders(std::uint64_t count) {
    std::vector<Digest> digests(count);
    for (std::uint64_t i = 0; i < count; ++i) std::memcpy(digests[i].bytes.data(), &i, sizeof i);
    return digests;
}

}  // namespace

bool is_taken_for_a_single_file(std::string_view folder_name, std::span<const NewFile> files) {
    return files.size() == 1 && files.front().path.size() == 1 &&
           files.front().path.front() == folder_name;
}

std::vector<std::byte> write_info(const NewTorrent& torrent) {
    check_shape(torrent);
    const bool has_v1 = torrent.version != TorrentVersion::v2;
    const bool has_v2 = torrent.version != TorrentVersion::v1;
    Output out;
    Writer writer(out);
    writer.begin_dict();
    if (has_v1 && torrent.single_file) write_attributes(writer, torrent.files.front());
    if (has_v2) write_file_tree(writer, torrent);
    if (has_v1) write_files(writer, torrent);
    if (has_v2) writer.key("meta version").integer(2);
    writer.key("name").string(torrent.name);
    writer.key("piece length").integer(torrent.piece_length_bytes);
    if (has_v1) write_pieces(writer, torrent.piece_hashes);
    if (torrent.is_private) writer.key("private").integer(1);
    write_text(writer, "source", torrent.source);
    writer.end();
    SPATE_ASSERT(writer.complete());
    return out;
}

std::vector<std::byte> write_torrent(const NewTorrent& torrent) {
    Metainfo outside;
    outside.tracker_tiers = torrent.tracker_tiers;
    outside.web_seeds = torrent.web_seeds;
    outside.comment = torrent.comment;
    outside.created_by = torrent.created_by;
    outside.creation_date = torrent.creation_date;
    const PieceLayers layers = piece_layers_of(torrent);
    return write_around(outside, write_info(torrent),
                        torrent.version == TorrentVersion::v1 ? nullptr : &layers);
}

std::size_t size_once_hashed_bytes(NewTorrent& unhashed) {
    SPATE_ASSERT(unhashed.piece_hashes.empty() && unhashed.piece_roots.empty());
    const std::uint64_t pieces = piece_count(unhashed.files, unhashed.piece_length_bytes);
    if (unhashed.version != TorrentVersion::v2)
        unhashed.piece_hashes = placeholders<Sha1Digest>(pieces);
    if (unhashed.version != TorrentVersion::v1)
        unhashed.piece_roots = placeholders<Sha256Digest>(pieces);
    const std::size_t size = write_torrent(unhashed).size();
    unhashed.piece_hashes = {};
    unhashed.piece_roots = {};
    return size;
}

std::vector<std::byte> write_torrent(const Metainfo& torrent) {
    SPATE_ASSERT(!torrent.info_bytes.empty());
    const PieceLayers layers = piece_layers_of(torrent);
    return write_around(torrent, torrent.info_bytes,
                        torrent.piece_roots.empty() ? nullptr : &layers);
}

}  // namespace spate::metainfo
