#include "engine/wire/peer_wire.hpp"

#include <algorithm>
#include <cstring>

#include "engine/base/assert.hpp"
#include "engine/wire/limits.hpp"

namespace spate::wire {
namespace {

/// The one length prefix that a message of this kind can have; empty when it varies.
std::optional<std::uint32_t> fixed_length(MessageId id) {
    switch (id) {
        case MessageId::choke:
        case MessageId::unchoke:
        case MessageId::interested:
        case MessageId::not_interested:
        case MessageId::have_all:
        case MessageId::have_none:
            return 1;
        case MessageId::port:
            return 3;
        case MessageId::have:
        case MessageId::suggest_piece:
        case MessageId::allowed_fast:
            return 5;
        case MessageId::request:
        case MessageId::cancel:
        case MessageId::reject_request:
            return 13;
        case MessageId::hash_request:
        case MessageId::hash_reject:
            return 1 + hash_ref_size_bytes;
        case MessageId::bitfield:
        case MessageId::piece:
        case MessageId::extended:
        case MessageId::hashes:
            return std::nullopt;
    }
    return std::nullopt;
}

/// Whether the message is read as a body: its length varies, or it is too long for a head.
bool is_held(MessageId id) {
    return id == MessageId::bitfield || (id >= MessageId::extended && id <= MessageId::hash_reject);
}

HashRef read_hash_ref(Bytes body) {
    HashRef range;
    std::ranges::copy(body.first(Sha256Digest::size_bytes), range.pieces_root.bytes.begin());
    range.base_layer = load_be<std::uint32_t>(&body[32]);
    range.index = load_be<std::uint32_t>(&body[36]);
    range.length = load_be<std::uint32_t>(&body[40]);
    range.proof_layers = load_be<std::uint32_t>(&body[44]);
    return range;
}

Bytes take(Bytes& bytes, std::size_t count) {
    const Bytes taken = bytes.first(count);
    bytes = bytes.subspan(count);
    return taken;
}

}  // namespace

void PeerWire::set_piece_count(std::uint32_t pieces, std::uint32_t piece_length) {
    SPATE_ASSERT(pieces > 0 && piece_length > 0);
    pieces_ = pieces;
    piece_length_ = piece_length;
}

void PeerWire::expect_block(BlockRef block, BlockSlot slot) {
    SPATE_ASSERT(block.length > 0 && block.length <= block_length_max);
    expected_.push({block, slot});
}

bool PeerWire::forget_block(BlockRef block) {
    if (stage_ == Stage::payload && incoming_.wanted && incoming_.block == block) {
        incoming_.wanted = false;
        return true;
    }
    const auto index = expected_.find(block);
    if (index) expected_.remove(*index);
    return index.has_value();
}

void PeerWire::share_block(BlockRef block) {
    if (stage_ == Stage::payload && incoming_.wanted && incoming_.block == block) {
        incoming_.shared = true;
    } else if (const auto index = expected_.find(block)) {
        expected_.share(*index);
    }
}

std::size_t PeerWire::expected_count() const {
    return expected_.size() + (stage_ == Stage::payload && incoming_.wanted ? 1 : 0);
}

PeerWire::Result PeerWire::handle_bytes(Bytes bytes, const PayloadBuffers& buffers,
                                        std::vector<Event>& events) {
    ++plan_serial_;
    release_kept();
    bytes_received_ += bytes.size();
    return read(bytes, buffers, events);
}

PeerWire::Result PeerWire::read(Bytes bytes, const PayloadBuffers& buffers,
                                std::vector<Event>& events) {
    while (!bytes.empty() && !failed_) {
        Result result;
        switch (stage_) {
            case Stage::handshake:
                result = read_handshake(bytes, events);
                break;
            case Stage::head:
                result = read_head(bytes, events);
                break;
            case Stage::body:
                read_body(bytes, events);
                break;
            case Stage::skip:
                read_skipped(bytes);
                break;
            case Stage::payload:
                read_payload(bytes, buffers, events);
                break;
        }
        if (!result) failed_ = result.error();
    }
    if (failed_) return std::unexpected(*failed_);
    return {};
}

PeerWire::Result PeerWire::read_handshake(Bytes& bytes, std::vector<Event>& events) {
    const Bytes part = take(bytes, std::min(bytes.size(), handshake_size_bytes - assembly_.size()));
    assembly_.insert(assembly_.end(), part.begin(), part.end());
    if (!can_begin_handshake(assembly_)) return std::unexpected(WireError::not_bittorrent);
    if (assembly_.size() < handshake_size_bytes) return {};
    const auto handshake = parse_handshake(assembly_);
    if (!handshake) return std::unexpected(handshake.error());
    events.emplace_back(HandshakeReceived{*handshake});
    assembly_ = {};
    stage_ = Stage::head;
    return {};
}

/// Collects until `size` bytes of the message are in head_; false when there are too few.
bool PeerWire::collect_head(Bytes& bytes, std::size_t size) {
    SPATE_ASSERT(size <= head_size_max);
    if (head_size_ >= size) return true;
    const Bytes part = take(bytes, std::min(bytes.size(), size - head_size_));
    std::ranges::copy(part, head_.begin() + head_size_);
    head_size_ = static_cast<std::uint8_t>(head_size_ + part.size());
    return head_size_ == size;
}

PeerWire::Result PeerWire::read_head(Bytes& bytes, std::vector<Event>& events) {
    if (!collect_head(bytes, 4)) return {};
    const auto length = load_be<std::uint32_t>(head_.data());
    if (length == 0) {
        head_size_ = 0;
        ++keep_alives_;
        events.emplace_back(KeepAlive{});
        return {};
    }
    if (length > message_length_max) return std::unexpected(WireError::message_too_long);
    if (!collect_head(bytes, 5)) return {};
    const auto id = static_cast<MessageId>(head_[4]);
    if (const Result checked = check_length(id, length); !checked) return checked;
    if (id == MessageId::piece) {
        if (!collect_head(bytes, piece_header_size_bytes)) return {};
        return begin_block({.piece = PieceIndex(load_be<std::uint32_t>(&head_[5])),
                            .offset = load_be<std::uint32_t>(&head_[9]),
                            .length = length - 9});
    }
    if (fixed_length(id) && !is_held(id)) {
        if (!collect_head(bytes, 4 + length)) return {};
        head_size_ = 0;
        return handle_small(id, events);
    }
    begin_rest(is_held(id) ? Stage::body : Stage::skip, id, length - 1);
    return {};
}

PeerWire::Result PeerWire::check_length(MessageId id, std::uint32_t length) const {
    if (const auto fixed = fixed_length(id)) {
        if (length != *fixed) return std::unexpected(WireError::bad_length);
        return {};
    }
    switch (id) {
        case MessageId::piece:
            if (length < 9) return std::unexpected(WireError::bad_length);
            if (length == 9) return std::unexpected(WireError::block_empty);
            if (length - 9 > block_length_max) return std::unexpected(WireError::block_too_long);
            return {};
        case MessageId::bitfield: {
            const std::uint32_t bits_length = length - 1;
            const bool fits = pieces_ != 0 ? bits_length == (std::uint64_t{pieces_} + 7) / 8
                                           : bits_length != 0 && bits_length <= bitfield_length_max;
            if (!fits) return std::unexpected(WireError::bitfield_length);
            return {};
        }
        case MessageId::extended:  // message_length_max bounds it
            if (length < 2) return std::unexpected(WireError::bad_length);
            return {};
        case MessageId::hashes: {
            const std::size_t hashes_length = length - 1 - hash_ref_size_bytes;
            const bool fits = length > hash_ref_size_bytes &&
                              hashes_length % Sha256Digest::size_bytes == 0 &&
                              hashes_length / Sha256Digest::size_bytes <= hashes_count_max;
            if (!fits) return std::unexpected(WireError::bad_length);
            return {};
        }
        default:
            if (length > unknown_length_max) return std::unexpected(WireError::message_too_long);
            return {};
    }
}

PeerWire::Result PeerWire::check_piece(PieceIndex piece) const {
    if (pieces_ != 0 && piece.value >= pieces_) return std::unexpected(WireError::bad_piece_index);
    return {};
}

PeerWire::Result PeerWire::check_block(BlockRef block) const {
    if (const Result checked = check_piece(block.piece); !checked) return checked;
    if (block.length == 0) return std::unexpected(WireError::block_empty);
    if (block.length > block_length_max) return std::unexpected(WireError::block_too_long);
    const bool in_piece =
        block.offset <= piece_length_ && block.length <= piece_length_ - block.offset;
    if (pieces_ != 0 && !in_piece) return std::unexpected(WireError::bad_block_range);
    return {};
}

/// The whole message is in head_.
PeerWire::Result PeerWire::handle_small(MessageId id, std::vector<Event>& events) {
    switch (id) {
        case MessageId::choke:
            events.emplace_back(Choke{});
            return {};
        case MessageId::unchoke:
            events.emplace_back(Unchoke{});
            return {};
        case MessageId::interested:
            events.emplace_back(Interested{});
            return {};
        case MessageId::not_interested:
            events.emplace_back(NotInterested{});
            return {};
        case MessageId::have_all:
            events.emplace_back(HaveAll{});
            return {};
        case MessageId::have_none:
            events.emplace_back(HaveNone{});
            return {};
        case MessageId::port:
            events.emplace_back(DhtPort{load_be<std::uint16_t>(&head_[5])});
            return {};
        case MessageId::have:
        case MessageId::suggest_piece:
        case MessageId::allowed_fast:
            return handle_piece_index(id, events);
        default:
            return handle_block_ref(id, events);
    }
}

PeerWire::Result PeerWire::handle_piece_index(MessageId id, std::vector<Event>& events) {
    const PieceIndex piece(load_be<std::uint32_t>(&head_[5]));
    if (const Result checked = check_piece(piece); !checked) return checked;
    if (id == MessageId::have) events.emplace_back(Have{piece});
    if (id == MessageId::suggest_piece) events.emplace_back(SuggestPiece{piece});
    if (id == MessageId::allowed_fast) events.emplace_back(AllowedFast{piece});
    return {};
}

PeerWire::Result PeerWire::handle_block_ref(MessageId id, std::vector<Event>& events) {
    const BlockRef block{.piece = PieceIndex(load_be<std::uint32_t>(&head_[5])),
                         .offset = load_be<std::uint32_t>(&head_[9]),
                         .length = load_be<std::uint32_t>(&head_[13])};
    if (const Result checked = check_block(block); !checked) return checked;
    if (id == MessageId::request) events.emplace_back(Request{block});
    if (id == MessageId::cancel) events.emplace_back(Cancel{block});
    if (id == MessageId::reject_request) events.emplace_back(Reject{block});
    return {};
}

PeerWire::Result PeerWire::begin_block(BlockRef block) {
    if (const Result checked = check_block(block); !checked) return checked;
    incoming_ = {.block = block, .slot = {}, .received = 0, .wanted = false, .shared = false};
    if (const auto index = expected_.find(block)) {
        incoming_.slot = expected_[*index].slot;
        incoming_.wanted = true;
        incoming_.shared = expected_[*index].shared;
        expected_.remove(*index);
    }
    head_size_ = 0;
    stage_ = Stage::payload;
    return {};
}

void PeerWire::begin_rest(Stage stage, MessageId id, std::uint32_t length) {
    head_size_ = 0;
    if (length == 0) return;
    stage_ = stage;
    body_id_ = id;
    rest_ = length;
}

/// Grows with what arrived, never with what was claimed.
void PeerWire::read_body(Bytes& bytes, std::vector<Event>& events) {
    Bytes part = take(bytes, std::min<std::size_t>(bytes.size(), rest_));
    rest_ -= static_cast<std::uint32_t>(part.size());
    if (rest_ != 0 || !assembly_.empty())
        assembly_.insert(assembly_.end(), part.begin(), part.end());
    if (rest_ != 0) return;
    stage_ = Stage::head;
    if (!assembly_.empty()) {
        // Only the first message of a call was begun before it, so kept_ is free.
        kept_.swap(assembly_);
        assembly_.clear();
        part = kept_;
    }
    handle_body(part, events);
}

void PeerWire::handle_body(Bytes body, std::vector<Event>& events) {
    switch (body_id_) {
        case MessageId::bitfield:
            events.emplace_back(BitfieldMessage{body});
            return;
        case MessageId::hash_request:
            events.emplace_back(HashRequest{read_hash_ref(body)});
            return;
        case MessageId::hashes:
            events.emplace_back(Hashes{read_hash_ref(body), body.subspan(hash_ref_size_bytes)});
            return;
        case MessageId::hash_reject:
            events.emplace_back(HashReject{read_hash_ref(body)});
            return;
        default:
            events.emplace_back(Extended{std::to_integer<std::uint8_t>(body[0]), body.subspan(1)});
    }
}

void PeerWire::read_skipped(Bytes& bytes) {
    const Bytes part = take(bytes, std::min<std::size_t>(bytes.size(), rest_));
    rest_ -= static_cast<std::uint32_t>(part.size());
    if (rest_ == 0) stage_ = Stage::head;
}

void PeerWire::read_payload(Bytes& bytes, const PayloadBuffers& buffers,
                            std::vector<Event>& events) {
    const Bytes part = take(
        bytes, std::min<std::size_t>(bytes.size(), incoming_.block.length - incoming_.received));
    if (incoming_.wanted) {
        const MutableBytes slot = buffers.at(incoming_.slot, incoming_.block.length);
        std::memcpy(slot.data() + incoming_.received, part.data(), part.size());
        bytes_copied_ += part.size();
    }
    advance_payload(static_cast<std::uint32_t>(part.size()), events);
}

/// `count` payload bytes are where they belong.
void PeerWire::advance_payload(std::uint32_t count, std::vector<Event>& events) {
    incoming_.received += count;
    payload_bytes_ += count;
    if (incoming_.received < incoming_.block.length) return;
    stage_ = Stage::head;
    if (incoming_.wanted)
        events.emplace_back(BlockReceived{incoming_.block, incoming_.slot});
    else
        events.emplace_back(BlockDiscarded{incoming_.block});
}

void PeerWire::release_kept() {
    if (kept_.capacity() > kept_capacity_bytes_max) kept_ = {};
    kept_.clear();
}

void PeerWire::release_idle() {
    kept_ = {};
    if (stage_ == Stage::head || stage_ == Stage::payload) assembly_ = {};
    expected_.release();
}

}  // namespace spate::wire
