#include "engine/sim/simulation.hpp"

#include <algorithm>

namespace spate::sim {

namespace {

/// Room for a buffer of any session.
std::size_t any_payload_bytes(const Scenario& scenario) {
    if (scenario.payload == Payload::bytes) return 0;
    std::size_t bytes = swarm::PieceBuffers::discard_size_bytes;
    for (const TestContent::Shape& shape : scenario.contents)
        bytes = std::max<std::size_t>(bytes, shape.piece_length_bytes);
    return bytes;
}

}  // namespace

Simulation::Simulation(Scenario scenario)
    : random_(scenario.seed),
      start_(queue_.now()),
      network_(queue_, scenario.faults, random_()),
      parcels_(queue_, scenario.faults, scenario.seed),
      any_payload_(any_payload_bytes(scenario)),
      world_{.queue = queue_,
             .payload = scenario.payload,
             .network = network_,
             .parcels = parcels_,
             .any_payload = any_payload_,
             .tracker = tracker_,
             .contents = contents_,
             .report =
                 [this](std::string what) {
                     if (violation_.empty()) violation_ = std::move(what);
                 },
             .check_every = scenario.check_every} {
    for (std::size_t i = 0; i < scenario.contents.size(); ++i)
        contents_.push_back(
            std::make_shared<const TestContent>(scenario.contents[i], i + 1, scenario.payload));
    world_.copies.resize(contents_.front()->metainfo()->piece_count());
}

Simulation::~Simulation() = default;

SimNode& Simulation::add_node(NodeOptions options) {
    const Duration arrives_after = options.arrives_after;
    const auto number = static_cast<std::uint32_t>(nodes_.size() + 1);
    nodes_.push_back(std::make_unique<SimNode>(world_, std::move(options), number, random_()));
    SimNode& node = *nodes_.back();
    at(arrives_after, [&node] { node.arrive(); });
    return node;
}

void Simulation::add_nodes(std::size_t count, const NodeOptions& options) {
    for (std::size_t i = 0; i < count; ++i) add_node(options);
}

void Simulation::at(Duration after_start, std::function<void()> action) {
    queue_.schedule(start_ + after_start, {EventKind::scenario, 0, 0, 0}, std::move(action));
}

bool Simulation::run_until(const std::function<bool()>& done, Duration virtual_time_max) {
    const Time deadline = queue_.now() + virtual_time_max;
    while (violation_.empty()) {
        if (done()) return true;
        if (!queue_.run_next(deadline)) return false;
    }
    return false;
}

void Simulation::run_for(Duration virtual_time) {
    run_until([] { return false; }, virtual_time);
}

bool Simulation::all_complete() const {
    const auto complete = [](const SimNode& node) {
        if (node.gone()) return true;
        if (!node.arrived()) return false;
        const std::size_t first = node.torrent_count() - node.options().torrents.size();
        for (std::size_t i = first; i < node.torrent_count(); ++i)
            if (!node.complete(i)) return false;
        return true;
    };
    // Who has everything keeps it, so this is asked after every event at little cost.
    while (complete_before_ < nodes_.size() && complete(*nodes_[complete_before_]))
        ++complete_before_;
    return complete_before_ == nodes_.size();
}

}  // namespace spate::sim
