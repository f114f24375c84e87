#pragma once
// tests/engine/wire/reference_wire.hpp: what PeerWire should report, said as simply as possible.
#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/bytes.hpp"
#include "tests/engine/wire/wire_script.hpp"

namespace spate::wire {

/// Takes one byte at a time, keeps the current message whole, and knows nothing of plans or slots'
/// memory. For well-formed streams after the handshake.
class ReferenceWire {
public:
    void expect_block(BlockRef block, BlockSlot slot) { expected_.push_back({block, slot}); }

    bool forget_block(BlockRef block) {
        if (wanted_ && arriving_.block == block) {
            wanted_ = false;
            return true;
        }
        const auto found = find(block);
        if (found == expected_.end()) return false;
        expected_.erase(found);
        return true;
    }

    std::vector<std::string> handle(Bytes bytes) {
        std::vector<std::string> texts;
        for (const std::byte b : bytes) {
            message_.push_back(b);
            if (is_piece() && message_.size() == piece_header_size_bytes) begin_block();
            if (message_.size() < 4 || message_.size() < 4 + length()) continue;
            if (const std::string text = finish(); !text.empty()) texts.push_back(text);
            message_.clear();
        }
        return texts;
    }

    std::size_t expected_count() const { return expected_.size() + (wanted_ ? 1 : 0); }

private:
    std::vector<ExpectedBlock>::iterator find(BlockRef block) {
        return std::ranges::find(expected_, block, &ExpectedBlock::block);
    }
    std::uint32_t field(std::size_t at) const { return load_be<std::uint32_t>(&message_[at]); }
    std::uint32_t length() const { return field(0); }
    HashRef range() const {
        HashRef range{{}, field(37), field(41), field(45), field(49)};
        std::copy_n(message_.begin() + 5, Sha256Digest::size_bytes,
                    range.pieces_root.bytes.begin());
        return range;
    }
    bool is_piece() const { return message_.size() > 4 && message_[4] == std::byte{7}; }

    void begin_block() {
        arriving_ = {{PieceIndex(field(5)), field(9), length() - 9}, {}};
        const auto found = find(arriving_.block);
        wanted_ = found != expected_.end();
        if (!wanted_) return;
        arriving_ = *found;
        expected_.erase(found);
    }

    std::string finish() {
        if (length() == 0) return "keep-alive";
        if (is_piece()) {
            const bool wanted = wanted_;
            wanted_ = false;
            if (!wanted) return "discarded " + describe(arriving_.block);
            return describe(Event(BlockReceived{arriving_.block, arriving_.slot}));
        }
        const auto block = [&] { return BlockRef{PieceIndex(field(5)), field(9), field(13)}; };
        const Bytes body = Bytes(message_).subspan(5);
        switch (static_cast<MessageId>(message_[4])) {
            case MessageId::choke:
                return "choke";
            case MessageId::unchoke:
                return "unchoke";
            case MessageId::have:
                return "have " + std::to_string(field(5));
            case MessageId::bitfield:
                return "bitfield " + to_hex(body);
            case MessageId::request:
                return "request " + describe(block());
            case MessageId::reject_request:
                return "reject " + describe(block());
            case MessageId::extended:
                return "extended " + std::to_string(std::to_integer<int>(body[0])) + ' ' +
                       to_hex(body.subspan(1));
            case MessageId::hash_request:
                return "hash request " + describe(range());
            case MessageId::hashes:
                return "hashes " + describe(range()) + ' ' +
                       to_hex(body.subspan(hash_ref_size_bytes));
            case MessageId::hash_reject:
                return "hash reject " + describe(range());
            default:
                return "";  // unknown ids
        }
    }

    std::vector<ExpectedBlock> expected_;
    std::vector<std::byte> message_;
    ExpectedBlock arriving_;
    bool wanted_ = false;
};

}  // namespace spate::wire
