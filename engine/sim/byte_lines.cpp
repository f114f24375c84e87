#include "engine/sim/byte_lines.hpp"

#include <utility>

#include "engine/base/assert.hpp"
#include "engine/sim/sim_core.hpp"
#include "engine/sim/sim_node.hpp"
#include "engine/wire/message.hpp"
#include "engine/wire/receive_plan.hpp"

namespace spate::sim {
namespace {

/// A receive without a plan.
constexpr std::size_t linear_bytes = 16 * 1024;
/// A cold read takes so long, at most.
constexpr std::uint64_t read_ns_max = 20'000'000;

}  // namespace

/// The operations of one connection.
struct ByteLines::Link {
    ConnectionId id;
    std::shared_ptr<VirtualSocket> socket;  // empty while the call is on its way
    std::unique_ptr<wire::ReceivePlan> plan;
    std::vector<std::byte> linear;
    bool receiving = false;
    bool planned = false;
    bool sending = false;
    bool reading = false;  // the payload of the send
    bool closing = false;
    bool finished = false;
    session::SendPlan sent;
};

ByteLines::ByteLines(SimCore& core) : core_(core) {}

ByteLines::~ByteLines() {
    // Receives in flight pin buffers that the session gives back.
    for (const auto& [id, link] : links_) core_.session().handle_closed(id);
}

ByteLines::Link* ByteLines::find(ConnectionId id) {
    const auto found = links_.find(id);
    return found == links_.end() ? nullptr : found->second.get();
}

ByteLines::Link& ByteLines::open(ConnectionId id, std::shared_ptr<VirtualSocket> socket) {
    auto& link = links_[id];
    if (!link) link = std::make_unique<Link>();
    link->id = id;
    link->socket = std::move(socket);
    if (core_.node().options().plain) link->socket->strip_handshake_bits();
    link->socket->set_handlers(
        {.received =
             [this, alive = core_.alive(), to = link.get()](std::size_t count, bool over) {
                 if (*alive) deal_with(*to, count, over);
             },
         .sent =
             [this, alive = core_.alive(), to = link.get()](bool sent) {
                 if (*alive) core_.run([&] { on_sent(*to, sent); });
             }});
    return *link;
}

bool ByteLines::accept(std::shared_ptr<VirtualSocket> socket, const Endpoint& remote) {
    bool accepted = false;
    core_.run([&] {
        const auto id = core_.session().handle_accepted(remote, core_.now());
        if (!id) return;
        accepted = true;
        start_receiving(open(*id, std::move(socket)));
    });
    return accepted;
}

void ByteLines::connect(const session::Connect& order) {
    auto link = std::make_unique<Link>();
    link->id = order.connection;
    links_[order.connection] = std::move(link);
    core_.node().network().call(core_.node().index(), order.remote,
                                [this, alive = core_.alive(), id = order.connection](auto socket) {
                                    if (*alive) on_called(id, std::move(socket));
                                });
}

void ByteLines::on_called(ConnectionId id, std::shared_ptr<VirtualSocket> socket) {
    Link* const link = find(id);
    if (core_.killed() || link == nullptr || link->closing) {  // given up meanwhile
        if (socket) socket->close();
        return;
    }
    core_.run([&] {
        if (!socket) return core_.session().handle_disconnected(id, core_.now());
        open(id, std::move(socket));
        core_.session().handle_connected(id, core_.now());
        start_receiving(*link);
    });
}

void ByteLines::receive(ConnectionId id) {
    if (Link* const link = find(id)) start_receiving(*link);
}

void ByteLines::cancel_receive(ConnectionId id) {
    Link* const link = find(id);
    if (link != nullptr && link->planned) link->socket->cancel_receive();
}

void ByteLines::start_receiving(Link& link) {
    if (link.closing || link.receiving || !link.socket) return;
    session::Session& session = core_.session();
    if (!session.may_receive(link.id, core_.now())) return;
    if (!link.plan) link.plan = std::make_unique<wire::ReceivePlan>();
    link.receiving = true;
    link.planned = session.plan_receive(link.id, *link.plan);
    if (link.planned) {
        const auto segments = link.plan->segments();
        link.socket->start_receive({segments.begin(), segments.end()});
    } else {
        link.linear.resize(linear_bytes);
        link.socket->start_receive({MutableBytes(link.linear)});
    }
}

void ByteLines::deal_with(Link& link, std::size_t count, bool over) {
    const session::Connection* const connection = core_.session().find_connection(link.id);
    const Endpoint remote = connection != nullptr ? connection->remote : Endpoint{};
    core_.node().on_input(remote, count, true);
    core_.run([&] { on_received(link, count, over); });
    core_.node().on_input(remote, count, false);
}

void ByteLines::on_received(Link& link, std::size_t count, bool over) {
    session::Session& session = core_.session();
    link.receiving = false;
    if (std::exchange(link.planned, false)) {
        session.handle_planned(link.id, *link.plan, count, core_.now());
    } else if (count > 0 && !link.closing) {
        session.handle_received(link.id, Bytes(link.linear).first(count), core_.now());
    }
    if (link.closing) return finish_if_idle(link);
    if (over) return session.handle_disconnected(link.id, core_.now());
    start_receiving(link);
}

void ByteLines::transmit(ConnectionId id) {
    if (Link* const link = find(id)) transmit(*link);
}

void ByteLines::transmit(Link& link) {
    if (link.closing || link.sending || !link.socket) return;
    if (!core_.session().take_send(link.id, link.sent, core_.now())) return;
    SimNode& node = core_.node();
    node.check_send(link.sent);
    std::vector<std::byte> bytes = link.sent.control;
    for (std::size_t i = 0; i < link.sent.block_count; ++i) {
        const BlockRef block = link.sent.blocks[i];
        const auto header = wire::piece_header(block);
        bytes.insert(bytes.end(), header.begin(), header.end());
        node.disk(link.sent.torrent).read(block, node.network().random(), bytes);
    }
    link.sending = true;
    node.on_sent(bytes.size());
    const bool cold = link.sent.block_count > 0 && node.options().cold_reads > 0 &&
                      node.chance().unit() < node.options().cold_reads;
    if (cold) return read_then_send(link, std::move(bytes));
    link.socket->start_send(std::move(bytes));
}

void ByteLines::read_then_send(Link& link, std::vector<std::byte> bytes) {
    link.reading = true;
    SimNode& node = core_.node();
    const Duration delay(static_cast<std::int64_t>(node.chance().below(read_ns_max)));
    node.queue().schedule_in(
        delay, {EventKind::read, node.index(), link.socket->stream(), bytes.size()},
        [this, alive = core_.alive(), to = &link, bytes = std::move(bytes)]() mutable {
            if (!*alive) return;
            core_.run([&] {
                to->reading = false;
                if (to->closing) return finish_if_idle(*to);
                core_.session().handle_cold_read(to->id, to->sent);
                to->socket->start_send(std::move(bytes));
            });
        });
}

void ByteLines::on_sent(Link& link, bool sent) {
    link.sending = false;
    if (link.closing) return finish_if_idle(link);
    if (!sent) return core_.session().handle_disconnected(link.id, core_.now());
    core_.session().handle_sent(link.id, link.sent, core_.now());
    transmit(link);
}

void ByteLines::close(ConnectionId id) {
    Link* const link = find(id);
    SPATE_ASSERT(link != nullptr && !link->closing);
    link->closing = true;
    link->sending = false;
    if (link->socket) link->socket->close();
    finish_if_idle(*link);
}

void ByteLines::finish_if_idle(Link& link) {
    if (link.receiving || link.reading || std::exchange(link.finished, true)) return;
    core_.when_closed(link.id, [this](ConnectionId id) { links_.erase(id); });
}

void ByteLines::abandon_all() {
    for (auto& [id, link] : links_)
        if (link->socket) link->socket->reset();
}

}  // namespace spate::sim
