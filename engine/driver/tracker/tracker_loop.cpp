#include "engine/driver/tracker/tracker_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "io/prepare.hpp"
#include "io/socket.hpp"

namespace spate::driver {
namespace {

/// The kernel gives operations back within milliseconds; this only bounds a bug.
constexpr Duration drain_limit = 5s;

std::optional<Time> earlier(std::optional<Time> a, std::optional<Time> b) {
    if (!a) return b;
    return b ? std::min(*a, *b) : a;
}

}  // namespace

TrackerLoop::TrackerLoop(io::Ring& ring, io::Doorbell& doorbell, TrackerMailbox& mailbox,
                         tracker::TrackerServer& server, const SipKey& key,
                         std::vector<TrackerSockets> sockets, const TrackerLoopLimits& limits)
    : ring_(ring),
      doorbell_(doorbell),
      mailbox_(mailbox),
      server_(server),
      limits_(limits),
      udp_server_(server, key),
      idle_timers_(clock_.now()),
      shared_{ring, clock_, server, {}, {}} {
    for (TrackerSockets& pair : sockets) {
        listeners_.emplace_back(*this, std::move(pair.tcp));
        datagrams_.emplace_back(ring_, clock_, udp_server_, std::move(pair.udp));
    }
}

void TrackerLoop::run() {
    doorbell_.attach(ring_);
    for (Listener& listener : listeners_) listener.arm();
    for (TrackerDatagrams& datagrams : datagrams_) datagrams.start();
    const auto has_mail = [this] { return mailbox_.has_mail.load(std::memory_order_acquire); };
    while (exchange_mail()) {
        doorbell_.turn(clock_, next_deadline(), has_mail);
        update_deadlines();
        handle_timeouts();
        reap();
    }
    doorbell_.detach();
    const bool drained = ring_.drain(clock_, drain_limit);
    SPATE_ASSERT(drained);
}

bool TrackerLoop::exchange_mail() {
    const std::lock_guard lock(mailbox_.mutex);
    mailbox_.has_mail.store(false, std::memory_order_relaxed);
    for (const InfoHash& hash : std::exchange(mailbox_.allowed, {})) server_.allow(hash);
    mailbox_.statistics = server_.statistics();
    return !mailbox_.stop;
}

void TrackerLoop::Listener::arm() {
    if (!accept_.in_flight()) accept_.start(owner_.ring_, socket_.get());
}

void TrackerLoop::Listener::on_accepted(std::int32_t result, std::uint32_t flags) {
    if (result >= 0) owner_.add_connection(io::FileDescriptor(result));
    if (owner_.ring_.draining() || io::is_armed(flags)) return;
    const bool exhausted =
        result == -EMFILE || result == -ENFILE || result == -ENOMEM || result == -ENOBUFS;
    if (exhausted)
        owner_.accept_again_ = owner_.clock_.now() + tracker_accept_pause;
    else
        arm();
}

void TrackerLoop::add_connection(io::FileDescriptor socket) {
    if (ring_.draining()) return;
    const auto peer = io::peer_endpoint(socket.get());
    const auto slot = free_slot();
    if (!slot) return;
    if (!peer) {
        free_slots_.push_back(*slot);
        return;
    }
    [[maybe_unused]] const std::error_code ignored = io::set_no_delay(socket.get());
    connections_[*slot] =
        std::make_unique<TrackerConnection>(shared_, *slot, std::move(socket), peer->address);
    idle_timers_.schedule(*slot, clock_.now() + limits_.idle_timeout);
    connections_[*slot]->start();
}

std::optional<std::uint32_t> TrackerLoop::free_slot() {
    if (!free_slots_.empty()) {
        const std::uint32_t slot = free_slots_.back();
        free_slots_.pop_back();
        return slot;
    }
    if (connections_.size() >= limits_.connections_max) return std::nullopt;
    connections_.emplace_back();
    return static_cast<std::uint32_t>(connections_.size() - 1);
}

std::optional<Time> TrackerLoop::next_deadline() const {
    return earlier(earlier(idle_timers_.next_timeout(), server_.next_timeout()), accept_again_);
}

void TrackerLoop::update_deadlines() {
    for (const std::uint32_t slot : shared_.answered)
        idle_timers_.schedule(slot, clock_.now() + limits_.idle_timeout);
    shared_.answered.clear();
}

void TrackerLoop::handle_timeouts() {
    const Time now = clock_.now();
    server_.handle_timeout(now);
    if (accept_again_ && now >= *accept_again_) {
        accept_again_.reset();
        for (Listener& listener : listeners_) listener.arm();
    }
    while (const auto slot = idle_timers_.pop_due(now))
        if (connections_[*slot]) connections_[*slot]->close();
}

/// A connection that is closed by its deadline comes here with the completion of its operation.
void TrackerLoop::reap() {
    for (const std::uint32_t slot : std::exchange(shared_.closing, {})) {
        if (!connections_[slot]->idle()) {
            shared_.closing.push_back(slot);
            continue;
        }
        idle_timers_.cancel(slot);
        connections_[slot].reset();
        free_slots_.push_back(slot);
    }
}

}  // namespace spate::driver
