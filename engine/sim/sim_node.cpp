#include "engine/sim/sim_node.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/wire/peer_id.hpp"

namespace spate::sim {
namespace {

/// 10.0.0.1 and on: a node is known by its address alone.
Endpoint address_of(std::uint32_t number) {
    const std::array<std::byte, 4> bytes{std::byte{10}, static_cast<std::byte>(number >> 8),
                                         static_cast<std::byte>(number), std::byte{1}};
    return {IpAddress(Bytes(bytes)), SimNode::port};
}

}  // namespace

SimNode::SimNode(SimWorld& world, NodeOptions options, std::uint32_t number, std::uint64_t seed)
    : world_(world),
      options_(std::move(options)),
      address_(address_of(number)),
      index_(world.network.add_node(options_.link, address_.address)),
      random_(seed),
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
    const PeerId peer_id = wire::make_peer_id(random_);
    for (std::uint16_t core = 0; core < options_.cores; ++core)
        cores_.push_back(std::make_unique<SimCore>(*this, core_options(core, random_, peer_id),
                                                   session::Session::RateLimits{up_, down_}));
    world_.network.listen(address_, [this](auto socket, const Endpoint& remote) {
        return cores_[random_.below(cores_.size())]->accept(std::move(socket), remote);
    });
    for (const NodeTorrent& torrent : options_.torrents) add(torrent, {});
}

void SimNode::add(const NodeTorrent& spec, std::vector<Endpoint> peers) {
    const auto& content = world_.contents[spec.content];
    const TorrentId id(static_cast<std::uint32_t>(torrents_.size()));
    const CoreIndex home(static_cast<std::uint16_t>(id.value % options_.cores));
    Torrent& torrent = torrents_.emplace_back();
    torrent.content = spec.content;
    torrent.shared = std::make_unique<session::SharedTorrent>(
        id, home, spec.magnet ? content->magnet() : content->metainfo());
    session::SharedTorrent& shared = *torrent.shared;
    if (!spec.magnet) torrent.disk = std::make_unique<VirtualDisk>(content, spec.disk);
    if (spec.seed) {
        torrent.disk->fill();
        for (std::uint32_t piece = 0; piece < shared.pieces.size(); ++piece)
            shared.pieces.set_stored(PieceIndex(piece));
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

void SimNode::leave() {
    gone_ = true;
    world_.network.stop_listening(address_);
    for (const auto& core : cores_) core->stop();
}

void SimNode::kill() {
    gone_ = true;
    world_.network.stop_listening(address_);
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

tracker::AnnounceResponse SimNode::announce(const tracker::AnnounceRequest& request) {
    return world_.tracker.announce(request, address_.address, random_);
}

void SimNode::on_failed(TorrentId torrent, std::string reason) {
    failures_.push_back(fmt::format("torrent {}: {}", torrent.value, reason));
}

void SimNode::on_metadata(TorrentId torrent, std::vector<Endpoint> peers) {
    add({.content = torrents_[torrent.value].content, .seed = false, .magnet = false, .disk = {}},
        std::move(peers));
}

void SimNode::report(const std::string& what) {
    world_.report(fmt::format("node {} at {:.6f} s: {}", index_,
                              to_seconds(world_.queue.now().time_since_epoch()), what));
}

}  // namespace spate::sim
