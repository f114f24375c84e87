#include "engine/sim/virtual_network.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"

namespace spate::sim {
namespace {

Duration transmission_time(std::size_t bytes, std::uint64_t rate_bytes_per_s) {
    return Duration(
        static_cast<std::int64_t>(std::uint64_t{bytes} * 1'000'000'000 / rate_bytes_per_s));
}

constexpr Duration unreachable_after = 300ms;
/// As Linux gives up its SYNs.
constexpr Duration unanswered_after = 127s;

}  // namespace

std::uint32_t VirtualNetwork::add_node(LinkClass link, const IpAddress& address) {
    SPATE_ASSERT(link.up_bytes_per_s > 0 && link.down_bytes_per_s > 0);
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({.link = link, .address = address});
    by_address_[address] = index;
    return index;
}

void VirtualNetwork::call(std::uint32_t from, const Endpoint& to, Called called) {
    const auto target = by_address_.find(to.address);
    if (target == by_address_.end()) return refuse_call(from, to, std::move(called));
    queue_.schedule_in(path_latency(from, target->second),
                       {EventKind::call_arrived, target->second, from, 0},
                       [this, from, to, called = std::move(called)]() mutable {
                           answer_call(from, to, std::move(called));
                       });
}

/// A router says so, for one half of the addresses; the other half is silent.
void VirtualNetwork::refuse_call(std::uint32_t from, const Endpoint& to, Called called) {
    const bool silent = std::to_integer<unsigned>(to.address.bytes()[3]) % 2 == 0;
    queue_.schedule_in(silent ? unanswered_after : unreachable_after,
                       {EventKind::call_answered, from, 0, 0},
                       [called = std::move(called)]() mutable { called({}); });
}

void VirtualNetwork::answer_call(std::uint32_t from, const Endpoint& to, Called called) {
    const std::uint32_t target = by_address_.at(to.address);
    const auto listener = listeners_.find(to);
    Socket caller_end;
    if (listener != listeners_.end() && random_.unit() >= faults_.refused_calls) {
        const std::uint64_t stream = next_stream_++;
        caller_end = std::make_shared<VirtualSocket>(*this, from, stream);
        auto called_end = std::make_shared<VirtualSocket>(*this, target, stream);
        caller_end->other_ = called_end;
        called_end->other_ = caller_end;
        const Endpoint caller{nodes_[from].address, nodes_[from].next_port++};
        if (listener->second(called_end, caller)) {
            lose_by_chance(caller_end);
        } else {
            called_end->close();
        }
    }
    queue_.schedule_in(path_latency(from, target),
                       {EventKind::call_answered, from, target, caller_end ? 1U : 0U},
                       [called = std::move(called), caller_end]() mutable { called(caller_end); });
}

void VirtualNetwork::lose_by_chance(const Socket& socket) {
    if (faults_.mean_life == Duration{}) return;
    const auto life = random_.below(2 * static_cast<std::uint64_t>(faults_.mean_life.count()));
    queue_.schedule_in(Duration(static_cast<std::int64_t>(life)),
                       {EventKind::connection_lost, socket->node_, socket->stream_, 0},
                       [this, weak = std::weak_ptr(socket)] {
                           const Socket alive = weak.lock();
                           if (!alive || alive->closed_ || alive->lost_) return;
                           ++connections_lost_;
                           alive->reset();
                       });
}

Time VirtualNetwork::reserve_uplink(std::uint32_t node, std::size_t bytes) {
    Node& n = nodes_[node];
    n.uplink_free =
        std::max(n.uplink_free, queue_.now()) + transmission_time(bytes, n.link.up_bytes_per_s);
    return n.uplink_free;
}

Time VirtualNetwork::reserve_downlink(std::uint32_t node, std::size_t bytes) {
    Node& n = nodes_[node];
    n.downlink_free =
        std::max(n.downlink_free, queue_.now()) + transmission_time(bytes, n.link.down_bytes_per_s);
    return n.downlink_free;
}

void VirtualNetwork::carry(const VirtualSocket& from, const Socket& to,
                           std::vector<std::byte> chunk) {
    const std::size_t size = chunk.size();
    queue_.schedule_in(
        path_latency(from.node_, to->node_), to->tag(EventKind::chunk_arrived, size),
        [this, to, chunk = std::move(chunk)]() mutable {
            const Time whole = reserve_downlink(to->node_, chunk.size());
            const EventTag delivered = to->tag(EventKind::chunk_delivered, chunk.size());
            queue_.schedule(whole, delivered, [to, chunk = std::move(chunk)]() mutable {
                to->arrive(std::move(chunk));
            });
        });
}

void VirtualNetwork::carry_end(const VirtualSocket& from, const Socket& to) {
    // Behind whatever this end has in its uplink.
    queue_.schedule(reserve_uplink(from.node_, 0) + path_latency(from.node_, to->node_),
                    to->tag(EventKind::chunk_arrived, 0), [this, to] {
                        queue_.schedule(reserve_downlink(to->node_, 0),
                                        to->tag(EventKind::chunk_delivered, 0),
                                        [to] { to->arrive_end(); });
                    });
}

}  // namespace spate::sim
