#pragma once
// engine/session/torrent.hpp: one core's share of a torrent.
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/bitfield.hpp"
#include "engine/base/fifo.hpp"
#include "engine/base/time.hpp"
#include "engine/session/connection.hpp"
#include "engine/session/home.hpp"
#include "engine/session/metadata_fetch.hpp"
#include "engine/session/shared_torrent.hpp"
#include "engine/swarm/layer_fetch.hpp"
#include "engine/swarm/layer_proofs.hpp"
#include "engine/swarm/picker.hpp"
#include "engine/swarm/smart_ban.hpp"
#include "engine/swarm/super_seeding.hpp"
#include "engine/tracker/tracker_tiers.hpp"

namespace spate::session {

/// What one core keeps of a torrent; what cores share is in SharedTorrent. One thread.
class Torrent {
public:
    /// `digest_key`: of what peers give for an info dictionary; secret.
    Torrent(SharedTorrent& shared_torrent, CoreIndex core, swarm::PieceBuffers& buffers,
            const SipKey& digest_key);

    /// Established connections of this core.
    void attach(Connection& connection);
    void detach(Connection& connection);
    /// A connection of this torrent, or one that left lately.
    std::optional<swarm::SmartBan::Source> identify(ConnectionId id) const;

    /// A super-seed says that it has nothing.
    bool hides_pieces() const { return super_seeding && !super_seeding->over(); }
    /// Of this core's peers, another than this one lacks the piece.
    bool others_lack(ConnectionId but, PieceIndex piece) const;
    /// Our peers have all pieces among them.
    bool spread_without_us() const;

    SharedTorrent& shared;
    const CoreIndex core;
    swarm::PieceBuffers& buffers;
    /// None while nothing has been missing: of the thousands that a seed has.
    std::unique_ptr<swarm::Picker> picker;
    /// Of a torrent that is played while it comes.
    std::unique_ptr<swarm::Playback> playback;
    /// Pieces that this core knows to be stored, which may lag behind the shared table: what the
    /// peers of this core were told, or will be by `unannounced`.
    Bitfield known_stored;
    /// Pieces that are neither known to be stored nor skipped: what peers may interest us with.
    Bitfield wanted;
    std::vector<PieceIndex> unannounced;
    std::vector<Connection*> peers;
    /// Peers that could be asked for more than there was; some are gone.
    Fifo<ConnectionId> hungry;
    swarm::SmartBan smart_ban;
    std::unique_ptr<swarm::SuperSeeding> super_seeding;
    /// Peers that left lately and had given us something, the newest last.
    Fifo<swarm::SmartBan::Source> leavers;
    std::optional<tracker::TrackerTiers> trackers;  // on the home core only
    /// Its peers, on the home core, from the first on: most of the thousands of torrents that a
    /// seed has know of none.
    std::unique_ptr<Home> home;
    /// Set while only the info-hash is known (SharedTorrent::awaits_metadata): peers are asked for
    /// the info dictionary and for nothing else.
    std::unique_ptr<MetadataFetch> fetch;
    /// Set beside `fetch` once the dictionary is there, and lacks piece layers.
    std::unique_ptr<swarm::LayerFetch> layer_fetch;
    std::vector<std::byte> info_bytes;  // that dictionary, until they are complete
    /// From the first hash request on.
    std::unique_ptr<swarm::LayerProofs> layer_proofs;
    Time next_rates_report{};
    std::optional<Time> haves_due;
    std::optional<Time> playback_due;  // to be looked at
    bool halted = false;
    bool complete_told = false;
    /// Trackers know that it was complete, or were never to hear of it.
    bool completion_announced = false;
    bool paused = false;  // as SharedTorrent::failing_writers was when last looked at

    bool is_at_home() const { return trackers.has_value(); }
    bool complete() const { return !fetch && shared.pieces.complete(); }
    const metainfo::Metainfo& metainfo() const { return *shared.metainfo; }
    /// The block lies within a piece of this torrent.
    bool contains(BlockRef block) const;
    /// Bytes of wanted pieces that are not stored, as trackers are told.
    std::uint64_t left_bytes() const;
    void make_picker();
};

}  // namespace spate::session
