#pragma once
// engine/sim/adversary/behaviour.hpp: a behaviour for each kind of attack, and what they have in
// common.
#include <memory>

#include "engine/sim/adversary/attack_kind.hpp"
#include "engine/sim/adversary/field.hpp"
#include "engine/sim/adversary/grammar.hpp"
#include "engine/sim/adversary/hostile_peer.hpp"

namespace spate::sim {

/// Shakes hands like anybody, for one of the torrents.
class Greeter : public Behaviour {
public:
    Greeter(Field& field, std::size_t content)
        : field_(field), content_(field.content(content)), grammar_(content_, field.random()) {}

    void on_connected(HostilePeer& peer) override { greet(peer); }

protected:
    using Words = HostilePeer::Words;

    void greet(HostilePeer& peer);
    /// With an id that makes it greater or less than the honest one.
    PeerId any_id();
    void send_extension_handshake(HostilePeer& peer, const wire::ExtensionHandshake& ours) const;
    /// What an ordinary peer says of its extensions.
    wire::ExtensionHandshake usual_extensions() const;
    const metainfo::Metainfo& torrent() const { return *content_.metainfo(); }

    Field& field_;
    const TestContent& content_;
    Grammar grammar_;
    PeerId id_{};
    bool fast_ = true;
};

/// Claims to have everything, and answers requests as its kind does.
class FalseSeed : public Greeter {
public:
    using Greeter::Greeter;

    void on_handshake(HostilePeer& peer, const wire::Handshake& theirs) override;
    void on_message(HostilePeer& peer, wire::MessageId id, Bytes body) override;

protected:
    /// Sends the block, true or false.
    void send_block(HostilePeer& peer, BlockRef block, bool truth);
    virtual void on_request(HostilePeer& peer, BlockRef block) = 0;
};

/// A block as REQUEST, CANCEL and REJECT name it; the body is as long as it should be.
BlockRef read_block(Bytes body);

// Each in the file of its kind.
std::unique_ptr<Behaviour> make_babbler(Field& field, std::size_t content);
std::unique_ptr<Behaviour> make_toggler(Field& field, std::size_t content);
std::unique_ptr<Behaviour> make_flooder(Field& field, std::size_t content);
std::unique_ptr<Behaviour> make_hoarder(Field& field, std::size_t content);
std::unique_ptr<Behaviour> make_hanger_up(Field& field, std::size_t content);
std::unique_ptr<Behaviour> make_piece_liar(Field& field);
std::unique_ptr<Behaviour> make_staller(Field& field);
std::unique_ptr<Behaviour> make_planter(Field& field);
std::unique_ptr<Behaviour> make_metadata_liar(Field& field);
std::unique_ptr<Behaviour> make_size_liar(Field& field);
std::unique_ptr<Behaviour> make_hash_liar(Field& field);
std::unique_ptr<Behaviour> make_address_liar(Field& field);
std::unique_ptr<Behaviour> make_id_thief(Field& field, const Endpoint& target);
std::unique_ptr<Behaviour> make_silent(Field& field);
std::unique_ptr<Behaviour> make_idler(Field& field);

/// For a connection with the honest peer that listens at `target`.
std::unique_ptr<Behaviour> make_behaviour(AttackKind kind, Field& field, const Endpoint& target);

}  // namespace spate::sim
