#include "engine/sim/named_lines.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/session/connection_table.hpp"
#include "engine/sim/sim_core.hpp"
#include "engine/sim/sim_node.hpp"
#include "engine/wire/message.hpp"

namespace spate::sim {

using session::ConnectionTable;

NamedLines::~NamedLines() {
    for (const auto& link : links_)
        if (link) core_.session().handle_closed(link->id);
}

NamedLines::Link* NamedLines::find(ConnectionId id) {
    const std::uint32_t slot = ConnectionTable::slot_of(id);
    if (slot >= links_.size() || !links_[slot] || links_[slot]->id != id) return nullptr;
    return links_[slot].get();
}

NamedLines::Link& NamedLines::create(ConnectionId id) {
    const std::uint32_t slot = ConnectionTable::slot_of(id);
    if (slot >= links_.size()) links_.resize(slot + 1);
    SPATE_ASSERT(!links_[slot]);
    links_[slot] = std::make_unique<Link>();
    links_[slot]->id = id;
    return *links_[slot];
}

// --- Calls

void NamedLines::open(Link& link, LineEnd end) {
    link.end = end;
    core_.node().parcels().set_handlers(
        end, {.delivered =
                  [this, &link](Parcel& parcel) { core_.run([&] { on_delivered(link, parcel); }); },
              .sent = [this, &link] { core_.run([&] { on_sent(link); }); },
              .ended =
                  [this, &link] {
                      core_.run([&] { core_.session().handle_disconnected(link.id, core_.now()); });
                  }});
}

bool NamedLines::accept(LineEnd end, const Endpoint& remote) {
    bool accepted = false;
    core_.run([&] {
        const auto id = core_.session().handle_accepted(remote, core_.now());
        if (!id) return;
        accepted = true;
        open(create(*id), end);
    });
    return accepted;
}

void NamedLines::connect(const session::Connect& order) {
    create(order.connection);
    core_.node().parcels().call(
        core_.node().index(), order.remote,
        [this, id = order.connection](std::optional<LineEnd> end) { on_called(id, end); });
}

void NamedLines::on_called(ConnectionId id, std::optional<LineEnd> end) {
    Link* const link = find(id);
    if (core_.killed() || link == nullptr || link->closing) {  // given up meanwhile
        if (end) core_.node().parcels().close(*end);
        return;
    }
    core_.run([&] {
        if (!end) return core_.session().handle_disconnected(id, core_.now());
        open(*link, *end);
        core_.session().handle_connected(id, core_.now());
    });
}

// --- Receiving

void NamedLines::on_delivered(Link& link, Parcel& parcel) {
    if (link.closing) return;
    if (!link.paused.empty() || !core_.session().may_receive(link.id, core_.now())) {
        link.paused.push_back(std::move(parcel));
        return;
    }
    take_in(link, parcel);
}

void NamedLines::receive(ConnectionId id) {
    Link* const link = find(id);
    if (link == nullptr) return;
    while (!link->closing && !link->paused.empty() &&
           core_.session().may_receive(id, core_.now())) {
        const Parcel parcel = std::move(link->paused.front());
        link->paused.pop_front();
        take_in(*link, parcel);
    }
}

void NamedLines::take_in(Link& link, const Parcel& parcel) {
    if (!parcel.control.empty())
        core_.session().handle_received(link.id, parcel.control, core_.now());
    if (parcel.false_data) note_false(link.id, parcel);
    for (std::size_t at = 0; at < parcel.blocks.size() && !link.closing;) {
        const std::size_t taken = take_planned(link, parcel, at);
        if (taken == 0) take_linear(link, parcel.blocks[at]);
        at += std::max<std::size_t>(taken, 1);
    }
}

void NamedLines::note_false(ConnectionId id, const Parcel& parcel) {
    const session::Connection* const connection = core_.session().find_connection(id);
    if (connection == nullptr || connection->torrent == nullptr) return;
    const TorrentId torrent = connection->torrent->shared.id;
    for (const BlockRef block : parcel.blocks)
        false_blocks_.insert({torrent, block.piece, block.offset, id});
}

/// The blocks that have their place in the session's plan: headers are written there, as a receive
/// would; the payload's place is left as it is. Returns how many.
std::size_t NamedLines::take_planned(Link& link, const Parcel& parcel, std::size_t from) {
    if (!core_.session().plan_receive(link.id, plan_)) return 0;
    const auto segments = plan_.segments();  // a header's and a payload's in turn
    std::size_t count = 0;
    std::size_t taken = 0;
    for (; from + taken < parcel.blocks.size() && 2 * taken + 1 < segments.size(); ++taken) {
        const BlockRef block = parcel.blocks[from + taken];
        const MutableBytes header = segments[2 * taken];
        if (header.size() != wire::piece_header_size_bytes ||
            segments[2 * taken + 1].size() != block.length)
            break;
        std::ranges::copy(wire::piece_header(block), header.begin());
        count += header.size() + block.length;
    }
    core_.session().handle_planned(link.id, plan_, count, core_.now());
    return taken;
}

void NamedLines::take_linear(Link& link, BlockRef block) {
    const auto header = wire::piece_header(block);
    core_.session().handle_received(link.id, header, core_.now());
    core_.session().handle_received(link.id, core_.node().any_payload().first(block.length),
                                    core_.now());
}

bool NamedLines::settle(TorrentId torrent, const swarm::PartialPiece& piece) {
    bool right = true;
    for (std::uint32_t i = 0; i < piece.block_count() && !false_blocks_.empty(); ++i)
        right &= !false_blocks_.contains(
            {torrent, piece.piece(), piece.block(i).offset, piece.sources()[i]});
    const auto first = false_blocks_.lower_bound({torrent, piece.piece(), 0, ConnectionId(0)});
    auto last = first;
    while (last != false_blocks_.end() && std::get<0>(*last) == torrent &&
           std::get<1>(*last) == piece.piece())
        ++last;
    false_blocks_.erase(first, last);
    return right;
}

// --- Sending

void NamedLines::transmit(ConnectionId id) {
    if (Link* const link = find(id)) transmit(*link);
}

void NamedLines::transmit(Link& link) {
    session::Session& session = core_.session();
    if (link.sending || !link.end) return;
    while (!link.closing && session.take_send(link.id, sent_, core_.now())) {
        core_.node().check_send(sent_);
        link.blocks.assign(sent_.blocks.begin(),
                           sent_.blocks.begin() + static_cast<std::ptrdiff_t>(sent_.block_count));
        link.blocks_sent = 0;
        link.torrent = sent_.torrent;
        if (!send_part(link, std::move(sent_.control))) return;
    }
}

/// True when it is sent already.
bool NamedLines::send_part(Link& link, std::vector<std::byte> control) {
    SimNode& node = core_.node();
    Parcel parcel;
    parcel.control = std::move(control);
    std::uint64_t bytes = 0;
    while (link.blocks_sent < link.blocks.size() &&
           (bytes == 0 || bytes + link.blocks[link.blocks_sent].length <=
                              node.parcels().parcel_bytes(node.index()))) {
        parcel.blocks.push_back(link.blocks[link.blocks_sent++]);
        bytes += parcel.blocks.back().length;
    }
    if (bytes > 0) parcel.false_data = !node.disk(link.torrent).reads_right();
    link.sending = !node.parcels().send(*link.end, std::move(parcel));
    return !link.sending;
}

void NamedLines::on_sent(Link& link) {
    link.sending = false;
    if (link.closing) return;
    if (link.blocks_sent < link.blocks.size()) return void(send_part(link, {}));
    sent_.clear();
    std::ranges::copy(link.blocks, sent_.blocks.begin());
    sent_.block_count = link.blocks.size();
    core_.session().handle_sent(link.id, sent_, core_.now());
    transmit(link);
}

// --- Ending

void NamedLines::close(ConnectionId id) {
    Link* const link = find(id);
    SPATE_ASSERT(link != nullptr && !link->closing);
    link->closing = true;
    if (link->end) core_.node().parcels().close(*link->end);
    core_.when_closed(
        id, [this](ConnectionId closed) { links_[ConnectionTable::slot_of(closed)].reset(); });
}

void NamedLines::abandon_all() {
    for (const auto& link : links_)
        if (link && link->end && !link->closing) core_.node().parcels().abandon(*link->end);
}

}  // namespace spate::sim
