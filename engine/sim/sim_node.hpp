#pragma once
// engine/sim/sim_node.hpp: one simulated process of the engine.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/token_bucket.hpp"
#include "engine/sim/invariants.hpp"
#include "engine/sim/parcel_network.hpp"
#include "engine/sim/sim_core.hpp"
#include "engine/sim/virtual_disk.hpp"
#include "engine/sim/virtual_network.hpp"
#include "engine/sim/virtual_tracker.hpp"

namespace spate::sim {

/// Where the node with this number listens, 10.0.0.1 and on: it is known by its address alone.
Endpoint address_of(std::uint32_t number);
/// Numbers that address_of() has different addresses for.
inline constexpr std::uint32_t nodes_max = 1 << 16;

/// A torrent as a node starts with it.
struct NodeTorrent {
    std::size_t content = 0;  // index among the simulation's
    bool seed = false;
    /// Only the info-hash is known; the rest comes from peers (BEP 9).
    bool magnet = false;
    DiskOptions disk{};
    /// It is played while it comes.
    std::optional<swarm::Playback::Options> play{};
};

struct NodeOptions {
    std::uint16_t cores = 1;
    LinkClass link;
    std::vector<NodeTorrent> torrents = std::vector<NodeTorrent>(1);
    Duration arrives_after{};
    /// Without the Fast extension (BEP 6), as old clients are.
    bool plain = false;
    /// The second core and those after it hear of a torrent so much later than the first.
    Duration core_lag{};
    std::uint64_t up_bytes_per_s = 0;  // 0: unlimited
    std::uint64_t down_bytes_per_s = 0;
    /// What follows from an input may wait for the inputs that come within the same turn of the
    /// core.
    bool turns = false;
    /// Of the sends with payload, this part reads from a slow disk first.
    double cold_reads = 0;
    session::SessionOptions session;  // core, seed, ids and port are set by the node
};

class SimNode;

/// What nodes share.
struct SimWorld {
    EventQueue& queue;
    Payload payload;
    VirtualNetwork& network;  // of payload in bytes
    ParcelNetwork& parcels;   // of payload by name
    /// Of payload by name: where everybody's buffers are, and nobody looks.
    MutableBytes any_payload;
    VirtualTracker& tracker;
    const std::vector<std::shared_ptr<const TestContent>>& contents;
    std::function<void(std::string)> report;  // of a broken invariant
    /// Invariants are checked after one event in so many.
    std::uint64_t check_every = 1;
    std::uint64_t events_unchecked = 0;
    /// By piece of the first content: nodes present that have it.
    std::vector<std::uint32_t> copies{};
    std::function<void(SimNode&)> completed{};  // its first torrent; may be empty
    /// A node ended this connection; may be empty.
    std::function<void(SimNode&, const Endpoint&, session::DropReason)> dropped{};
    /// Called before and after a core deals with `bytes` from a peer; may be empty.
    std::function<void(SimNode&, const Endpoint& remote, std::size_t bytes, bool begins)>
        deals_with{};
    /// What becomes of a tracker's answers on their way; may be empty.
    std::function<void(tracker::AnnounceResult&)> tampers{};
};

/// Sessions that share torrents, rate limits and disks, as the threads of one process do. One
/// thread.
class SimNode {
public:
    static constexpr std::uint16_t port = 6881;

    SimNode(SimWorld& world, NodeOptions options, std::uint32_t number, std::uint64_t seed);
    SimNode(const SimNode&) = delete;
    SimNode& operator=(const SimNode&) = delete;

    /// Listens, and starts its torrents.
    void arrive();
    /// Tells everybody and goes.
    void leave();
    /// Dies: its connections are lost, its trackers hear nothing.
    void kill();

    std::uint32_t index() const { return index_; }
    const NodeOptions& options() const { return options_; }
    Endpoint address() const { return address_; }
    bool complete(std::size_t torrent = 0) const;
    bool arrived() const { return !cores_.empty(); }
    bool gone() const { return gone_; }
    const std::vector<std::string>& failures() const { return failures_; }
    /// Downloads that had to wait for a disk.
    const std::vector<std::string>& pauses() const { return pauses_; }
    std::uint32_t completions() const { return completions_; }
    std::size_t torrent_count() const { return torrents_.size(); }
    const session::SharedTorrent& shared(std::size_t torrent) const {
        return *torrents_[torrent].shared;
    }
    const std::vector<std::unique_ptr<SimCore>>& cores() const { return cores_; }
    VirtualDisk& disk(TorrentId torrent) { return *torrents_[torrent.value].disk; }
    const VirtualDisk& disk(TorrentId torrent) const { return *torrents_[torrent.value].disk; }
    std::uint64_t dropped(session::DropReason reason) const;
    Time arrived_at() const { return arrived_at_; }
    /// Handed to its connections, whatever it was.
    std::uint64_t bytes_sent() const { return bytes_sent_; }
    /// Of the first content: empty until then.
    std::optional<Time> first_stored_at() const { return first_stored_at_; }
    std::optional<Time> completed_at() const { return completed_at_; }
    /// It found that this address sends false data, of whatever torrent.
    bool bans(const IpAddress& address) const;

    // For its cores.
    EventQueue& queue() { return world_.queue; }
    VirtualNetwork& network() { return world_.network; }
    ParcelNetwork& parcels() { return world_.parcels; }
    bool by_name() const { return world_.payload == Payload::names; }
    MutableBytes any_payload() const { return world_.any_payload; }
    SimCore& core(CoreIndex core) { return *cores_[core.value]; }
    tracker::AnnounceResult announce(const tracker::AnnounceRequest& request);
    void on_complete(TorrentId torrent);
    void on_input(const Endpoint& remote, std::size_t bytes, bool begins);
    void on_dropped(const Endpoint& remote, session::DropReason reason);
    void on_sent(std::size_t bytes) { bytes_sent_ += bytes; }
    /// Of what the node itself can't choose.
    Prng& chance() { return chance_; }
    void on_written(TorrentId torrent, PieceIndex piece);
    void on_failed(TorrentId torrent, std::string reason);
    void on_paused(TorrentId torrent, std::string reason);
    void on_metadata(TorrentId torrent, const std::vector<Endpoint>& peers);
    void check();
    void check_send(const session::SendPlan& plan) { invariants_.check_send(*this, plan); }
    void report(const std::string& what);

private:
    struct Torrent {
        std::size_t content = 0;
        std::unique_ptr<session::SharedTorrent> shared;
        std::unique_ptr<VirtualDisk> disk;  // none for a magnet
    };

    void go();
    void add(const NodeTorrent& torrent, const std::vector<Endpoint>& peers);
    session::SessionOptions core_options(std::uint16_t core, Prng& random, const PeerId& peer_id);

    SimWorld& world_;
    const NodeOptions options_;
    const Endpoint address_;
    const std::uint32_t index_;
    Prng random_;
    Prng chance_;
    TokenBucket up_;
    TokenBucket down_;
    bool gone_ = false;
    Time arrived_at_{};
    std::optional<Time> first_stored_at_;
    std::optional<Time> completed_at_;
    std::vector<Torrent> torrents_;  // by TorrentId
    std::vector<std::string> failures_;
    std::vector<std::string> pauses_;
    std::uint32_t completions_ = 0;
    std::uint64_t bytes_sent_ = 0;
    Invariants invariants_;
    std::vector<std::unique_ptr<SimCore>> cores_;
};

}  // namespace spate::sim
