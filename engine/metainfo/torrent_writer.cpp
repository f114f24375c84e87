#include "engine/metainfo/torrent_writer.hpp"

#include <span>
#include <string_view>

#include "engine/base/assert.hpp"
#include "engine/metainfo/bencode_writer.hpp"

namespace spate::metainfo {
namespace {

using Output = std::vector<std::byte>;
using Writer = bencode::Writer<Output>;

void write_text(Writer& writer, std::string_view key, std::string_view text) {
    if (!text.empty()) writer.key(key).string(text);
}

void write_strings(Writer& writer, const std::vector<std::string>& strings) {
    writer.begin_list();
    for (const std::string& text : strings) writer.string(text);
    writer.end();
}

void write_attributes(Writer& writer, const NewFile& file) {
    std::string attributes;
    if (file.pad) attributes += 'p';
    if (file.executable) attributes += 'x';
    write_text(writer, "attr", attributes);
}

void write_file(Writer& writer, const NewFile& file) {
    SPATE_ASSERT(!file.path.empty());
    writer.begin_dict();
    write_attributes(writer, file);
    writer.key("length").integer(static_cast<std::int64_t>(file.size_bytes));
    writer.key("path");
    write_strings(writer, file.path);
    writer.end();
}

std::uint64_t total_bytes(const NewTorrent& torrent) {
    std::uint64_t total = 0;
    for (const NewFile& file : torrent.files) total += file.size_bytes;
    return total;
}

void check_shape(const NewTorrent& torrent) {
    const std::uint64_t length = torrent.piece_length_bytes;
    SPATE_ASSERT(length >= piece_length_bytes_min && length <= piece_length_bytes_max);
    SPATE_ASSERT(!torrent.files.empty() && torrent.files.size() <= files_max);
    SPATE_ASSERT(!torrent.single_file || torrent.files.size() == 1);
    SPATE_ASSERT((total_bytes(torrent) + length - 1) / length == torrent.piece_hashes.size());
}

void write_files(Writer& writer, const NewTorrent& torrent) {
    if (torrent.single_file) {
        const NewFile& file = torrent.files.front();
        SPATE_ASSERT(!file.pad);
        write_attributes(writer, file);
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
Output write_around(const Metainfo& torrent, Bytes info) {
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
    write_urls(writer, "url-list", torrent.web_seeds);
    writer.end();
    SPATE_ASSERT(writer.complete());
    return out;
}

}  // namespace

std::vector<std::byte> write_info(const NewTorrent& torrent) {
    check_shape(torrent);
    Output out;
    Writer writer(out);
    writer.begin_dict();
    write_files(writer, torrent);
    writer.key("name").string(torrent.name);
    writer.key("piece length").integer(torrent.piece_length_bytes);
    write_pieces(writer, torrent.piece_hashes);
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
    return write_around(outside, write_info(torrent));
}

std::vector<std::byte> write_torrent(const Metainfo& torrent) {
    SPATE_ASSERT(!torrent.info_bytes.empty());
    return write_around(torrent, torrent.info_bytes);
}

}  // namespace spate::metainfo
