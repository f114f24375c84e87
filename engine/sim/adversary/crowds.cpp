// Connections for their number's sake.
#include "engine/sim/adversary/behaviour.hpp"

namespace spate::sim {
namespace {

class Silent final : public Behaviour {
public:
    explicit Silent(Field& field) : field_(field) {}

    void on_connected(HostilePeer& peer) override {
        if (field_.chance(0.7)) return;
        // Some begin to greet.
        HostilePeer::Words words;
        const auto greeting = wire::encode({.info_hash = field_.content(0).metainfo()->info_hash,
                                            .peer_id = {},
                                            .extensions = true,
                                            .fast = true});
        words.assign(greeting.begin(), greeting.end());
        words.resize(1 + field_.random.below(words.size() - 1));
        peer.say(words);
    }

private:
    Field& field_;
};

class Idler final : public Greeter {
public:
    explicit Idler(Field& field) : Greeter(field, 0) {}

    void on_handshake(HostilePeer& peer, const wire::Handshake&) override {
        peer.say(wire::MessageId::have_none);
        peer.wake_in(keep_alive);
    }
    void on_time(HostilePeer& peer) override {
        Words words;
        wire::append_keep_alive(words);
        peer.say(words);
        peer.wake_in(keep_alive);
    }

private:
    static constexpr Duration keep_alive = 100s;
};

}  // namespace

std::unique_ptr<Behaviour> make_silent(Field& field) {
    return std::make_unique<Silent>(field);
}

std::unique_ptr<Behaviour> make_idler(Field& field) {
    return std::make_unique<Idler>(field);
}

}  // namespace spate::sim
