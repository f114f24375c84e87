#include "engine/sim/adversary/burden.hpp"

#include <algorithm>

namespace spate::sim {
namespace {

/// A known address with its places in the queues of addresses.
constexpr std::size_t known_peer_bytes = 256;

std::size_t held_for(const session::Connection& connection) {
    return connection.control.capacity() + connection.wire.held_bytes() +
           connection.uploads.size() * sizeof(session::Upload) +
           connection.allowed_fast.capacity() * sizeof(PieceIndex) +
           connection.granted_fast.capacity() * sizeof(PieceIndex) +
           connection.window.outstanding() * sizeof(BlockRef);
}

}  // namespace

void Burden::take_greater(const Burden& other) {
    held_bytes = std::max(held_bytes, other.held_bytes);
    letters = std::max(letters, other.letters);
    outputs = std::max(outputs, other.outputs);
    connections = std::max(connections, other.connections);
}

Burden burden_of(const SimNode& node) {
    Burden burden;
    for (const auto& core : node.cores()) {
        const session::Session& session = core->session();
        burden.connections += session.connection_count();
        burden.letters = std::max(burden.letters, core->peaks().letters);
        burden.outputs = std::max(burden.outputs, core->peaks().outputs);
        for (std::uint32_t id = 0; id < node.torrent_count(); ++id) {
            const session::Torrent* const torrent = session.find_torrent(TorrentId(id));
            if (torrent == nullptr) continue;
            if (torrent->home)
                burden.held_bytes += torrent->home->peers().size() * known_peer_bytes;
            for (const session::Connection* const peer : torrent->peers)
                burden.held_bytes += held_for(*peer);
        }
    }
    return burden;
}

}  // namespace spate::sim
