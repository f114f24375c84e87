#pragma once
// engine/sim/adversary/attacker.hpp: a host that attacks.
#include <cstdint>
#include <map>
#include <memory>

#include "engine/sim/adversary/behaviour.hpp"

namespace spate::sim {

/// One address with all its connections, of one kind of attack. Goes on until the field is over:
/// a connection that ended is made anew. One thread.
class Attacker {
public:
    /// `connections`: with each honest peer.
    Attacker(Field& field, AttackKind kind, const IpAddress& address, std::uint32_t connections);
    Attacker(const Attacker&) = delete;
    Attacker& operator=(const Attacker&) = delete;

    const IpAddress& address() const { return address_; }
    /// The honest peer that listens at `target` is here.
    void attack(const Endpoint& target);
    /// Ends all connections.
    void stop();

private:
    void call(const Endpoint& target);
    void call_later(const Endpoint& target);
    void add(std::shared_ptr<VirtualSocket> socket, const Endpoint& target, bool called);

    Field& field_;
    const AttackKind kind_;
    const IpAddress address_;
    const std::uint32_t connections_;
    const std::uint32_t node_;
    std::uint64_t next_peer_ = 0;
    std::map<std::uint64_t, std::shared_ptr<HostilePeer>> peers_;
};

}  // namespace spate::sim
