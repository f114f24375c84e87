#include "engine/sim/sim_node.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/wire/peer_id.hpp"

namespace spate::sim {

Endpoint address_of(std::uint32_t number) {
    const std::array<std::byte, 4> bytes{std::byte{10}, static_cast<std::byte>(number >> 8),
                                         static_cast<std::byte>(number), std::byte{1}};
    return {IpAddress(Bytes(bytes)), SimNode::port};
}

SimNode::SimNode(SimWorld& world, NodeOptions options, std::uint32_t number, std::uint64_t seed)
    : world_(world),
      options_(std::move(options)),
      address_(address_of(number)),
      index_(world.payload == Payload::names
                 ? world.parcels.add_node(options_.link, address_.address)
                 : world.network.add_node(options_.link, address_.address)),
      random_(seed),
      chance_(~seed),
      up_(options_.up_bytes_per_s),
      down_(options_.down_bytes_per_s) {}

session::SessionOptions SimNode::core_options(std::uint16_t core, Prng& random,
                                              const PeerId& peer_id) {
    session::SessionOptions options = options_.session;
    options.core = CoreIndex(core);
    options.core_count = options_.cores;
    options.peer_id = peer_id;
    options.listen_port = port;
    options.seed = random();
    return options;
}

void SimNode::arrive() {
    arrived_at_ = world_.queue.now();
    const PeerId peer_id = wire::make_peer_id(random_);
    for (std::uint16_t core = 0; core < options_.cores; ++core)
        cores_.push_back(std::make_unique<SimCore>(*this, core_options(core, random_, peer_id),
                                                   session::Session::RateLimits{up_, down_}));
    const auto accept = [this](auto line, const Endpoint& remote) {
        return cores_[random_.below(cores_.size())]->accept(std::move(line), remote);
    };
    if (by_name()) {
        world_.parcels.listen(address_, accept);
    } else {
        world_.network.listen(address_, accept);
    }
    for (const NodeTorrent& torrent : options_.torrents) add(torrent, {});
}

void SimNode::add(const NodeTorrent& spec, const std::vector<Endpoint>& peers) {
    const auto& content = world_.contents[spec.content];
    const TorrentId id(static_cast<std::uint32_t>(torrents_.size()));
    const CoreIndex home(static_cast<std::uint16_t>(id.value % options_.cores));
    Torrent& torrent = torrents_.emplace_back();
    torrent.content = spec.content;
    torrent.shared = std::make_unique<session::SharedTorrent>(
        id, home, spec.magnet ? content->magnet() : content->metainfo());
    session::SharedTorrent& shared = *torrent.shared;
    shared.play = spec.play;
    if (!spec.magnet) torrent.disk = std::make_unique<VirtualDisk>(content, spec.disk);
    if (spec.seed) {
        torrent.disk->fill();
        for (std::uint32_t piece = 0; piece < shared.pieces.size(); ++piece)
            shared.pieces.set_stored(PieceIndex(piece));
        if (spec.content == 0 && !spec.disk.corrupts_reads)
            for (std::uint32_t& copies : world_.copies) ++copies;
    }
    for (const auto& core : cores_) {
        if (core == cores_.front() || options_.core_lag == Duration{}) {
            core->add_torrent(shared, peers);
        } else {
            world_.queue.schedule_in(
                options_.core_lag, {EventKind::mail, index_, 0, id.value},
                [core = core.get(), &shared, peers] { core->add_torrent(shared, peers); });
        }
    }
}

void SimNode::go() {
    gone_ = true;
    for (const Torrent& torrent : torrents_) {
        if (torrent.content != 0 || !torrent.disk || !torrent.disk->reads_right()) continue;
        for (std::uint32_t piece = 0; piece < world_.copies.size(); ++piece)
            if (torrent.disk->has(PieceIndex(piece))) --world_.copies[piece];
    }
    world_.network.stop_listening(address_);
    world_.parcels.stop_listening(address_);
}

void SimNode::leave() {
    go();
    for (const auto& core : cores_) core->stop();
}

void SimNode::kill() {
    go();
    for (const auto& core : cores_) core->kill();
}

bool SimNode::complete(std::size_t torrent) const {
    if (torrent >= torrents_.size()) return false;
    const session::SharedTorrent& shared = *torrents_[torrent].shared;
    return !shared.awaits_metadata() && shared.pieces.complete();
}

std::uint64_t SimNode::dropped(session::DropReason reason) const {
    std::uint64_t count = 0;
    for (const auto& core : cores_)
        count += core->session().drop_counts()[static_cast<std::size_t>(reason)];
    return count;
}

bool SimNode::bans(const IpAddress& address) const {
    for (const auto& core : cores_)
        for (std::uint32_t id = 0; id < torrent_count(); ++id)
            if (const auto* const torrent = core->session().find_torrent(TorrentId(id)))
                if (torrent->home && torrent->home->peers().banned(address)) return true;
    return false;
}

tracker::AnnounceResult SimNode::announce(const tracker::AnnounceRequest& request) {
    auto result = world_.tracker.announce(request, address_.address, random_);
    if (world_.tampers) world_.tampers(result);
    return result;
}

void SimNode::on_complete(TorrentId torrent) {
    ++completions_;
    if (torrents_[torrent.value].content != 0) return;
    completed_at_ = world_.queue.now();
    if (world_.completed) world_.completed(*this);
}

void SimNode::on_input(const Endpoint& remote, std::size_t bytes, bool begins) {
    if (world_.deals_with) world_.deals_with(*this, remote, bytes, begins);
}

void SimNode::on_dropped(const Endpoint& remote, session::DropReason reason) {
    if (world_.dropped) world_.dropped(*this, remote, reason);
}

void SimNode::on_written(TorrentId torrent, PieceIndex piece) {
    if (torrents_[torrent.value].content != 0) return;
    if (!first_stored_at_) first_stored_at_ = world_.queue.now();
    if (!gone_) ++world_.copies[piece.value];
}

void SimNode::check() {
    if (++world_.events_unchecked < world_.check_every) return;
    world_.events_unchecked = 0;
    invariants_.check(*this, world_.check_every == 1);
}

void SimNode::on_failed(TorrentId torrent, std::string reason) {
    failures_.push_back(fmt::format("torrent {}: {}", torrent.value, reason));
}

void SimNode::on_paused(TorrentId torrent, std::string reason) {
    pauses_.push_back(fmt::format("torrent {}: {}", torrent.value, reason));
}

void SimNode::on_metadata(TorrentId torrent, const std::vector<Endpoint>& peers) {
    add({.content = torrents_[torrent.value].content,
         .seed = false,
         .magnet = false,
         .disk = {},
         .play = torrents_[torrent.value].shared->play},
        peers);
}

void SimNode::report(const std::string& what) {
    world_.report(fmt::format("node {} at {:.6f} s: {}", index_,
                              to_seconds(world_.queue.now().time_since_epoch()), what));
}

}  // namespace spate::sim
