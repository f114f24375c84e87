// Whoever says anything in any state.
#include "engine/sim/adversary/behaviour.hpp"

namespace spate::sim {
namespace {

constexpr std::size_t unsent_bytes_wanted = 64 * 1024;
constexpr std::uint64_t utterances_max = 24;

class Babbler final : public Greeter {
public:
    using Greeter::Greeter;

    void on_connected(HostilePeer& peer) override {
        fast_ = field_.chance(0.8);
        if (field_.chance(0.9)) {
            greet(peer);
        } else {
            Words words(field_.random.below(200));
            field_.random.fill(words);
            peer.say(words);
        }
        peer.wake_in(field_.upto(200ms));
    }

    void on_time(HostilePeer& peer) override {
        if (field_.exhausted()) return;
        if (field_.chance(0.02)) return peer.hang_up();
        if (field_.chance(0.01)) return peer.be_lost();
        Words words;
        const std::uint64_t count = 1 + field_.random.below(utterances_max);
        for (std::uint64_t i = 0; i < count; ++i) grammar_.utter(words);
        if (field_.chance(0.02)) {
            grammar_.begin_to_utter(words);
            peer.say(words);
            return;  // and is silent for ever
        }
        if (field_.chance(0.3)) words.resize(1 + field_.random.below(words.size()));
        if (peer.unsent_bytes() < unsent_bytes_wanted) peer.say(words);
        peer.wake_in(field_.chance(0.7) ? field_.upto(20ms) : field_.upto(500ms));
    }
};

}  // namespace

std::unique_ptr<Behaviour> make_babbler(Field& field, std::size_t content) {
    return std::make_unique<Babbler>(field, content);
}

}  // namespace spate::sim
