#include "engine/wire/metadata_message.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"
#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/bencode_writer.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/message.hpp"

namespace spate::wire {
namespace {

namespace bencode = metainfo::bencode;
using Kind = MetadataMessage::Kind;

constexpr std::size_t header_tokens_max = 64;
constexpr std::size_t header_depth_max = 4;

std::uint32_t piece_size(std::uint32_t piece, std::uint32_t total_size) {
    return std::min(metadata_piece_size_bytes, total_size - piece * metadata_piece_size_bytes);
}

std::vector<std::byte> header(Kind kind, std::uint32_t piece, std::uint32_t total_size) {
    std::vector<std::byte> out;
    bencode::Writer writer(out);
    writer.begin_dict().key("msg_type").integer(static_cast<int>(kind)).key("piece").integer(piece);
    if (kind == Kind::data) writer.key("total_size").integer(total_size);
    writer.end();
    return out;
}

std::expected<MetadataMessage, WireError> check_data(MetadataMessage message,
                                                     std::int64_t total_size, Bytes data) {
    if (total_size < 1 || total_size > metadata_bytes_max)
        return std::unexpected(WireError::bad_metadata_message);
    message.total_size_bytes = static_cast<std::uint32_t>(total_size);
    if (message.piece >= metadata_piece_count(message.total_size_bytes) ||
        data.size() != piece_size(message.piece, message.total_size_bytes))
        return std::unexpected(WireError::bad_metadata_message);
    message.data = data;
    return message;
}

}  // namespace

void append_metadata_request(std::vector<std::byte>& out, std::uint8_t id, std::uint32_t piece) {
    append_extended(out, id, header(Kind::request, piece, 0));
}

void append_metadata_reject(std::vector<std::byte>& out, std::uint8_t id, std::uint32_t piece) {
    append_extended(out, id, header(Kind::reject, piece, 0));
}

void append_metadata_data(std::vector<std::byte>& out, std::uint8_t id, std::uint32_t piece,
                          Bytes metadata) {
    SPATE_ASSERT(metadata.size() <= metadata_bytes_max);
    const auto total_size = static_cast<std::uint32_t>(metadata.size());
    SPATE_ASSERT(piece < metadata_piece_count(total_size));
    std::vector<std::byte> body = header(Kind::data, piece, total_size);
    const Bytes data = metadata.subspan(std::size_t{piece} * metadata_piece_size_bytes,
                                        piece_size(piece, total_size));
    body.insert(body.end(), data.begin(), data.end());
    append_extended(out, id, body);
}

std::expected<MetadataMessage, WireError> parse_metadata_message(Bytes body) {
    // The dictionary ends before the data does: the reader must not judge the size of both.
    if (body.size() > metadata_header_bytes_max + metadata_piece_size_bytes)
        return std::unexpected(WireError::bad_metadata_message);
    const auto parsed = bencode::parse_prefix(
        body, {.bytes_max = metadata_header_bytes_max + metadata_piece_size_bytes,
               .tokens_max = header_tokens_max,
               .depth_max = header_depth_max});
    if (!parsed) return std::unexpected(WireError::bad_metadata_message);
    const bencode::Node root = parsed->document.root();
    const auto kind = root.find_integer("msg_type");
    if (!kind) return std::unexpected(WireError::bad_metadata_message);
    if (*kind < 0 || *kind >= static_cast<int>(Kind::other))
        return MetadataMessage{.kind = Kind::other, .piece = 0, .total_size_bytes = 0, .data = {}};

    const auto piece = root.find_integer("piece");
    if (!piece || *piece < 0 || *piece >= metadata_piece_count(metadata_bytes_max))
        return std::unexpected(WireError::bad_metadata_message);
    const MetadataMessage message{.kind = static_cast<Kind>(*kind),
                                  .piece = static_cast<std::uint32_t>(*piece),
                                  .total_size_bytes = 0,
                                  .data = {}};
    if (message.kind != Kind::data) return message;
    return check_data(message, root.find_integer("total_size").value_or(0),
                      body.subspan(parsed->consumed_bytes));
}

}  // namespace spate::wire
