#include "engine/metainfo/metainfo.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/file_list.hpp"
#include "engine/metainfo/text.hpp"
#include "engine/metainfo/torrent_fields.hpp"
#include "hashing/digest.hpp"

namespace spate::metainfo {
namespace {

using Kind = MetainfoErrorKind;
using bencode::Node;

constexpr bencode::Limits torrent_limits{.bytes_max = torrent_bytes_max};

std::unexpected<MetainfoError> refuse(Kind kind, std::string sentence) {
    return std::unexpected(MetainfoError{kind, std::move(sentence)});
}

std::unexpected<MetainfoError> refuse(bencode::Error error) {
    return refuse(Kind::not_bencoded, "it is not a torrent: " + bencode::describe(error));
}

std::expected<std::uint32_t, MetainfoError> read_piece_length(Node info) {
    const auto length = info.find_integer("piece length");
    if (!length) return refuse(Kind::piece_length_invalid, "the torrent has no piece length");
    if (*length < piece_length_bytes_min || *length > piece_length_bytes_max)
        return refuse(Kind::piece_length_invalid,
                      "a piece length of " + std::to_string(*length) + " bytes is not between " +
                          std::to_string(piece_length_bytes_min) + " and " +
                          std::to_string(piece_length_bytes_max));
    return static_cast<std::uint32_t>(*length);
}

std::expected<std::vector<Sha1Digest>, MetainfoError> read_pieces(Node info) {
    const auto text = info.find_string("pieces");
    if (!text) return refuse(Kind::pieces_invalid, "the torrent has no piece hashes");
    if (text->size() % Sha1Digest::size_bytes != 0)
        return refuse(Kind::pieces_invalid, "the piece hashes have " +
                                                std::to_string(text->size()) +
                                                " bytes, which 20 doesn't divide");
    const std::size_t count = text->size() / Sha1Digest::size_bytes;
    if (count > pieces_max)
        return refuse(Kind::too_many_pieces, "the torrent has " + std::to_string(count) +
                                                 " pieces; the limit is " +
                                                 std::to_string(pieces_max));
    std::vector<Sha1Digest> pieces(count);
    for (std::size_t i = 0; i < count; ++i)
        std::memcpy(pieces[i].bytes.data(), text->data() + i * Sha1Digest::size_bytes,
                    Sha1Digest::size_bytes);
    return pieces;
}

std::optional<MetainfoError> check_piece_count(const Metainfo& torrent) {
    const std::uint64_t length = torrent.piece_length_bytes;
    const std::uint64_t expected = (torrent.total_bytes + length - 1) / length;
    if (expected == torrent.piece_hashes.size()) return std::nullopt;
    return MetainfoError{Kind::piece_count_mismatch,
                         std::to_string(torrent.total_bytes) + " bytes in pieces of " +
                             std::to_string(length) + " are " + std::to_string(expected) +
                             " pieces, but there are " +
                             std::to_string(torrent.piece_hashes.size()) + " hashes"};
}

bool is_v2(Node info) {
    return info.find_integer("meta version") == 2;
}

std::optional<MetainfoError> check_shape(Node info) {
    if (!info.is_dict())
        return MetainfoError{Kind::not_a_dictionary, "\"info\" isn't a dictionary"};
    if (info.size() == 0) return MetainfoError{Kind::info_empty, "the info dictionary is empty"};
    if (is_v2(info) && !info.find("pieces"))
        return MetainfoError{Kind::v2_only,
                             "it is a v2 torrent (BEP 52), and only v1 and hybrid torrents are "
                             "supported; ask for one of these"};
    return std::nullopt;
}

std::expected<Metainfo, MetainfoError> read_info(Node info) {
    if (auto error = check_shape(info)) return std::unexpected(std::move(*error));
    auto list = parse_file_list(info);
    if (!list) return std::unexpected(std::move(list.error()));
    const auto piece_length = read_piece_length(info);
    if (!piece_length) return std::unexpected(piece_length.error());
    auto pieces = read_pieces(info);
    if (!pieces) return std::unexpected(std::move(pieces.error()));

    Metainfo torrent;
    torrent.name = std::move(list->name);
    torrent.single_file = list->single_file;
    torrent.total_bytes = list->total_bytes;
    torrent.files = std::move(list->files);
    torrent.piece_length_bytes = *piece_length;
    torrent.piece_hashes = std::move(*pieces);
    if (auto error = check_piece_count(torrent)) return std::unexpected(std::move(*error));
    torrent.is_private = info.find_integer("private") == 1;
    torrent.source = clean_text(info.find_string("source").value_or(""), text_bytes_max);
    const Bytes source = info.source();
    torrent.info_bytes.assign(source.begin(), source.end());
    torrent.info_hash.bytes = hashing::sha1(source).bytes;
    if (is_v2(info)) torrent.info_hash_v2 = InfoHashV2{hashing::sha256(source).bytes};
    return torrent;
}

}  // namespace

std::expected<Metainfo, MetainfoError> parse_info(Bytes info_bytes) {
    const auto document = bencode::parse(info_bytes, torrent_limits);
    if (!document) return refuse(document.error());
    return read_info(document->root());
}

std::expected<Metainfo, MetainfoError> parse_torrent(Bytes file) {
    const auto prefix = bencode::parse_prefix(file, torrent_limits);
    if (!prefix) return refuse(prefix.error());
    const Node root = prefix->document.root();
    if (!root.is_dict())
        return refuse(Kind::not_a_dictionary, "it is not a torrent: no dictionary");
    const auto info = root.find("info");
    if (!info) return refuse(Kind::info_missing, "it has no info dictionary");
    auto torrent = read_info(*info);
    if (torrent) read_torrent_fields(root, *torrent);
    return torrent;
}

}  // namespace spate::metainfo
