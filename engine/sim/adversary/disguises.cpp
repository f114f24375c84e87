// Lies about who one is, and who we are.
#include "engine/sim/adversary/behaviour.hpp"

namespace spate::sim {
namespace {

constexpr std::size_t wanted_content = 0;

class AddressLiar final : public FalseSeed {
public:
    explicit AddressLiar(Field& field) : FalseSeed(field, wanted_content) {}

    void on_handshake(HostilePeer& peer, const wire::Handshake&) override {
        const Endpoint& claimed = field_.honest[field_.random.below(field_.honest.size())];
        wire::ExtensionHandshake ours = usual_extensions();
        ours.your_ip = field_.chance(0.7) ? claimed.address : IpAddress::parse("127.0.0.1");
        send_extension_handshake(peer, ours);
        peer.say(wire::MessageId::have_none);
    }

private:
    void on_request(HostilePeer&, BlockRef) override {}
};

/// Calls under the name of an honest peer, and lies in its name.
class IdThief final : public FalseSeed {
public:
    IdThief(Field& field, const Endpoint& target) : FalseSeed(field, wanted_content) {
        std::vector<PeerId> others;
        for (const auto& [honest, id] : field.ids)
            if (honest != target) others.push_back(id);
        learns_ = others.empty() || field.chance(0.1);
        if (!learns_) id_ = others[field.random.below(others.size())];
    }

    void on_handshake(HostilePeer& peer, const wire::Handshake& theirs) override {
        field_.ids[peer.honest()] = theirs.peer_id;
        if (learns_) return peer.hang_up();
        FalseSeed::on_handshake(peer, theirs);
    }

private:
    void on_request(HostilePeer& peer, BlockRef block) override { send_block(peer, block, false); }

    bool learns_ = false;  // knows no name yet, or wants the newest
};

}  // namespace

std::unique_ptr<Behaviour> make_address_liar(Field& field) {
    return std::make_unique<AddressLiar>(field);
}

std::unique_ptr<Behaviour> make_id_thief(Field& field, const Endpoint& target) {
    return std::make_unique<IdThief>(field, target);
}

}  // namespace spate::sim
