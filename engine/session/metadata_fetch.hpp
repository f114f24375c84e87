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

/// Collects the 16 KiB pieces of one info dictionary from whoever has it. Its size is what a peer
/// says; when nothing comes of that, another size that was offered is tried. The dictionary is
/// checked against the info-hash by the driver, and a lie starts it anew without the peers that
/// took part. One thread.
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
    void on_gone(ConnectionId peer);

    const std::vector<std::byte>& bytes() const { return bytes_; }
    /// It failed the info-hash: start again. Yields the peers that sent it.
    std::set<ConnectionId> start_again();

private:
    struct Piece {
        bool received = false;
        std::optional<Time> asked_at;
    };

    bool agrees(ConnectionId peer) const;
    bool somebody_agrees() const;
    /// The next larger size that is offered, else the smallest; none when nobody offers.
    void try_next_size();
    void withdraw(ConnectionId peer);
    /// A piece was asked for and didn't come in time.
    bool waits_in_vain(Time now) const;

    std::uint32_t size_bytes_ = 0;  // 0: nobody has offered
    std::vector<std::byte> bytes_;
    std::vector<Piece> pieces_;
    std::size_t received_count_ = 0;
    std::map<ConnectionId, std::uint32_t> offers_;  // the sizes that peers say, in bytes
    std::set<ConnectionId> sources_;                // peers that sent something
};

}  // namespace spate::session
