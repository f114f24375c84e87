// The peers' side of SessionWorld: what they hear and what they say.
#include <algorithm>
#include <array>

#include "engine/base/assert.hpp"
#include "engine/wire/extension_handshake.hpp"
#include "engine/wire/handshake.hpp"
#include "engine/wire/message.hpp"
#include "engine/wire/metadata_message.hpp"
#include "hashing/merkle_proof.hpp"
#include "tests/fuzz/session_world.hpp"

namespace spate::fuzz {

using wire::MessageId;

namespace {

/// As the session names them in its handshake.
constexpr std::uint8_t metadata_message = 1;
constexpr std::uint8_t upload_only_message = 2;
constexpr std::uint8_t dont_have_message = 3;
constexpr std::size_t asked_max = 64;

void remember(auto& list, const auto& item) {
    if (list.size() < asked_max) list.push_back(item);
}

BlockRef read_block(ByteReader& body) {
    const PieceIndex piece(*body.read<std::uint32_t>());
    const auto offset = *body.read<std::uint32_t>();
    return {piece, offset, *body.read<std::uint32_t>()};
}

HashRef read_range(ByteReader& body) {
    HashRef range;
    std::ranges::copy(*body.read_bytes(32), range.pieces_root.bytes.begin());
    range.base_layer = *body.read<std::uint32_t>();
    range.index = *body.read<std::uint32_t>();
    range.length = *body.read<std::uint32_t>();
    range.proof_layers = *body.read<std::uint32_t>();
    return range;
}

}  // namespace

/// What is sent is well-formed, of stored pieces, and what is asked is remembered.
void SessionWorld::hear(Line& line, const session::SendPlan& plan) {
    for (std::size_t i = 0; i < plan.block_count; ++i)
        SPATE_ASSERT(torrents_[plan.torrent.value]->pieces.stored(plan.blocks[i].piece));
    Bytes words = plan.control;
    if (words.size() >= wire::handshake_size_bytes && words[0] == std::byte{19})
        words = words.subspan(wire::handshake_size_bytes);
    ByteReader reader(words);
    while (const auto length = reader.read<std::uint32_t>()) {
        if (*length == 0) continue;
        ByteReader body(*reader.read_bytes(*length));
        switch (static_cast<MessageId>(*body.read<std::uint8_t>())) {
            case MessageId::request:
                remember(line.asked, read_block(body));
                break;
            case MessageId::cancel:
                std::erase(line.asked, read_block(body));
                break;
            case MessageId::hash_request:
                remember(line.hashes_asked, read_range(body));
                break;
            default:
                break;
        }
    }
    SPATE_ASSERT(reader.empty());
}

Endpoint SessionWorld::any_address() {
    const std::byte address[]{std::byte{192}, std::byte{0}, std::byte{2}, std::byte{below(6)}};
    return {IpAddress(address), static_cast<std::uint16_t>(6'881 + below(2))};
}

wire::Handshake SessionWorld::any_handshake() {
    wire::Handshake words;
    const std::uint8_t flags = byte();
    words.extensions = (flags & 1) == 0;
    words.fast = (flags & 2) == 0;
    words.info_hash = content_.metainfo()->info_hash;
    if ((flags & 0x1c) == 4 && content_.metainfo()->has_v2())
        words.info_hash = metainfo::truncated(*content_.metainfo()->info_hash_v2);
    if ((flags & 0x1c) == 8) words.info_hash = {};
    words.peer_id.bytes.fill(std::byte{below(6)});
    if (flags >= 0xf8) words.peer_id.bytes.fill(std::byte{0x77});  // ours
    return words;
}

PieceIndex SessionWorld::any_piece() {
    const std::uint8_t choice = byte();
    if (choice == 255) return PieceIndex(~0U);
    return PieceIndex(choice % 6U);  // the last is one too many
}

BlockRef SessionWorld::any_block() {
    const PieceIndex piece = any_piece();
    const std::uint8_t choice = byte();
    BlockRef block{piece, choice % 3 * block_size_bytes, block_size_bytes};
    if (piece == PieceIndex(4)) block.length = 100;
    if (choice >= 240) block.length = choice * 1'000U;
    if (choice >= 250) block.length = 0;
    return block;
}

HashRef SessionWorld::any_range() {
    HashRef range;
    if (const auto& root = content_.metainfo()->files.front().pieces_root)
        range.pieces_root = *root;
    range.base_layer = below(4);
    range.index = below(9);
    range.length = below(9);
    range.proof_layers = below(5);
    return range;
}

// --- Words

void SessionWorld::speak() {
    Line* const line = any_line();
    if (line == nullptr || !line->connected || line->closing) return;
    std::vector<std::byte> words;
    const std::uint8_t count = below(8);
    for (std::uint8_t i = 0; i <= count / 2; ++i) append_words(*line, words);
    // Some of it alone, as a packet may end anywhere.
    const std::size_t cut = count % 2 == 0 ? words.size() : words.size() * byte() / 256;
    say(*line, Bytes(words).first(cut));
    say(*line, Bytes(words).subspan(cut));
}

void SessionWorld::append_words(Line& line, std::vector<std::byte>& out) {
    const std::uint8_t choice = byte();
    switch (choice % 32) {
        case 0:
            wire::append_message(out, MessageId::choke);
            break;
        case 1:
        case 2:
            wire::append_message(out, MessageId::unchoke);
            break;
        case 3:
            wire::append_message(out, MessageId::interested);
            break;
        case 4:
            wire::append_message(out, MessageId::not_interested);
            break;
        case 5:
            wire::append_message(out, MessageId::have_all);
            break;
        case 6:
            wire::append_message(out, MessageId::have_none);
            break;
        case 7:
        case 8:
            wire::append_have(out, any_piece());
            break;
        case 9: {
            const std::byte bits{byte()};
            const std::array<std::byte, 6> message{std::byte{0}, std::byte{0}, std::byte{0},
                                                   std::byte{2}, std::byte{5}, bits};
            out.insert(out.end(), message.begin(), message.end());
            break;
        }
        case 10:
        case 11:
        case 12:
            wire::append_request(out, any_block());
            break;
        case 13:
            wire::append_cancel(out, any_block());
            break;
        case 14:
            wire::append_reject(
                out, line.asked.empty() ? any_block() : line.asked[below(line.asked.size())]);
            break;
        case 15:
            wire::append_suggest(out, any_piece());
            break;
        case 16:
            wire::append_allowed_fast(out, any_piece());
            break;
        case 17:
            wire::append_keep_alive(out);
            break;
        case 18:
            wire::append_port(out, 6'881);
            break;
        case 19:
        case 20:
            append_extension(out);
            break;
        case 21:
        case 22:
            append_metadata(out);
            break;
        case 23: {
            std::vector<std::byte> body(choice >= 128 ? 4 : 3);
            body.back() = std::byte{byte()};
            wire::append_extended(out, dont_have_message, body);
            break;
        }
        case 24: {
            const std::byte on{below(2)};
            wire::append_extended(out, upload_only_message, Bytes(&on, 1));
            break;
        }
        case 25:
            append_hashes(line, out);
            break;
        case 26: {
            const auto words = wire::encode(any_handshake());
            out.insert(out.end(), words.begin(), words.end());
            break;
        }
        case 27:
            for (std::uint8_t count = byte() % 24; count > 0; --count)
                out.push_back(std::byte{byte()});
            break;
        default:
            append_payload(line, out);
            break;
    }
}

void SessionWorld::append_extension(std::vector<std::byte>& out) {
    const std::uint8_t flags = byte();
    wire::ExtensionHandshake words;
    if ((flags & 1) == 0) words.ut_metadata = 7;
    words.metadata_size_bytes = static_cast<std::uint32_t>(content_.info_bytes().size());
    if ((flags & 2) != 0) *words.metadata_size_bytes += 1U + below(4) * 20'000U;
    words.upload_only_message = 8;
    words.upload_only = (flags & 4) != 0;
    if ((flags & 8) != 0) words.request_queue_max = below(4);
    if ((flags & 16) != 0) words.your_ip = any_address().address;
    wire::append_extension_handshake(out, words);
}

void SessionWorld::append_metadata(std::vector<std::byte>& out) {
    const std::uint8_t choice = byte();
    const std::uint32_t part = choice % 4U;
    switch (choice / 4 % 4) {
        case 0:
            wire::append_metadata_request(out, metadata_message, part);
            break;
        case 1:
            wire::append_metadata_reject(out, metadata_message, part);
            break;
        default: {
            std::vector<std::byte> info(content_.info_bytes().begin(), content_.info_bytes().end());
            if (choice >= 192) info.resize(info.size() + 1U + below(4) * 20'000U);
            if (choice >= 128) info[info.size() * part / 4] ^= std::byte{1};
            if (part < wire::metadata_piece_count(static_cast<std::uint32_t>(info.size())))
                wire::append_metadata_data(out, metadata_message, part, info);
        }
    }
}

void SessionWorld::append_hashes(Line& line, std::vector<std::byte>& out) {
    const std::uint8_t choice = byte();
    const HashRef range = line.hashes_asked.empty() || choice % 8 == 0
                              ? any_range()
                              : line.hashes_asked[choice / 8U % line.hashes_asked.size()];
    if (choice % 8 == 1) return wire::append_hash_request(out, any_range());
    if (choice % 8 == 2) return wire::append_hash_reject(out, range);
    const auto& roots = content_.metainfo()->piece_roots;
    const hashing::HashRange hashes{range.base_layer, range.index, range.length,
                                    range.proof_layers};
    std::vector<Sha256Digest> proof(3);
    if (!roots.empty()) {
        const auto tree = hashing::MerkleLayers::of_file(hashing::Hasher::best(), roots, 1);
        if (range.base_layer == 1 && hashing::is_valid(hashes, tree.root_height()))
            proof = tree.prove(hashes);
    }
    if (choice % 8 == 3) proof[proof.size() / 2].bytes[3] ^= std::byte{1};
    wire::append_hashes(out, range, proof);
}

/// A block that was asked for, as a rule, and right, as a rule.
void SessionWorld::append_payload(Line& line, std::vector<std::byte>& out) {
    const std::uint8_t choice = byte();
    BlockRef block = any_block();
    if (!line.asked.empty() && choice < 240) {
        const std::size_t index = choice % line.asked.size();
        block = line.asked[index];
        line.asked.erase(line.asked.begin() + static_cast<std::ptrdiff_t>(index));
    }
    const auto header = wire::piece_header(block);
    out.insert(out.end(), header.begin(), header.end());
    const bool real =
        block.piece.value < content_.metainfo()->piece_count() &&
        block.offset + block.length <= content_.metainfo()->piece_size_bytes(block.piece);
    if (real) {
        const Bytes payload = content_.block(block);
        out.insert(out.end(), payload.begin(), payload.end());
    } else {
        out.resize(out.size() + block.length);
    }
    if (choice % 16 == 15 && block.length > 0) out.back() ^= std::byte{1};
}

}  // namespace spate::fuzz
