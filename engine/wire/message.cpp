#include "engine/wire/message.hpp"

#include "engine/base/assert.hpp"
#include "engine/wire/limits.hpp"

namespace spate::wire {
namespace {

ByteWriter begin(std::vector<std::byte>& out, MessageId id, std::size_t body_length) {
    ByteWriter writer(out);
    writer.write(static_cast<std::uint32_t>(body_length + 1));
    writer.write(static_cast<std::uint8_t>(id));
    return writer;
}

void append_block(std::vector<std::byte>& out, MessageId id, BlockRef block) {
    begin(out, id, 12).write(block.piece.value).write(block.offset).write(block.length);
}

void append_piece_index(std::vector<std::byte>& out, MessageId id, PieceIndex piece) {
    begin(out, id, 4).write(piece.value);
}

ByteWriter begin_hash_message(std::vector<std::byte>& out, MessageId id, const HashRef& range,
                              std::size_t hashes_size = 0) {
    ByteWriter writer = begin(out, id, hash_ref_size_bytes + hashes_size);
    return writer.write_bytes(range.pieces_root.bytes)
        .write(range.base_layer)
        .write(range.index)
        .write(range.length)
        .write(range.proof_layers);
}

bool has_no_body(MessageId id) {
    return id <= MessageId::not_interested || id == MessageId::have_all ||
           id == MessageId::have_none;
}

}  // namespace

PieceHeader piece_header(BlockRef block) {
    PieceHeader header;
    store_be(header.data(), block.length + 9);
    header[4] = static_cast<std::byte>(MessageId::piece);
    store_be(header.data() + 5, block.piece.value);
    store_be(header.data() + 9, block.offset);
    return header;
}

void append_keep_alive(std::vector<std::byte>& out) {
    ByteWriter(out).write(std::uint32_t{0});
}

void append_message(std::vector<std::byte>& out, MessageId id) {
    SPATE_ASSERT(has_no_body(id));
    begin(out, id, 0);
}

void append_have(std::vector<std::byte>& out, PieceIndex piece) {
    append_piece_index(out, MessageId::have, piece);
}

void append_bitfield(std::vector<std::byte>& out, const Bitfield& bits) {
    const std::vector<std::byte> bytes = bits.to_wire();
    begin(out, MessageId::bitfield, bytes.size()).write_bytes(bytes);
}

void append_request(std::vector<std::byte>& out, BlockRef block) {
    append_block(out, MessageId::request, block);
}

void append_cancel(std::vector<std::byte>& out, BlockRef block) {
    append_block(out, MessageId::cancel, block);
}

void append_reject(std::vector<std::byte>& out, BlockRef block) {
    append_block(out, MessageId::reject_request, block);
}

void append_suggest(std::vector<std::byte>& out, PieceIndex piece) {
    append_piece_index(out, MessageId::suggest_piece, piece);
}

void append_allowed_fast(std::vector<std::byte>& out, PieceIndex piece) {
    append_piece_index(out, MessageId::allowed_fast, piece);
}

void append_port(std::vector<std::byte>& out, std::uint16_t port) {
    begin(out, MessageId::port, 2).write(port);
}

void append_extended(std::vector<std::byte>& out, std::uint8_t id, Bytes body) {
    SPATE_ASSERT(body.size() <= extended_length_max);
    begin(out, MessageId::extended, body.size() + 1).write(id).write_bytes(body);
}

void append_hash_request(std::vector<std::byte>& out, const HashRef& range) {
    begin_hash_message(out, MessageId::hash_request, range);
}

void append_hashes(std::vector<std::byte>& out, const HashRef& range,
                   std::span<const Sha256Digest> hashes) {
    SPATE_ASSERT(hashes.size() <= hashes_count_max);
    begin_hash_message(out, MessageId::hashes, range, hashes.size_bytes())
        .write_bytes(std::as_bytes(hashes));
}

void append_hash_reject(std::vector<std::byte>& out, const HashRef& range) {
    begin_hash_message(out, MessageId::hash_reject, range);
}

}  // namespace spate::wire
