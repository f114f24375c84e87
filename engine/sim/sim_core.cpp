#include "engine/sim/sim_core.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/sim/sim_node.hpp"
#include "engine/sim/virtual_tracker.hpp"
#include "engine/wire/message.hpp"
#include "hashing/digest.hpp"

namespace spate::sim {
namespace {

/// Between two cores of one process.
constexpr Duration mail_delay = 30us;
/// A piece waits for lane-mates, and is hashed.
constexpr Duration hash_delay = 3ms;
constexpr Duration announce_delay = 40ms;
/// The earliest that a timer that is due already fires.
constexpr Duration timer_delay_min = 1us;
/// Timers that do nothing but ask for the next one at once.
constexpr std::uint32_t hurried_timers_max = 1'000;
/// A receive without a plan.
constexpr std::size_t linear_bytes = 16 * 1024;

}  // namespace

/// The operations of one connection.
struct SimCore::Link {
    ConnectionId id;
    std::shared_ptr<VirtualSocket> socket;  // empty while the call is on its way
    std::unique_ptr<wire::ReceivePlan> plan;
    std::vector<std::byte> linear;
    bool receiving = false;
    bool planned = false;
    bool sending = false;
    bool closing = false;
    bool finished = false;
    session::SendPlan sent;
};

SimCore::SimCore(SimNode& node, session::SessionOptions options,
                 session::Session::RateLimits limits)
    : node_(node),
      queue_(node.queue()),
      index_(options.core),
      session_(options, limits, memory_, queue_.now()) {}

SimCore::~SimCore() {
    *alive_ = false;
    // Receives in flight pin buffers that the session gives back.
    session_.close_all(now());
    for (const auto& [id, link] : links_) session_.handle_closed(id);
}

EventTag SimCore::tag(EventKind kind, std::uint64_t size) const {
    return {kind, node_.index(), index_.value, size};
}

// --- Turns

template <class Work>
void SimCore::run(Work&& work) {
    if (killed_) return;
    work();
    pump();
    arm_timer();
    node_.check();
}

void SimCore::pump() {
    while (auto output = session_.poll_output()) execute(std::move(*output));
}

void SimCore::arm_timer() {
    const auto next = session_.next_timeout();
    if (!next) return;
    const Time at = std::max(*next, now() + timer_delay_min);
    if (timer_at_ && *timer_at_ <= at) return;
    timer_at_ = at;
    node_.queue().schedule(at, tag(EventKind::timer, 0), [this, at, alive = alive_] {
        if (*alive && timer_at_ == at) on_timer(at);
    });
}

void SimCore::on_timer(Time at) {
    timer_at_.reset();
    hurried_timers_ = at - timer_ran_at_ <= timer_delay_min ? hurried_timers_ + 1 : 0;
    timer_ran_at_ = at;
    if (hurried_timers_ > hurried_timers_max) node_.report("a timer is due again and again");
    run([&] { session_.handle_timeout(now()); });
}

void SimCore::execute(session::Output output) {
    std::visit(
        [&]<class Order>(Order& order) {
            using std::is_same_v;
            if constexpr (is_same_v<Order, session::Connect>) connect(order);
            if constexpr (is_same_v<Order, session::Close>) close(order.connection);
            if constexpr (is_same_v<Order, session::Transmit>)
                if (Link* const link = find(order.connection)) transmit(*link);
            if constexpr (is_same_v<Order, session::Receive>)
                if (Link* const link = find(order.connection)) start_receiving(*link);
            if constexpr (is_same_v<Order, session::CancelReceive>) {
                Link* const link = find(order.connection);
                if (link != nullptr && link->planned) link->socket->cancel_receive();
            }
            if constexpr (is_same_v<Order, session::HashPiece>) hash(order);
            if constexpr (is_same_v<Order, session::WritePiece>) write(order);
            if constexpr (is_same_v<Order, session::ToCore>)
                node_.queue().schedule_in(
                    mail_delay, tag(EventKind::mail, order.core.value),
                    [this, alive = alive_, core = order.core, message = std::move(order.message)] {
                        if (*alive) node_.core(core).handle_message(message);
                    });
            if constexpr (is_same_v<Order, session::Announce>) announce(order);
            if constexpr (is_same_v<Order, session::CheckMetadata>) check_metadata(order);
            if constexpr (is_same_v<Order, session::TorrentComplete>)
                node_.on_complete(order.torrent);
            if constexpr (is_same_v<Order, session::TorrentFailed>)
                node_.on_failed(order.torrent, std::move(order.reason));
        },
        output);
}

void SimCore::handle_message(const session::CoreMessage& message) {
    run([&] { session_.handle_message(message, now()); });
}

void SimCore::add_torrent(session::SharedTorrent& torrent, std::vector<Endpoint> peers) {
    run([&] {
        const bool home = torrent.home == index_;
        std::vector<std::vector<std::string>> tiers;
        if (home) tiers = {{VirtualTracker::url}};
        session_.add_torrent(torrent, std::move(tiers), now());
        if (home && !peers.empty())
            session_.handle_message(session::PeersFound{torrent.id, std::move(peers)}, now());
    });
}

void SimCore::stop() {
    run([&] {
        for (std::uint32_t id = 0; id < node_.torrent_count(); ++id)
            session_.stop_torrent(TorrentId(id), now());
        session_.close_all(now());
    });
}

void SimCore::kill() {
    killed_ = true;
    for (auto& [id, link] : links_)
        if (link->socket) link->socket->reset();
}

// --- Connections

SimCore::Link* SimCore::find(ConnectionId id) {
    const auto found = links_.find(id);
    return found == links_.end() ? nullptr : found->second.get();
}

SimCore::Link& SimCore::open(ConnectionId id, std::shared_ptr<VirtualSocket> socket) {
    auto& link = links_[id];
    if (!link) link = std::make_unique<Link>();
    link->id = id;
    link->socket = std::move(socket);
    if (node_.options().plain) link->socket->strip_handshake_bits();
    link->socket->set_handlers(
        {.received =
             [this, alive = alive_, to = link.get()](std::size_t count, bool over) {
                 if (*alive) run([&] { on_received(*to, count, over); });
             },
         .sent =
             [this, alive = alive_, to = link.get()](bool sent) {
                 if (*alive) run([&] { on_sent(*to, sent); });
             }});
    return *link;
}

bool SimCore::accept(std::shared_ptr<VirtualSocket> socket, const Endpoint& remote) {
    bool accepted = false;
    run([&] {
        const auto id = session_.handle_accepted(remote, now());
        if (!id) return;
        accepted = true;
        start_receiving(open(*id, std::move(socket)));
    });
    return accepted;
}

void SimCore::connect(const session::Connect& order) {
    auto link = std::make_unique<Link>();
    link->id = order.connection;
    links_[order.connection] = std::move(link);
    node_.network().call(node_.index(), order.remote,
                         [this, alive = alive_, id = order.connection](auto socket) {
                             if (*alive) on_called(id, std::move(socket));
                         });
}

void SimCore::on_called(ConnectionId id, std::shared_ptr<VirtualSocket> socket) {
    Link* const link = find(id);
    if (killed_ || link == nullptr || link->closing) {  // given up meanwhile
        if (socket) socket->close();
        return;
    }
    run([&] {
        if (!socket) return session_.handle_disconnected(id, now());
        open(id, std::move(socket));
        session_.handle_connected(id, now());
        start_receiving(*link);
    });
}

void SimCore::start_receiving(Link& link) {
    if (link.closing || link.receiving || !link.socket) return;
    if (!session_.may_receive(link.id, now())) return;
    if (!link.plan) link.plan = std::make_unique<wire::ReceivePlan>();
    link.receiving = true;
    link.planned = session_.plan_receive(link.id, *link.plan);
    if (link.planned) {
        const auto segments = link.plan->segments();
        link.socket->start_receive({segments.begin(), segments.end()});
    } else {
        link.linear.resize(linear_bytes);
        link.socket->start_receive({MutableBytes(link.linear)});
    }
}

void SimCore::on_received(Link& link, std::size_t count, bool over) {
    link.receiving = false;
    if (std::exchange(link.planned, false)) {
        session_.handle_planned(link.id, *link.plan, count, now());
    } else if (count > 0 && !link.closing) {
        session_.handle_received(link.id, Bytes(link.linear).first(count), now());
    }
    if (link.closing) return finish_if_idle(link);
    if (over) return session_.handle_disconnected(link.id, now());
    start_receiving(link);
}

void SimCore::transmit(Link& link) {
    if (link.closing || link.sending || !link.socket) return;
    if (!session_.take_send(link.id, link.sent, now())) return;
    node_.check_send(link.sent);
    std::vector<std::byte> bytes = link.sent.control;
    for (std::size_t i = 0; i < link.sent.block_count; ++i) {
        const BlockRef block = link.sent.blocks[i];
        const auto header = wire::piece_header(block);
        bytes.insert(bytes.end(), header.begin(), header.end());
        node_.disk(link.sent.torrent).read(block, node_.network().random(), bytes);
    }
    link.sending = true;
    link.socket->start_send(std::move(bytes));
}

void SimCore::on_sent(Link& link, bool sent) {
    link.sending = false;
    if (link.closing) return finish_if_idle(link);
    if (!sent) return session_.handle_disconnected(link.id, now());
    session_.handle_sent(link.id, link.sent, now());
    transmit(link);
}

void SimCore::close(ConnectionId id) {
    Link* const link = find(id);
    SPATE_ASSERT(link != nullptr && !link->closing);
    link->closing = true;
    link->sending = false;
    if (link->socket) link->socket->close();
    finish_if_idle(*link);
}

void SimCore::finish_if_idle(Link& link) {
    if (link.receiving || std::exchange(link.finished, true)) return;
    node_.queue().schedule_in(timer_delay_min, tag(EventKind::closed, link.id.value),
                              [this, alive = alive_, id = link.id] {
                                  if (!*alive) return;
                                  run([&] {
                                      session_.handle_closed(id);
                                      links_.erase(id);
                                  });
                              });
}

// --- Pieces, trackers, metadata

void SimCore::hash(const session::HashPiece& order) {
    if (session_.buffers().pinned(order.buffer)) node_.report("a pinned buffer is hashed");
    node_.queue().schedule_in(
        hash_delay, tag(EventKind::hashed, order.piece.value), [this, alive = alive_, order] {
            if (!*alive) return;
            run([&] {
                if (session_.buffers().pinned(order.buffer))
                    node_.report("a buffer is pinned while it is hashed");
                const Bytes piece =
                    session_.buffers().table().at(order.buffer).first(order.size_bytes);
                const auto& metainfo = session_.find_torrent(order.torrent)->metainfo();
                const bool matches =
                    hashing::sha1(piece) == metainfo.piece_hashes[order.piece.value];
                session_.handle_piece_hashed(order.torrent, order.piece, matches, now());
            });
        });
}

void SimCore::write(const session::WritePiece& order) {
    const Duration delay = node_.disk(order.torrent).options().write_delay;
    node_.queue().schedule_in(
        delay, tag(EventKind::written, order.piece.value), [this, alive = alive_, order] {
            if (!*alive) return;
            run([&] {
                VirtualDisk& disk = node_.disk(order.torrent);
                const Bytes piece =
                    session_.buffers().table().at(order.buffer).first(order.size_bytes);
                if (!disk.write(order.piece, piece))
                    session_.fail_torrent(order.torrent, "the disk is full", now());
                else if (!disk.intact({order.piece, 0, order.size_bytes}))
                    node_.report("a false piece was written");
                session_.handle_piece_written(order.torrent, order.piece, now());
            });
        });
}

void SimCore::announce(const session::Announce& order) {
    node_.queue().schedule_in(
        announce_delay, tag(EventKind::announced, static_cast<std::uint64_t>(order.request.event)),
        [this, alive = alive_, order] {
            if (!*alive || killed_) return;
            const auto response = node_.announce(order.request);
            run([&] { session_.handle_announced(order.torrent, order.url, response, now()); });
        });
}

void SimCore::check_metadata(const session::CheckMetadata& order) {
    const auto& torrent = *session_.find_torrent(order.torrent);
    const Sha1Digest digest = hashing::sha1(order.info_bytes);
    const bool matches = std::ranges::equal(digest.bytes, torrent.metainfo().info_hash.bytes);
    session_.handle_metadata_checked(order.torrent, matches, now());
    if (!matches) return;
    auto peers = session_.known_peers(order.torrent);
    session_.retire_torrent(order.torrent, now());
    node_.on_metadata(order.torrent, std::move(peers));
}

}  // namespace spate::sim
