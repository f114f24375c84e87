// Hashes of v2 torrents: piece layers fetched for a magnet link, and served (BEP 52).
#include <utility>

#include "engine/session/session.hpp"
#include "engine/wire/message.hpp"

namespace spate::session {
namespace {

/// Hashes of ours that may wait for a peer that doesn't read; beyond it requests are rejected.
constexpr std::size_t hashes_queue_bytes_max = 256 * 1024;

}  // namespace

void Session::fetch_layers(TorrentId id, std::vector<std::byte> info_bytes,
                           const metainfo::MissingLayers& missing, Time now) {
    Torrent* const torrent = this->torrent(id);
    if (torrent == nullptr || !torrent->fetch || torrent->layer_fetch || torrent->halted) return;
    torrent->info_bytes = std::move(info_bytes);
    torrent->layer_fetch = std::make_unique<swarm::LayerFetch>(missing);
    for (Connection* const peer : torrent->peers) request_hashes(*peer, now);
}

/// Of whoever is here: that a peer has no hashes is known when it says so.
void Session::request_hashes(Connection& connection, Time now) {
    Torrent& torrent = *connection.torrent;
    if (!torrent.layer_fetch || connection.stage != Stage::established) return;
    while (const auto range = torrent.layer_fetch->next_request(connection.id, now)) {
        wire::append_hash_request(connection.control, *range);
        request_transmit(connection);
    }
}

void Session::on_hashes(Connection& connection, const wire::Hashes& message, Time now) {
    Torrent& torrent = *connection.torrent;
    if (!torrent.layer_fetch) return;
    using Answer = swarm::LayerFetch::Answer;
    const Answer answer =
        torrent.layer_fetch->on_hashes(connection.id, message.range, message.hashes, now);
    if (answer == Answer::false_hashes) return close(connection, DropReason::false_data, now);
    if (answer == Answer::unasked) return;
    if (!torrent.layer_fetch->complete()) return request_hashes(connection, now);
    auto layers = torrent.layer_fetch->take();
    torrent.layer_fetch.reset();
    put(LayersReady{torrent.shared.id, std::exchange(torrent.info_bytes, {}), std::move(layers)});
}

void Session::on_hash_reject(Connection& connection, const HashRef& range, Time now) {
    Torrent& torrent = *connection.torrent;
    if (torrent.layer_fetch) torrent.layer_fetch->on_reject(connection.id, range, now);
}

void Session::on_hash_request(Connection& connection, const HashRef& range) {
    Torrent& torrent = *connection.torrent;
    std::optional<std::vector<Sha256Digest>> hashes;
    if (torrent.metainfo().has_v2() && !torrent.fetch &&
        connection.control.size() < hashes_queue_bytes_max) {
        if (!torrent.layer_proofs)
            torrent.layer_proofs = std::make_unique<swarm::LayerProofs>(torrent.metainfo());
        hashes = torrent.layer_proofs->prove(range);
    }
    if (hashes)
        wire::append_hashes(connection.control, range, *hashes);
    else
        wire::append_hash_reject(connection.control, range);
    request_transmit(connection);
}

}  // namespace spate::session
