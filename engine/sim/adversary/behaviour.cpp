#include "engine/sim/adversary/behaviour.hpp"

#include "engine/base/assert.hpp"
#include "engine/wire/peer_id.hpp"

namespace spate::sim {

PeerId Greeter::any_id() {
    PeerId id = wire::make_peer_id(field_.random);
    if (field_.chance(0.5)) id.bytes[1] = static_cast<std::byte>(field_.random.below(256));
    return id;
}

void Greeter::greet(HostilePeer& peer) {
    if (id_ == PeerId{}) id_ = any_id();
    peer.say(wire::encode(
        {.info_hash = torrent().info_hash, .peer_id = id_, .extensions = true, .fast = fast_}));
}

wire::ExtensionHandshake Greeter::usual_extensions() const {
    wire::ExtensionHandshake ours;
    ours.ut_metadata = 1;
    ours.upload_only_message = 2;
    ours.lt_donthave = 3;
    ours.metadata_size_bytes = static_cast<std::uint32_t>(torrent().info_bytes.size());
    return ours;
}

void Greeter::send_extension_handshake(HostilePeer& peer,
                                       const wire::ExtensionHandshake& ours) const {
    Words words;
    wire::append_extension_handshake(words, ours);
    peer.say(words);
}

void FalseSeed::on_handshake(HostilePeer& peer, const wire::Handshake&) {
    send_extension_handshake(peer, usual_extensions());
    Words words;
    if (field_.chance(0.5)) {
        wire::append_message(words, wire::MessageId::have_all);
    } else {
        Bitfield all(torrent().piece_count());
        all.set_all();
        wire::append_bitfield(words, all);
    }
    wire::append_message(words, wire::MessageId::unchoke);
    peer.say(words);
}

void FalseSeed::on_message(HostilePeer& peer, wire::MessageId id, Bytes body) {
    if (id == wire::MessageId::request) on_request(peer, read_block(body));
}

void FalseSeed::send_block(HostilePeer& peer, BlockRef block, bool truth) {
    const auto header = wire::piece_header(block);
    const Bytes payload = content_.block(block);
    Words words(header.begin(), header.end());
    words.insert(words.end(), payload.begin(), payload.end());
    if (!truth) words[words.size() - 1 - field_.random.below(block.length)] ^= std::byte{1};
    peer.say(words);
}

BlockRef read_block(Bytes body) {
    ByteReader reader(body);
    const auto piece = reader.read<std::uint32_t>();
    const auto offset = reader.read<std::uint32_t>();
    const auto length = reader.read<std::uint32_t>();
    SPATE_ASSERT(piece && offset && length);
    return {PieceIndex(*piece), *offset, *length};
}

std::unique_ptr<Behaviour> make_behaviour(AttackKind kind, Field& field, const Endpoint& target) {
    const std::size_t content = field.random.below(2);
    switch (kind) {
        case AttackKind::babble:
            return make_babbler(field, content);
        case AttackKind::toggles:
            return make_toggler(field, content);
        case AttackKind::floods:
            return make_flooder(field, content);
        case AttackKind::hoards:
            return make_hoarder(field, content);
        case AttackKind::hang_ups:
            return make_hanger_up(field, content);
        case AttackKind::false_pieces:
            return make_piece_liar(field);
        case AttackKind::stalls:
            return make_staller(field);
        case AttackKind::planted_blocks:
            return make_planter(field);
        case AttackKind::false_metadata:
            return make_metadata_liar(field);
        case AttackKind::metadata_sizes:
            return make_size_liar(field);
        case AttackKind::false_hashes:
            return make_hash_liar(field);
        case AttackKind::own_addresses:
            return make_address_liar(field);
        case AttackKind::stolen_ids:
            return make_id_thief(field, target);
        case AttackKind::silent_crowds:
            return make_silent(field);
        case AttackKind::idle_crowds:
            return make_idler(field);
        case AttackKind::trackers:
        case AttackKind::count_:
            break;
    }
    return std::make_unique<Behaviour>();
}

}  // namespace spate::sim
