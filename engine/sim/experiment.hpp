#pragma once
// engine/sim/experiment.hpp: a swarm as a scenario describes it, and what came of it.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.hpp"
#include "engine/sim/fluid_model.hpp"
#include "engine/sim/virtual_network.hpp"
#include "engine/swarm/choker.hpp"
#include "engine/swarm/piece_order.hpp"

namespace spate::sim {

/// When the peers of a class come.
enum class Arrival : std::uint8_t {
    together,  // all at `arrives_at`
    evenly,    // at equal distances within `arrives_over`
    poisson,   // at random distances, on average the same
};

/// Peers that are alike.
struct PeerClass {
    std::string name = "peer";
    std::uint32_t count = 1;
    LinkClass link{};
    bool seed = false;
    Arrival arrival = Arrival::together;
    Duration arrives_at{};
    Duration arrives_over{};
    /// Leaves so long after it has everything; none: it stays and serves.
    std::optional<Duration> stays{};
    /// Leaves at this time, whatever it has.
    std::optional<Duration> leaves_at{};
    std::optional<std::uint32_t> upload_slots{};  // none: as the strategy wants
    swarm::LeechStrategy leech_strategy = swarm::LeechStrategy::tit_for_tat;
    swarm::SeedStrategy seed_strategy = swarm::SeedStrategy::round_robin;
    swarm::PieceMode piece_mode = swarm::PieceMode::rarest_first;
    /// Plays the file at this rate while it comes; 0: doesn't.
    std::uint64_t play_bytes_per_s = 0;
    /// Playing begins so long after the peer came; none: with a start-up buffer.
    std::optional<Duration> play_after{};
    /// False: pieces are picked as `piece_mode` says, and it is only looked how many are late.
    bool play_deadlines = true;
    bool super_seed = false;
    std::uint32_t connections_max = 50;
    /// Takes, and gives nothing.
    bool free_rider = false;
    /// Says that it has everything, and every block that it sends is false.
    bool corrupts = false;
    /// Says that it has everything, unchokes, and sends next to nothing.
    bool lies = false;

    bool honest() const { return !corrupts && !lies; }
};

struct Interval {
    Duration from{};
    Duration until{};
};

struct Partition {
    Interval when{};
    double part = 0.5;  // of the nodes that are cut off from the others
};

struct Experiment {
    std::string name{};
    std::string title{};
    std::uint64_t file_bytes = 64 << 20;
    std::uint32_t piece_bytes = 0;  // 0: piece_bytes_for()
    std::vector<PeerClass> classes{};
    NetworkFaults faults{};
    std::optional<Interval> tracker_down{};
    std::optional<Partition> partition{};
    Duration duration_max = 1h;
    Duration sample_every = 1s;
    std::optional<FluidModel> fluid{};  // to compare with
    std::uint64_t seed = 1;
    /// Invariants are checked after one event in so many.
    std::uint64_t check_every = 1'000;
};

/// The swarm at one instant.
struct Sample {
    double seconds = 0;
    std::uint32_t downloaders = 0;  // present, without everything
    std::uint32_t seeds = 0;        // present, with everything
    std::uint32_t completed = 0;    // so far, whether still there or not
    std::uint32_t copies_min = 0;   // of a piece, among those present
    double copies_mean = 0;
    std::uint32_t copies_max = 0;
    double upload_utilisation = 0;  // since the sample before, of the uplinks of all present
};

/// One downloader of the swarm.
struct PeerResult {
    std::uint32_t peer_class = 0;
    double arrived_seconds = 0;
    std::optional<double> first_piece_seconds{};  // after it arrived
    std::optional<double> download_seconds{};     // until it had everything; none: it never had
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
    std::uint32_t late_pieces = 0;               // when it played
    std::optional<double> play_start_seconds{};  // after it arrived; none: it never began

    double share_ratio() const;
};

struct ExperimentResult {
    std::uint64_t seed = 0;
    std::uint64_t trace_hash = 0;
    std::uint64_t events = 0;
    double virtual_seconds = 0;
    std::vector<Sample> samples{};
    std::vector<PeerResult> peers{};
    std::uint64_t bans = 0;         // of peers that sent false data
    std::uint64_t honest_bans = 0;  // of peers that didn't
    std::uint64_t wasted_bytes = 0;
    bool everyone_finished = false;  // whoever is honest and didn't leave before
    std::string failure{};           // an invariant that was broken; empty: none
};

/// Part of the download that is done, 0 to 1, now and then; false ends the run.
using ExperimentProgress = std::function<bool(double done)>;

/// Runs until every honest downloader has everything or is gone, or duration_max has passed.
ExperimentResult run(const Experiment& experiment, const ExperimentProgress& progress);

/// Summary of a class's peers. Quantiles are of those that completed; 0 when there is none.
struct ClassSummary {
    std::string name;
    std::uint32_t peers = 0;
    std::uint32_t completed = 0;
    double first_piece_median_seconds = 0;
    double download_min_seconds = 0;
    double download_median_seconds = 0;
    double download_mean_seconds = 0;
    double download_max_seconds = 0;
    double share_ratio_mean = 0;
    // Of a class that plays.
    std::optional<double> late_pieces_mean{};
    std::optional<double> play_start_median_seconds{};
};
/// One for each class of downloaders, in the experiment's order.
std::vector<ClassSummary> summarise(const Experiment& experiment, const ExperimentResult& result);

}  // namespace spate::sim
