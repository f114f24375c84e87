#include "engine/metainfo/metainfo.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/file_fields.hpp"
#include "engine/metainfo/file_tree.hpp"
#include "engine/metainfo/piece_layers.hpp"
#include "engine/metainfo/text.hpp"
#include "engine/metainfo/torrent_fields.hpp"
#include "hashing/digest.hpp"

namespace spate::metainfo {
namespace {

using Kind = MetainfoErrorKind;
using bencode::Node;

/// As many values as files_max files come to: 4 bytes a value are what the shortest name in a v1
/// list has, and v2 adds longer ones. The tokens of a large torrent so take at most 4 times its
/// bytes.
bencode::Limits limits_of(Bytes torrent) {
    bencode::Limits limits{.bytes_max = torrent_bytes_max};
    limits.tokens_max = std::max(limits.tokens_max, torrent.size() / 4);
    return limits;
}

std::unexpected<MetainfoError> refuse(bencode::Error error) {
    return refuse(Kind::not_bencoded, "it is not a torrent: " + bencode::describe(error));
}

std::expected<std::uint32_t, MetainfoError> read_piece_length(Node info, bool has_v2) {
    const auto length = info.find_integer("piece length");
    if (!length) return refuse(Kind::piece_length_invalid, "the torrent has no piece length");
    if (*length < piece_length_bytes_min || *length > piece_length_bytes_max)
        return refuse(Kind::piece_length_invalid,
                      "a piece length of " + std::to_string(*length) + " bytes is not between " +
                          std::to_string(piece_length_bytes_min) + " and " +
                          std::to_string(piece_length_bytes_max));
    const auto bytes = static_cast<std::uint32_t>(*length);
    if (has_v2 && (!std::has_single_bit(bytes) || bytes < v2_piece_length_bytes_min))
        return refuse(Kind::piece_length_invalid,
                      "a v2 torrent can't have a piece length of " + std::to_string(bytes) +
                          " bytes, which is no power of two of at least " +
                          std::to_string(v2_piece_length_bytes_min));
    return bytes;
}

MetainfoError too_many_pieces(std::uint64_t count) {
    return {Kind::too_many_pieces, "the torrent has " + std::to_string(count) +
                                       " pieces; the limit is " + std::to_string(pieces_max)};
}

std::expected<std::vector<Sha1Digest>, MetainfoError> read_pieces(Node info) {
    const auto text = info.find_string("pieces");
    if (!text) return refuse(Kind::pieces_invalid, "the torrent has no piece hashes");
    if (text->size() % Sha1Digest::size_bytes != 0)
        return refuse(Kind::pieces_invalid, "the piece hashes have " +
                                                std::to_string(text->size()) +
                                                " bytes, which 20 doesn't divide");
    const std::size_t count = text->size() / Sha1Digest::size_bytes;
    if (count > pieces_max) return std::unexpected(too_many_pieces(count));
    std::vector<Sha1Digest> pieces(count);
    for (std::size_t i = 0; i < count; ++i)
        std::memcpy(pieces[i].bytes.data(), text->data() + i * Sha1Digest::size_bytes,
                    Sha1Digest::size_bytes);
    return pieces;
}

MetainfoError wrong_piece_count(const Metainfo& torrent, std::uint64_t expected) {
    return {Kind::piece_count_mismatch,
            std::to_string(torrent.total_bytes) + " bytes in pieces of " +
                std::to_string(torrent.piece_length_bytes) + " are " + std::to_string(expected) +
                " pieces, but there are " + std::to_string(torrent.piece_hashes.size()) +
                " hashes"};
}

/// The parts that an info dictionary has.
struct Parts {
    bool v1 = true;
    bool v2 = false;
};

std::expected<Parts, MetainfoError> find_parts(Node info) {
    if (!info.is_dict()) return refuse(Kind::not_a_dictionary, "\"info\" isn't a dictionary");
    if (info.size() == 0) return refuse(Kind::info_empty, "the info dictionary is empty");
    const auto version = info.find("meta version");
    if (!version || version->as_integer() == 1) return Parts{};
    if (version->as_integer() != 2)
        return refuse(Kind::meta_version_unknown,
                      "it is a torrent of another version of BitTorrent than v1 and v2");
    return Parts{.v1 = info.find("pieces").has_value(), .v2 = true};
}

void take_files(FileList list, Metainfo& torrent) {
    torrent.name = std::move(list.name);
    torrent.single_file = list.single_file;
    torrent.total_bytes = list.total_bytes;
    torrent.files = std::move(list.files);
}

/// Fills the piece length and the files, with their pieces roots if there is a v2 part.
std::optional<MetainfoError> read_files(Node info, Parts parts, Metainfo& torrent) {
    std::expected<FileList, MetainfoError> list;
    if (parts.v1) list = parse_file_list(info, parts.v2);
    if (!list) return std::move(list.error());
    const auto piece_length = read_piece_length(info, parts.v2);
    if (!piece_length) return piece_length.error();
    torrent.piece_length_bytes = *piece_length;
    if (parts.v2) {
        auto tree = parse_file_tree(info, *piece_length);
        if (!tree) return std::move(tree.error());
        if (!parts.v1) {
            list = std::move(tree);
        } else if (auto error = match_file_tree(*tree, *piece_length, *list)) {
            return error;
        }
    }
    take_files(std::move(*list), torrent);
    return std::nullopt;
}

std::uint64_t pieces_of(const Metainfo& torrent) {
    return (torrent.total_bytes - 1) / torrent.piece_length_bytes + 1;
}

/// Fills `piece_hashes` and `piece_roots`; the files are there.
std::optional<MetainfoError> read_hashes(Node info, Parts parts, const LayersByRoot& layers,
                                         Metainfo& torrent) {
    const std::uint64_t count = pieces_of(torrent);
    if (parts.v1) {
        auto pieces = read_pieces(info);
        if (!pieces) return std::move(pieces.error());
        torrent.piece_hashes = std::move(*pieces);
        if (torrent.piece_hashes.size() != count) return wrong_piece_count(torrent, count);
    } else if (count > pieces_max) {
        return too_many_pieces(count);
    }
    if (!parts.v2) return std::nullopt;
    auto roots = read_piece_roots(torrent.files, torrent.piece_length_bytes, layers);
    if (roots) torrent.piece_roots = std::move(*roots);
    // A hybrid from a magnet is checked by its v1 hashes.
    if (roots || (parts.v1 && !layers.given())) return std::nullopt;
    return std::move(roots.error());
}

void read_identity(Node info, Parts parts, Metainfo& torrent) {
    const Bytes source = info.source();
    torrent.info_bytes.assign(source.begin(), source.end());
    if (parts.v2) torrent.info_hash_v2 = InfoHashV2{hashing::sha256(source).bytes};
    torrent.info_hash =
        parts.v1 ? InfoHash{hashing::sha1(source).bytes} : truncated(*torrent.info_hash_v2);
}

/// `layers`: what the torrent has beside its info dictionary.
std::expected<Metainfo, MetainfoError> read_info(Node info, const LayersByRoot& layers) {
    const auto parts = find_parts(info);
    if (!parts) return std::unexpected(parts.error());
    Metainfo torrent;
    if (auto error = read_files(info, *parts, torrent)) return std::unexpected(std::move(*error));
    if (auto error = read_hashes(info, *parts, layers, torrent))
        return std::unexpected(std::move(*error));
    torrent.is_private = info.find_integer("private") == 1;
    torrent.source = clean_text(info.find_string("source").value_or(""), text_bytes_max);
    read_identity(info, *parts, torrent);
    return torrent;
}

}  // namespace

std::expected<Metainfo, MetainfoError> parse_info(Bytes info_bytes,
                                                  std::span<const PieceLayer> layers) {
    const auto document = bencode::parse(info_bytes, limits_of(info_bytes));
    if (!document) return refuse(document.error());
    return read_info(document->root(), LayersByRoot(layers));
}

std::expected<MissingLayers, MetainfoError> missing_layers(Bytes info_bytes) {
    const auto document = bencode::parse(info_bytes, limits_of(info_bytes));
    if (!document) return refuse(document.error());
    const auto parts = find_parts(document->root());
    if (!parts) return std::unexpected(parts.error());
    if (parts->v1) return MissingLayers{};
    Metainfo torrent;
    if (auto error = read_files(document->root(), *parts, torrent))
        return std::unexpected(std::move(*error));
    if (pieces_of(torrent) > pieces_max)
        return std::unexpected(too_many_pieces(pieces_of(torrent)));
    return MissingLayers{torrent.piece_length_bytes,
                         layers_of(torrent.files, torrent.piece_length_bytes)};
}

bool is_info_of(const Metainfo& wanted, Bytes info_bytes) {
    if (wanted.has_v2()) {
        if (hashing::sha256(info_bytes).bytes != wanted.info_hash_v2->bytes) return false;
        if (wanted.info_hash == truncated(*wanted.info_hash_v2)) return true;
    }
    return hashing::sha1(info_bytes).bytes == wanted.info_hash.bytes;
}

std::expected<Metainfo, MetainfoError> parse_torrent(Bytes file) {
    const auto prefix = bencode::parse_prefix(file, limits_of(file));
    if (!prefix) return refuse(prefix.error());
    const Node root = prefix->document.root();
    if (!root.is_dict())
        return refuse(Kind::not_a_dictionary, "it is not a torrent: no dictionary");
    const auto info = root.find("info");
    if (!info) return refuse(Kind::info_missing, "it has no info dictionary");
    auto torrent = read_info(*info, LayersByRoot(root.find_dict("piece layers")));
    if (torrent) read_torrent_fields(root, *torrent);
    return torrent;
}

}  // namespace spate::metainfo
