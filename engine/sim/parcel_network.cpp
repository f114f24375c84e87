#include "engine/sim/parcel_network.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/wire/message.hpp"

namespace spate::sim {
namespace {

/// From the loss of a connection until its ends hear of it.
constexpr Duration loss_delay = 5us;

Duration transmission_time(std::uint64_t bytes, std::uint64_t rate_bytes_per_s) {
    return Duration(static_cast<std::int64_t>(bytes * 1'000'000'000 / rate_bytes_per_s));
}

}  // namespace

std::uint64_t Parcel::payload_bytes() const {
    std::uint64_t bytes = 0;
    for (const BlockRef block : blocks) bytes += block.length;
    return bytes;
}

std::uint64_t Parcel::size_bytes() const {
    return control.size() + blocks.size() * wire::piece_header_size_bytes + payload_bytes();
}

std::uint32_t ParcelNetwork::add_node(LinkClass link, const IpAddress& address) {
    SPATE_ASSERT(link.up_bytes_per_s > 0 && link.down_bytes_per_s > 0);
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({.link = link, .address = address});
    nodes_.back().parcel_bytes = std::max<std::uint64_t>(
        block_size_bytes,
        link.up_bytes_per_s * static_cast<std::uint64_t>(quantum.count()) / 1'000'000'000);
    by_address_[address] = index;
    return index;
}

template <class Run>
void ParcelNetwork::schedule(Time time, EventKind kind, LineEnd end, std::uint64_t size, Run run) {
    ++line(end).events;
    queue_.schedule(time, {kind, at(end).node, end.value, size}, std::move(run));
}

// --- Calls

void ParcelNetwork::call(std::uint32_t from, const Endpoint& to, Called called) {
    const auto target = by_address_.find(to.address);
    SPATE_ASSERT(target != by_address_.end());
    queue_.schedule_in(path_latency(from, target->second),
                       {EventKind::call_arrived, target->second, from, 0},
                       [this, from, to, called = std::move(called)]() mutable {
                           answer_call(from, to, std::move(called));
                       });
}

void ParcelNetwork::answer_call(std::uint32_t from, const Endpoint& to, Called called) {
    const std::uint32_t target = by_address_.at(to.address);
    const auto listener = listeners_.find(to);
    std::optional<LineEnd> caller_end;
    if (listener != listeners_.end() && nodes_[from].side == nodes_[target].side &&
        random_.unit() >= faults_.refused_calls) {
        const LineEnd end = open(from, target);
        const Endpoint caller{nodes_[from].address, nodes_[from].next_port++};
        if (listener->second(other(end), caller)) {
            caller_end = end;
            ++line(end).events;
            lose_by_chance(end);
        } else {
            at(end).closed = at(other(end)).closed = true;
            release(end);
        }
    }
    queue_.schedule_in(path_latency(from, target),
                       {EventKind::call_answered, from, target, caller_end ? 1U : 0U},
                       [this, called = std::move(called), caller_end]() mutable {
                           called(caller_end);
                           if (!caller_end) return;
                           --line(*caller_end).events;
                           if (line(*caller_end).lost) tell_ended(*caller_end);
                           release(*caller_end);
                       });
}

LineEnd ParcelNetwork::open(std::uint32_t caller, std::uint32_t called) {
    if (free_lines_.empty()) {
        free_lines_.push_back(static_cast<std::uint32_t>(lines_.size()));
        lines_.emplace_back();
    }
    const std::uint32_t index = free_lines_.back();
    free_lines_.pop_back();
    Line& line = lines_[index];
    line.lost = false;
    line.open = true;
    for (unsigned side = 0; side < 2; ++side) {
        line.ends[side] = End{};
        line.ends[side].node = side == 0 ? caller : called;
        line.ends[side].closed = false;
        line.ends[side].window_bytes =
            side == 0 ? window_of(caller, called) : window_of(called, caller);
    }
    return LineEnd(index * 2);
}

std::uint64_t ParcelNetwork::window_of(std::uint32_t from, std::uint32_t to) const {
    const Duration round_trip = 2 * path_latency(from, to);
    const std::uint64_t under_way = nodes_[from].link.up_bytes_per_s *
                                    static_cast<std::uint64_t>(round_trip.count()) / 1'000'000'000;
    return std::max(window_bytes_min, 2 * under_way);
}

void ParcelNetwork::set_handlers(LineEnd end, Handlers handlers) {
    at(end).handlers = std::move(handlers);
}

// --- Parcels

Time ParcelNetwork::reserve(Time& link_free, Time from, std::uint64_t bytes,
                            std::uint64_t rate_bytes_per_s, bool waits) {
    const Duration takes = transmission_time(bytes, rate_bytes_per_s);
    link_free = std::max(link_free, from) + takes;
    return waits ? link_free : from + takes;
}

bool ParcelNetwork::send(LineEnd end, Parcel&& parcel) {
    End& from = at(end);
    SPATE_ASSERT(!from.sending && !from.closed);
    Node& node = nodes_[from.node];
    const std::uint64_t size = parcel.size_bytes();
    const bool waits = !parcel.blocks.empty();
    const Time departs =
        reserve(node.uplink_free, queue_.now(), size, node.link.up_bytes_per_s, waits);
    const ParcelIndex index = keep(std::move(parcel));
    if (!waits) {
        carry(end, index, departs);
        return true;
    }
    from.sending = true;
    schedule(departs, EventKind::chunk_departed, end, size,
             [this, end, index] { depart(end, index); });
    return false;
}

void ParcelNetwork::depart(LineEnd end, ParcelIndex index) {
    Line& on = line(end);
    End& from = at(end);
    nodes_[from.node].traffic.sent_bytes += parcels_[index].payload_bytes();
    carry(end, index, queue_.now());
    from.waits_for_room = !on.lost && from.undelivered_bytes >= from.window_bytes;
    if (!from.waits_for_room) tell_sent(from);
    --on.events;
    release(end);
}

void ParcelNetwork::carry(LineEnd end, ParcelIndex index, Time departed) {
    End& from = at(end);
    const End& to = at(other(end));
    const Parcel& parcel = parcels_[index];
    if (line(end).lost || to.closed) return dismiss(index);
    const std::uint64_t size = parcel.size_bytes();
    Node& node = nodes_[to.node];
    const Time whole = reserve(node.downlink_free, departed + path_latency(from.node, to.node),
                               size, node.link.down_bytes_per_s, !parcel.blocks.empty());
    from.delivered_until = std::max(from.delivered_until, whole);
    from.undelivered_bytes += size;
    schedule(from.delivered_until, EventKind::chunk_delivered, end, size,
             [this, end, index] { deliver(end, index); });
}

void ParcelNetwork::deliver(LineEnd end, ParcelIndex index) {
    Line& on = line(end);
    End& from = at(end);
    End& to = at(other(end));
    Parcel& parcel = parcels_[index];
    from.undelivered_bytes -= parcel.size_bytes();
    if (!on.lost && !to.closed) {
        nodes_[to.node].traffic.received_bytes += parcel.payload_bytes();
        if (parcel.last) {
            tell_ended(other(end));
        } else {
            to.handlers.delivered(parcel);
        }
    }
    dismiss(index);
    if (from.waits_for_room && from.undelivered_bytes < from.window_bytes) {
        from.waits_for_room = false;
        tell_sent(from);
    }
    --on.events;
    release(end);
}

void ParcelNetwork::tell_sent(End& end) {
    end.sending = false;
    if (!end.closed && end.handlers.sent) end.handlers.sent();
}

ParcelNetwork::ParcelIndex ParcelNetwork::keep(Parcel&& parcel) {
    if (free_parcels_.empty()) {
        free_parcels_.push_back(static_cast<ParcelIndex>(parcels_.size()));
        parcels_.emplace_back();
    }
    const ParcelIndex index = free_parcels_.back();
    free_parcels_.pop_back();
    parcels_[index] = std::move(parcel);
    return index;
}

void ParcelNetwork::dismiss(ParcelIndex parcel) {
    parcels_[parcel] = {};
    free_parcels_.push_back(parcel);
}

// --- Ends

void ParcelNetwork::close(LineEnd end) {
    End& from = at(end);
    if (from.closed) return;
    from.closed = true;
    Line& on = line(end);
    if (on.lost || at(other(end)).closed) return release(end);
    Parcel goodbye;
    goodbye.last = true;
    // Behind whatever this end has in its uplink.
    const Time departs = from.sending && !from.waits_for_room
                             ? std::max(queue_.now(), nodes_[from.node].uplink_free)
                             : queue_.now();
    const ParcelIndex index = keep(std::move(goodbye));
    schedule(departs, EventKind::chunk_departed, end, 0,
             [this, end, index] { depart(end, index); });
}

void ParcelNetwork::reset(LineEnd end) {
    Line& on = line(end);
    if (on.lost) return;
    on.lost = true;
    ++lines_lost_;
    for (const LineEnd each : {end, other(end)}) {
        if (at(each).closed) continue;
        schedule(queue_.now() + loss_delay, EventKind::connection_lost, each, 0, [this, each] {
            tell_ended(each);
            --line(each).events;
            release(each);
        });
    }
}

void ParcelNetwork::tell_ended(LineEnd end) {
    End& to = at(end);
    if (to.closed || to.told || !to.handlers.ended) return;
    to.told = true;
    to.handlers.ended();
}

void ParcelNetwork::abandon(LineEnd end) {
    at(end).closed = true;
    reset(end);
    release(end);
}

void ParcelNetwork::release(LineEnd end) {
    Line& on = line(end);
    if (!on.open || on.events > 0 || !on.ends[0].closed || !on.ends[1].closed) return;
    on.open = false;
    for (End& each : on.ends) each.handlers = {};
    free_lines_.push_back(end.value / 2);
}

void ParcelNetwork::lose_by_chance(LineEnd end) {
    if (faults_.mean_life == Duration{}) return;
    const auto life = random_.below(2 * static_cast<std::uint64_t>(faults_.mean_life.count()));
    schedule(queue_.now() + Duration(static_cast<std::int64_t>(life)), EventKind::connection_lost,
             end, life, [this, end] {
                 --line(end).events;
                 reset(end);
                 release(end);
             });
}

void ParcelNetwork::cut_between_sides() {
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
        const Line& on = lines_[i];
        if (!on.open) continue;
        if (nodes_[on.ends[0].node].side != nodes_[on.ends[1].node].side) reset(LineEnd(i * 2));
    }
}

}  // namespace spate::sim
