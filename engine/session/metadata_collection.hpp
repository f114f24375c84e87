#pragma once
// engine/session/metadata_collection.hpp: the parts of one info dictionary of a said size.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/siphash.hpp"
#include "engine/base/time.hpp"
#include "engine/swarm/smart_ban.hpp"

namespace spate::session {

/// Collects the 16 KiB parts of one info dictionary (BEP 9) whose size peers have said. A part is
/// taken from a peer that was asked for it and from nobody else; it is asked of one peer, and of
/// another when the first takes long. Memory grows with what came, not with what was said. One
/// thread.
class MetadataCollection {
public:
    using Source = swarm::SmartBan::Source;
    /// A part that didn't come within this time is asked of another peer too.
    static constexpr Duration request_timeout = 4s;
    /// Peers that a part is asked of at a time. One that hasn't given it for so long makes room for
    /// another, whatever else it gives.
    static constexpr std::size_t askers_max = 2;
    static constexpr Duration asker_patience = 12s;

    /// All parts, and who gave which: one block each, in order, with its keyed digest.
    struct Whole {
        std::vector<std::byte> bytes;
        swarm::SmartBan::Attempt parts;
    };

    explicit MetadataCollection(std::uint32_t size_bytes) : size_bytes_(size_bytes) {}

    std::uint32_t size_bytes() const { return size_bytes_; }
    /// Of parts that came.
    std::uint64_t received_bytes() const { return received_bytes_; }
    bool complete() const { return received_bytes_ == size_bytes_; }

    /// The part to ask this peer for, which counts as asked; empty when there is none for it now.
    std::optional<std::uint32_t> next_request(ConnectionId peer, Time now);
    /// Parts that the peer was asked for and hasn't given.
    std::size_t asked_count(ConnectionId peer) const;
    /// False when the peer wasn't asked for it, or it doesn't fit: nothing changes then.
    bool on_data(const Source& from, std::uint32_t part, Bytes data);
    /// False when the peer wasn't asked for it.
    bool on_reject(ConnectionId peer, std::uint32_t part);
    /// What it was asked for is asked of others.
    void release(ConnectionId peer);
    /// Once complete. The collection is empty afterwards.
    Whole take(const SipKey& digest_key);

private:
    struct Part {
        std::vector<std::byte> bytes;
        std::uint32_t source = 0;  // index into sources_
    };
    struct Asker {
        ConnectionId peer;
        Time asked_at;
    };
    using Asked = std::map<std::uint32_t, std::vector<Asker>>;

    std::optional<std::uint32_t> next_part(ConnectionId peer, Time now);
    static bool may_have_another(std::vector<Asker>& askers, ConnectionId peer, Time now);
    Asked::iterator find_asked(ConnectionId peer, std::uint32_t part);
    void remove_asker(Asked::iterator asked, ConnectionId peer);

    std::uint32_t size_bytes_;
    std::uint64_t received_bytes_ = 0;
    std::uint32_t next_ = 0;           // the first that was never asked for
    std::deque<std::uint32_t> again_;  // asked for in vain
    Asked asked_;                      // by part
    std::map<std::uint32_t, Part> received_;
    std::vector<Source> sources_;
};

}  // namespace spate::session
