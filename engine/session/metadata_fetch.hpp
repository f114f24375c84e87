#pragma once
// engine/session/metadata_fetch.hpp: the info dictionary of a magnet link, from peers (BEP 9).
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"

namespace spate::session {

/// Collects the 16 KiB pieces of one info dictionary from whoever has it. The size is the first
/// peer's word, until nothing comes of it for a while; memory grows with what came, not with what
/// was said. The whole is checked against the info-hash by the driver, and a lie starts it anew
/// without the peers that took part. One thread.
class MetadataFetch {
public:
    /// A piece is asked of another peer when none came for so long.
    static constexpr Duration request_timeout = 4s;
    /// Without a piece for so long, another size that a peer says is tried.
    static constexpr Duration size_patience = 12s;

    /// The peer has the dictionary and says how long it is.
    void on_peer(ConnectionId peer, std::uint32_t size_bytes);
    void on_left(ConnectionId peer);
    /// The piece to ask this peer for, if there is one.
    std::optional<std::uint32_t> next_request(ConnectionId peer, Time now);
    /// True when the dictionary is complete.
    [[nodiscard]] bool on_data(ConnectionId peer, std::uint32_t piece,
                               std::uint32_t total_size_bytes, Bytes data, Time now);
    void on_reject(ConnectionId peer, std::uint32_t piece);

    /// The complete dictionary.
    std::vector<std::byte> bytes() const;
    /// It failed the info-hash: start again. Yields the peers that sent it.
    std::set<ConnectionId> start_again();

private:
    struct Piece {
        std::vector<std::byte> bytes;  // empty until received
        std::optional<Time> asked_at;
    };

    void begin(std::uint32_t size_bytes);
    void forget(ConnectionId peer);
    bool agrees(ConnectionId peer) const;
    std::uint32_t most_said_size() const;

    std::uint32_t size_bytes_ = 0;  // 0: nobody has said one
    std::vector<Piece> pieces_;
    std::size_t received_count_ = 0;
    std::optional<Time> progress_at_;             // the last piece, or the first request
    std::map<ConnectionId, std::uint32_t> said_;  // sizes in bytes, of the peers that are here
    std::set<ConnectionId> sources_;              // that sent something
};

}  // namespace spate::session
