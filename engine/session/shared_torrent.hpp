#pragma once
// engine/session/shared_torrent.hpp: what all cores share of one torrent.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/base/bitfield.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/base/token_bucket.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "engine/swarm/availability.hpp"
#include "engine/swarm/piece_table.hpp"
#include "engine/swarm/playback.hpp"

namespace spate::session {

/// Counters that any thread may read while cores add to them; of payload, in bytes.
struct TorrentCounters {
    std::atomic<std::uint64_t> downloaded{0};
    std::atomic<std::uint64_t> uploaded{0};
    /// Received, and thrown away: it came twice, or its piece failed the hash.
    std::atomic<std::uint64_t> wasted{0};
    std::atomic<std::uint64_t> stored{0};
    std::atomic<std::uint32_t> peers{0};
    std::atomic<std::uint32_t> seeds{0};
    /// As the home core knows it (swarm::Playback): pieces that were late, and when there was
    /// enough to begin; Time{}: not yet.
    std::atomic<std::uint32_t> late_pieces{0};
    std::atomic<Time> playing_since{Time{}};
};

/// Made before the first core hears of the torrent, and outlives the last that does. What isn't
/// atomic doesn't change.
struct SharedTorrent {
    SharedTorrent(TorrentId torrent_id, CoreIndex home_core,
                  std::shared_ptr<const metainfo::Metainfo> content)
        : id(torrent_id),
          home(home_core),
          metainfo(std::move(content)),
          availability(metainfo->piece_count()),
          pieces(metainfo->piece_count()) {}

    /// Of a magnet link whose info dictionary isn't known yet: the metainfo has an info-hash only.
    bool awaits_metadata() const { return metainfo->piece_count() == 0; }

    const TorrentId id;
    /// The core that talks to trackers, keeps the peer list and ranks the peers.
    const CoreIndex home;
    const std::shared_ptr<const metainfo::Metainfo> metainfo;
    /// Pieces that are got before all others; empty: none. Set before a session sees the torrent.
    Bitfield preferred;
    /// It is played while it comes. Set likewise.
    std::optional<swarm::Playback::Options> play;
    /// Pieces that are lost are got again. Set likewise; false: it only gives what it has.
    bool downloads = true;
    swarm::Availability availability;
    swarm::PieceTable pieces;
    /// Cores that wait until their disk takes what they have to write.
    std::atomic<std::uint32_t> failing_writers{0};
    TorrentCounters counters;
    /// What this torrent may take of the process's rates. Unlimited, unless set before a session
    /// sees the torrent.
    TokenBucket up_limit;
    TokenBucket down_limit;
};

}  // namespace spate::session
