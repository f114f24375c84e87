#include "engine/sim/adversary/grammar.hpp"

#include <algorithm>

#include "engine/wire/limits.hpp"
#include "engine/wire/message.hpp"
#include "engine/wire/metadata_message.hpp"

namespace spate::sim {
namespace {

using wire::MessageId;

// As the honest name them in their extension handshake.
constexpr std::uint8_t metadata_id = 1;
constexpr std::uint8_t upload_only_id = 2;
constexpr std::uint8_t dont_have_id = 3;

void append_head(Grammar::Words& out, std::uint32_t length, std::uint8_t id) {
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        out.push_back(static_cast<std::byte>(length >> shift));
    out.push_back(static_cast<std::byte>(id));
}

}  // namespace

PieceIndex Grammar::piece() {
    return PieceIndex(
        static_cast<std::uint32_t>(random_.below(content_.metainfo()->piece_count())));
}

BlockRef Grammar::block() {
    const PieceIndex of = piece();
    const std::uint32_t size = content_.metainfo()->piece_size_bytes(of);
    const std::uint32_t blocks = (size - 1) / block_size_bytes + 1;
    const auto offset = static_cast<std::uint32_t>(random_.below(blocks)) * block_size_bytes;
    return {of, offset, std::min(block_size_bytes, size - offset)};
}

Bitfield Grammar::bitfield() {
    Bitfield bits(content_.metainfo()->piece_count());
    const std::uint64_t density = random_.below(4);
    for (std::uint32_t i = 0; i < bits.size(); ++i)
        if (random_.below(4) < density) bits.set(i);
    return bits;
}

HashRef Grammar::hash_ref() {
    HashRef range;
    const metainfo::Metainfo& torrent = *content_.metainfo();
    if (torrent.files.front().pieces_root) range.pieces_root = *torrent.files.front().pieces_root;
    while ((block_size_bytes << range.base_layer) < torrent.piece_length_bytes) ++range.base_layer;
    range.length = 2U << random_.below(9);
    range.index = static_cast<std::uint32_t>(random_.below(4)) * range.length;
    range.proof_layers = static_cast<std::uint32_t>(random_.below(12));
    return range;
}

wire::ExtensionHandshake Grammar::extensions() {
    wire::ExtensionHandshake ours;
    ours.ut_metadata = static_cast<std::uint8_t>(random_.below(4));
    ours.upload_only_message = static_cast<std::uint8_t>(random_.below(4));
    ours.lt_donthave = static_cast<std::uint8_t>(random_.below(4));
    ours.upload_only = random_.below(4) == 0;
    if (random_.below(2) == 0) ours.request_queue_max = number(2'000);
    if (random_.below(2) == 0)
        ours.metadata_size_bytes =
            number(static_cast<std::uint32_t>(content_.metainfo()->info_bytes.size()));
    if (random_.below(3) == 0) {
        std::array<std::byte, 4> address{};
        random_.fill(address);
        ours.your_ip = IpAddress(Bytes(address));
    }
    return ours;
}

// --- What is right

void Grammar::utter_state(Words& out) {
    constexpr MessageId bodiless[] = {MessageId::choke,      MessageId::unchoke,
                                      MessageId::interested, MessageId::not_interested,
                                      MessageId::have_all,   MessageId::have_none};
    wire::append_message(out, bodiless[random_.below(std::size(bodiless))]);
}

void Grammar::utter_extended(Words& out) {
    const Bytes info = content_.metainfo()->info_bytes;
    const auto parts = wire::metadata_piece_count(static_cast<std::uint32_t>(info.size()));
    const auto part = static_cast<std::uint32_t>(random_.below(parts));
    Words body;
    switch (random_.below(6)) {
        case 0:
            return wire::append_extension_handshake(out, extensions());
        case 1:
            return wire::append_metadata_request(out, metadata_id, number(parts));
        case 2:
            return wire::append_metadata_reject(out, metadata_id, number(parts));
        case 3: {
            Words lie(info.begin(), info.end());
            lie[random_.below(lie.size())] ^= std::byte{1};
            return wire::append_metadata_data(out, metadata_id, part,
                                              random_.below(2) == 0 ? info : Bytes(lie));
        }
        case 4:
            body = {static_cast<std::byte>(random_.below(2))};
            return wire::append_extended(out, upload_only_id, body);
        default:
            for (const unsigned shift : {24U, 16U, 8U, 0U})
                body.push_back(static_cast<std::byte>(piece().value >> shift));
            return wire::append_extended(out, dont_have_id, body);
    }
}

void Grammar::utter(Words& out) {
    if (random_.below(100) == 0) return utter_nonsense(out);
    switch (random_.below(15)) {
        case 0:
            return wire::append_keep_alive(out);
        case 1:
            return wire::append_have(out, piece());
        case 2:
            return wire::append_bitfield(out, bitfield());
        case 3:
            return wire::append_request(out, block());
        case 4:
            return wire::append_cancel(out, block());
        case 5:
            return wire::append_reject(out, block());
        case 6:
            return wire::append_suggest(out, piece());
        case 7:
            return wire::append_allowed_fast(out, piece());
        case 8:
            return wire::append_port(out, static_cast<std::uint16_t>(random_()));
        case 9:
            return wire::append_hash_request(out, hash_ref());
        case 10:
            return wire::append_hash_reject(out, hash_ref());
        case 11: {
            const BlockRef of = block();
            const auto header = wire::piece_header(of);
            const Words lie = noise(1);
            const Bytes truth = content_.block(of);
            out.insert(out.end(), header.begin(), header.end());
            out.insert(out.end(), truth.begin(), truth.end());
            if (random_.below(2) == 0) out.back() ^= std::byte{1};
            return;
        }
        case 12:
            return utter_extended(out);
        default:
            return utter_state(out);
    }
}

// --- What is not

std::uint32_t Grammar::number(std::uint32_t count) {
    switch (random_.below(8)) {
        case 0:
            return count;
        case 1:
            return count - 1;
        case 2:
            return ~0U;
        case 3:
            return 1U << 31;
        case 4:
            return 0;
        default:
            return static_cast<std::uint32_t>(random_.below(std::max<std::uint32_t>(count, 1)));
    }
}

BlockRef Grammar::any_block() {
    const metainfo::Metainfo& torrent = *content_.metainfo();
    return {PieceIndex(number(torrent.piece_count())), number(torrent.piece_length_bytes),
            number(2 * wire::block_length_max)};
}

HashRef Grammar::any_hash_ref() {
    HashRef range = hash_ref();
    if (random_.below(2) == 0) range.base_layer = number(40);
    if (random_.below(2) == 0) range.index = number(1 << 20);
    if (random_.below(2) == 0) range.length = number(8'192);
    if (random_.below(2) == 0) range.proof_layers = number(40);
    return range;
}

Grammar::Words Grammar::noise(std::size_t bytes_max) {
    Words words(random_.below(bytes_max + 1));
    random_.fill(words);
    return words;
}

void Grammar::utter_nonsense(Words& out) {
    const std::uint32_t pieces = content_.metainfo()->piece_count();
    switch (random_.below(12)) {
        case 0:
            return wire::append_have(out, PieceIndex(number(pieces)));
        case 1:
            return wire::append_bitfield(out, Bitfield(number(3 * pieces) % (4 * pieces)));
        case 2:
            return wire::append_request(out, any_block());
        case 3:
            return wire::append_cancel(out, any_block());
        case 4:
            return wire::append_reject(out, any_block());
        case 5:
            return wire::append_suggest(out, PieceIndex(number(pieces)));
        case 6:
            return wire::append_hash_request(out, any_hash_ref());
        case 7:
            return wire::append_hash_reject(out, any_hash_ref());
        case 8:
            return wire::append_extended(out, static_cast<std::uint8_t>(random_.below(6)),
                                         noise(600));
        case 9: {  // any id with a body of any length
            const Words body = noise(100);
            append_head(out, static_cast<std::uint32_t>(body.size() + 1),
                        static_cast<std::uint8_t>(random_()));
            out.insert(out.end(), body.begin(), body.end());
            return;
        }
        case 10: {
            const auto header = wire::piece_header(any_block());
            out.insert(out.end(), header.begin(), header.end());
            return;
        }
        default: {
            const Words body = noise(200);
            out.insert(out.end(), body.begin(), body.end());
            return;
        }
    }
}

void Grammar::begin_to_utter(Words& out) {
    constexpr std::uint8_t ids[] = {5, 7, 20, 20, 20, 22, 99};
    const std::uint8_t id = ids[random_.below(std::size(ids))];
    std::uint32_t length = 64 * 1024;
    if (id == 5) length = (content_.metainfo()->piece_count() - 1) / 8 + 2;
    if (id == 7) length = 9 + block_size_bytes;
    if (id == 20) length = 1U << (10 + random_.below(11));
    if (id == 22) length = 1 + wire::hash_ref_size_bytes + 32U * (1U << random_.below(13));
    append_head(out, length, id);
    const std::size_t part = random_.below(3) == 0 ? length - 2 : random_.below(length - 1);
    out.resize(out.size() + part, std::byte{id == 20 ? std::uint8_t{9} : std::uint8_t{0}});
}

}  // namespace spate::sim
