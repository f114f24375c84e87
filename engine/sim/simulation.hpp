#pragma once
// engine/sim/simulation.hpp: a swarm of real sessions in virtual time.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/prng.hpp"
#include "engine/sim/event_queue.hpp"
#include "engine/sim/parcel_network.hpp"
#include "engine/sim/sim_node.hpp"
#include "engine/sim/test_content.hpp"
#include "engine/sim/virtual_network.hpp"
#include "engine/sim/virtual_tracker.hpp"

namespace spate::sim {

struct Scenario {
    std::uint64_t seed = 1;
    std::vector<TestContent::Shape> contents{TestContent::Shape{}};
    NetworkFaults faults{};
    Payload payload = Payload::bytes;
    /// Invariants are checked after one event in so many.
    std::uint64_t check_every = 1;
};

/// Nodes, network, tracker and contents of one run. Everything that happens follows from the
/// scenario, its seed and the nodes added, so that the same ones give the same trace hash. One
/// thread.
class Simulation {
public:
    explicit Simulation(Scenario scenario);
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;
    ~Simulation();

    /// It arrives after NodeOptions::arrives_after.
    SimNode& add_node(NodeOptions options);
    void add_nodes(std::size_t count, const NodeOptions& options);
    /// An action of the scenario, at a time from the start.
    void at(Duration after_start, std::function<void()> action);

    /// Runs until `done` holds (true), an invariant is broken, or `virtual_time_max` passes
    /// (false).
    bool run_until(const std::function<bool()>& done, Duration virtual_time_max);
    void run_for(Duration virtual_time);
    /// Every node that hasn't gone has arrived and has all its torrents.
    bool all_complete() const;

    const std::vector<std::unique_ptr<SimNode>>& nodes() const { return nodes_; }
    SimNode& node(std::size_t index) { return *nodes_[index]; }
    const TestContent& content(std::size_t index = 0) const { return *contents_[index]; }
    VirtualNetwork& network() { return network_; }
    ParcelNetwork& parcels() { return parcels_; }
    const ParcelNetwork& parcels() const { return parcels_; }
    VirtualTracker& tracker() { return tracker_; }
    /// By piece of the first content: nodes present that have it.
    const std::vector<std::uint32_t>& copies() const { return world_.copies; }
    /// Called when a node has the whole of its first torrent.
    void when_complete(std::function<void(SimNode&)> action) {
        world_.completed = std::move(action);
    }
    /// Called when a node ends a connection.
    void when_dropped(std::function<void(SimNode&, const Endpoint&, session::DropReason)> action) {
        world_.dropped = std::move(action);
    }
    /// Called before and after a node deals with bytes from a peer.
    void when_dealing(std::function<void(SimNode&, const Endpoint&, std::size_t, bool)> action) {
        world_.deals_with = std::move(action);
    }
    /// Changes what the tracker answers.
    void tamper(std::function<void(tracker::AnnounceResult&)> change) {
        world_.tampers = std::move(change);
    }
    EventQueue& queue() { return queue_; }
    Time start() const { return start_; }
    Duration elapsed() const { return queue_.now() - start_; }
    std::uint64_t trace_hash() const { return queue_.trace_hash(); }
    std::uint64_t events_run() const { return queue_.events_run(); }
    /// The first invariant that was broken: where, when and which. Empty: none.
    const std::string& violation() const { return violation_; }

private:
    Prng random_;
    EventQueue queue_;
    const Time start_;
    VirtualNetwork network_;
    ParcelNetwork parcels_;
    std::vector<std::byte> any_payload_;
    VirtualTracker tracker_;
    std::vector<std::shared_ptr<const TestContent>> contents_;
    std::string violation_;
    SimWorld world_;
    std::vector<std::unique_ptr<SimNode>> nodes_;
    mutable std::size_t complete_before_ =
        0;  // the nodes before this one were, when last looked at
};

}  // namespace spate::sim
