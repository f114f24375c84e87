// A leecher that is gone between any two inputs of the honest end.
#include "engine/sim/adversary/behaviour.hpp"

namespace spate::sim {
namespace {

using wire::MessageId;

/// From a request until it may be gone; a cold read takes about as long.
constexpr Duration patience_max = 30ms;

class HangerUp final : public Greeter {
public:
    using Greeter::Greeter;

    void on_connected(HostilePeer& peer) override {
        if (field_.chance(0.05)) return peer.hang_up();
        greet(peer);
        if (field_.chance(0.1)) go(peer);
    }

    void on_handshake(HostilePeer& peer, const wire::Handshake&) override {
        if (field_.chance(0.1)) return go(peer);
        Words words;
        wire::append_message(words, MessageId::have_none);
        wire::append_message(words, MessageId::interested);
        peer.say(words);
    }

    void on_message(HostilePeer& peer, MessageId id, Bytes) override {
        if (id == MessageId::unchoke) ask(peer);
        if (id != MessageId::piece) return;
        if (field_.chance(0.4)) return go(peer);
        ask(peer);
    }

    void on_time(HostilePeer& peer) override { go(peer); }

private:
    void ask(HostilePeer& peer) {
        Words words;
        const std::uint64_t count = 1 + field_.random.below(8);
        for (std::uint64_t i = 0; i < count; ++i) wire::append_request(words, grammar_.block());
        peer.say(words);
        peer.wake_in(field_.upto(patience_max));
    }

    void go(HostilePeer& peer) {
        if (field_.chance(0.4)) return peer.hang_up();
        if (field_.chance(0.5)) return peer.be_lost();
        // Or makes the honest end go.
        Words words;
        wire::append_have(words, PieceIndex(torrent().piece_count()));
        peer.say(words);
    }
};

}  // namespace

std::unique_ptr<Behaviour> make_hanger_up(Field& field, std::size_t content) {
    return std::make_unique<HangerUp>(field, content);
}

}  // namespace spate::sim
