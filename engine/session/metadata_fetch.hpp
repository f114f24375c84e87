#pragma once
// engine/session/metadata_fetch.hpp: the info dictionary of a magnet link, from peers (BEP 9).
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"

namespace spate::session {

/// Collects the 16 KiB pieces of one info dictionary from whoever has it. The size is the first
/// peer's word; what comes of it is checked against the info-hash by the driver, and a lie starts
/// it anew without the peers that took part. One thread.
class MetadataFetch {
public:
    /// A piece is asked of another peer when none came for so long.
    static constexpr Duration request_timeout = 4s;

    /// The peer has the dictionary and says how long it is.
    void on_peer(ConnectionId peer, std::uint32_t size_bytes);
    /// The piece to ask this peer for, if there is one.
    std::optional<std::uint32_t> next_request(ConnectionId peer, Time now);
    /// True when the dictionary is complete.
    [[nodiscard]] bool on_data(ConnectionId peer, std::uint32_t piece,
                               std::uint32_t total_size_bytes, Bytes data);
    void on_reject(ConnectionId peer, std::uint32_t piece);

    const std::vector<std::byte>& bytes() const { return bytes_; }
    /// It failed the info-hash: start again. Yields the peers that sent it.
    std::set<ConnectionId> start_again();

private:
    struct Piece {
        bool received = false;
        std::optional<Time> asked_at;
    };

    bool agrees(ConnectionId peer) const { return peers_.contains(peer); }

    std::uint32_t size_bytes_ = 0;
    std::vector<std::byte> bytes_;
    std::vector<Piece> pieces_;
    std::size_t received_count_ = 0;
    std::set<ConnectionId> peers_;    // that said size_bytes_
    std::set<ConnectionId> sources_;  // that sent something
};

}  // namespace spate::session
