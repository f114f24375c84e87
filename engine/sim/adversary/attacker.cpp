#include "engine/sim/adversary/attacker.hpp"

#include <utility>
#include <vector>

namespace spate::sim {
namespace {

/// A fast host.
constexpr LinkClass link{.up_bytes_per_s = 4'000'000, .down_bytes_per_s = 100'000, .latency = 5ms};

}  // namespace

Attacker::Attacker(Field& field, AttackKind kind, const IpAddress& address,
                   std::uint32_t connections)
    : field_(field),
      kind_(kind),
      address_(address),
      connections_(connections),
      node_(field.simulation.network().add_node(link, address)) {
    if (!shape_of(kind).listens) return;
    const Endpoint here{address, SimNode::port};
    field.simulation.network().listen(here, [this](auto socket, const Endpoint& remote) {
        if (field_.over) return false;
        add(std::move(socket), {remote.address, SimNode::port}, false);
        return true;
    });
    tracker::AnnounceRequest request;
    request.info_hash = field.content(0).metainfo()->info_hash;
    request.port = SimNode::port;
    request.num_want = 0;
    [[maybe_unused]] const auto ignored =
        field.simulation.tracker().announce(request, address, field.random);
}

void Attacker::attack(const Endpoint& target) {
    for (std::uint32_t i = 0; i < connections_; ++i) call(target);
}

void Attacker::call(const Endpoint& target) {
    if (field_.over) return;
    field_.simulation.network().call(node_, target, [this, target](auto socket) {
        if (!socket) return call_later(target);
        if (field_.over) return socket->close();
        add(std::move(socket), target, true);
    });
}

void Attacker::call_later(const Endpoint& target) {
    const Duration pause = shape_of(kind_).pause;
    field_.simulation.queue().schedule_in(pause + field_.upto(3 * pause),
                                          {EventKind::scenario, node_, 0, 0},
                                          [this, target] { call(target); });
}

void Attacker::add(std::shared_ptr<VirtualSocket> socket, const Endpoint& target, bool called) {
    ++field_.connections;
    const std::uint64_t number = next_peer_++;
    auto peer =
        std::make_shared<HostilePeer>(field_.simulation.queue(), std::move(socket), target,
                                      make_behaviour(kind_, field_, target), field_.bytes_said);
    peers_[number] = peer;
    peer->start([this, number, target, called] {
        // It is still running.
        field_.simulation.queue().schedule_in(Duration{}, {EventKind::scenario, node_, number, 0},
                                              [this, number] { peers_.erase(number); });
        if (called) call_later(target);
    });
}

void Attacker::stop() {
    const auto peers = std::exchange(peers_, {});
    for (const auto& [number, peer] : peers) peer->hang_up();
}

}  // namespace spate::sim
