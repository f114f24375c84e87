#include "engine/sim/experiment.hpp"

#include <algorithm>
#include <memory>
#include <numeric>

#include "engine/sim/distribution.hpp"
#include "engine/sim/simulation.hpp"

namespace spate::sim {
namespace {

/// What a liar sends, so that its peers wait for the rest: a block in several hours.
constexpr std::uint64_t next_to_nothing_bytes_per_s = 1;
/// Events between two looks at the progress.
constexpr std::uint64_t progress_events = 100'000;

/// Exponentially distributed, by comparisons alone (von Neumann, 1951), so that it is the same on
/// every machine whatever its mathematical library.
Duration exponential(Prng& random, Duration mean) {
    for (double whole = 0;; whole += 1) {
        const double first = random.unit();
        double before = first;
        unsigned falling = 1;
        for (double next = random.unit(); next < before; next = random.unit()) {
            before = next;
            ++falling;
        }
        if (falling % 2 == 1)
            return Duration(
                static_cast<std::int64_t>((whole + first) * static_cast<double>(mean.count())));
    }
}

/// One run: the nodes and what is measured of them.
class ExperimentRun {
public:
    explicit ExperimentRun(const Experiment& experiment);
    ExperimentResult run(const ExperimentProgress& progress);

private:
    struct Member {
        SimNode* node;
        std::uint32_t peer_class;
    };

    static Scenario scenario(const Experiment& experiment);
    NodeOptions node_options(const PeerClass& of) const;
    void populate(const PeerClass& of, std::uint32_t index);
    void plan_faults();
    void on_complete(SimNode& node);
    void sample_from(Duration at);
    void sample();
    double done() const;
    bool finished() const;
    PeerResult peer_result(const Member& member) const;
    void count_bans(ExperimentResult& result) const;

    const PeerClass& class_of(const Member& member) const {
        return experiment_.classes[member.peer_class];
    }

    const Experiment& experiment_;
    Simulation simulation_;
    Prng random_;
    std::vector<Member> members_;  // in the order of their nodes
    std::vector<Sample> samples_;
    std::uint64_t sent_before_ = 0;
    Duration sampled_at_{};
    mutable std::size_t finished_before_ = 0;  // the members before this one were
};

Scenario ExperimentRun::scenario(const Experiment& experiment) {
    const std::uint32_t piece = experiment.piece_bytes > 0 ? experiment.piece_bytes
                                                           : piece_bytes_for(experiment.file_bytes);
    return {.seed = experiment.seed,
            .contents = {{.total_bytes = experiment.file_bytes, .piece_length_bytes = piece}},
            .faults = experiment.faults,
            .payload = Payload::names,
            .check_every = experiment.check_every};
}

ExperimentRun::ExperimentRun(const Experiment& experiment)
    : experiment_(experiment), simulation_(scenario(experiment)), random_(~experiment.seed) {
    for (std::uint32_t i = 0; i < experiment.classes.size(); ++i)
        populate(experiment.classes[i], i);
    plan_faults();
    simulation_.when_complete([this](SimNode& node) { on_complete(node); });
    sample_from(experiment.sample_every);
}

NodeOptions ExperimentRun::node_options(const PeerClass& of) const {
    NodeOptions options;
    options.link = of.link;
    options.torrents.front().seed = of.seed || !of.honest();
    options.torrents.front().disk.corrupts_reads = !of.honest();
    options.session.home.upload_slots =
        of.free_rider ? 0 : of.upload_slots.value_or(swarm::Choker::slots_of(of.leech_strategy));
    options.session.home.leech_strategy = of.leech_strategy;
    options.session.home.seed_strategy = of.seed_strategy;
    options.session.home.uplink_bytes_per_s = of.link.up_bytes_per_s;
    options.session.piece_mode = of.piece_mode;
    options.session.super_seed = of.super_seed;
    if (of.play_bytes_per_s > 0)
        options.torrents.front().play = {.rate_bytes_per_s = of.play_bytes_per_s,
                                         .starts_after = of.play_after,
                                         .sets_deadlines = of.play_deadlines};
    options.session.home.peers_max = of.connections_max;
    if (of.lies) options.up_bytes_per_s = next_to_nothing_bytes_per_s;
    return options;
}

void ExperimentRun::populate(const PeerClass& of, std::uint32_t index) {
    NodeOptions options = node_options(of);
    const Duration gap = of.count > 0 ? of.arrives_over / of.count : Duration{};
    Duration at = of.arrives_at;
    for (std::uint32_t i = 0; i < of.count; ++i) {
        options.arrives_after = at;
        SimNode& node = simulation_.add_node(options);
        members_.push_back({&node, index});
        if (of.leaves_at)
            simulation_.at(*of.leaves_at, [&node] {
                if (!node.gone()) node.leave();
            });
        if (of.arrival == Arrival::evenly) at += gap;
        if (of.arrival == Arrival::poisson) at += exponential(random_, gap);
    }
}

void ExperimentRun::plan_faults() {
    if (const auto down = experiment_.tracker_down) {
        simulation_.at(down->from, [this] { simulation_.tracker().set_down(true); });
        simulation_.at(down->until, [this] { simulation_.tracker().set_down(false); });
    }
    if (const auto partition = experiment_.partition) {
        simulation_.at(partition->when.from, [this, part = partition->part] {
            for (const Member& member : members_)
                simulation_.parcels().set_side(member.node->index(), random_.unit() < part ? 1 : 0);
            simulation_.parcels().cut_between_sides();
        });
        simulation_.at(partition->when.until, [this] {
            for (const Member& member : members_)
                simulation_.parcels().set_side(member.node->index(), 0);
        });
    }
}

void ExperimentRun::on_complete(SimNode& node) {
    const PeerClass& of = class_of(members_[node.index()]);
    if (!of.stays) return;
    simulation_.at(simulation_.elapsed() + *of.stays, [&node] {
        if (!node.gone()) node.leave();
    });
}

// --- Measuring

void ExperimentRun::sample_from(Duration at) {
    simulation_.at(at, [this, at] {
        sample();
        sample_from(at + experiment_.sample_every);
    });
}

void ExperimentRun::sample() {
    Sample sample{.seconds = to_seconds(simulation_.elapsed())};
    std::uint64_t sent = 0;
    std::uint64_t uplinks = 0;
    for (const Member& member : members_) {
        sent += simulation_.parcels().traffic(member.node->index()).sent_bytes;
        if (!class_of(member).seed && member.node->completions() > 0) ++sample.completed;
        if (!member.node->arrived() || member.node->gone() || !class_of(member).honest()) continue;
        uplinks += class_of(member).link.up_bytes_per_s;
        ++(member.node->complete() ? sample.seeds : sample.downloaders);
    }
    const double seconds = to_seconds(simulation_.elapsed() - sampled_at_);
    if (uplinks > 0 && seconds > 0)
        sample.upload_utilisation =
            static_cast<double>(sent - sent_before_) / (static_cast<double>(uplinks) * seconds);
    sent_before_ = sent;
    sampled_at_ = simulation_.elapsed();
    const auto& copies = simulation_.copies();
    const auto [least, most] = std::ranges::minmax_element(copies);
    sample.copies_min = *least;
    sample.copies_max = *most;
    sample.copies_mean =
        static_cast<double>(std::accumulate(copies.begin(), copies.end(), std::uint64_t{0})) /
        static_cast<double>(copies.size());
    samples_.push_back(sample);
}

double ExperimentRun::done() const {
    std::uint64_t stored = 0;
    std::uint64_t wanted = 0;
    for (const Member& member : members_) {
        if (class_of(member).seed || !class_of(member).honest()) continue;
        wanted += experiment_.file_bytes;
        if (member.node->arrived()) stored += member.node->shared(0).counters.stored.load();
    }
    return wanted == 0 ? 1 : static_cast<double>(stored) / static_cast<double>(wanted);
}

bool ExperimentRun::finished() const {
    const auto finished = [](const SimNode& node) {
        return node.gone() || (node.arrived() && node.complete());
    };
    while (finished_before_ < members_.size() && finished(*members_[finished_before_].node))
        ++finished_before_;
    return finished_before_ == members_.size();
}

ExperimentResult ExperimentRun::run(const ExperimentProgress& progress) {
    bool stopped = false;
    std::uint64_t next_look = progress_events;
    const auto ended = [&] {
        if (simulation_.events_run() >= next_look) {
            next_look += progress_events;
            stopped = !progress(done());
        }
        return stopped || finished();
    };
    simulation_.run_until(ended, experiment_.duration_max);
    sample();
    ExperimentResult result{.seed = experiment_.seed,
                            .trace_hash = simulation_.trace_hash(),
                            .events = simulation_.events_run(),
                            .virtual_seconds = to_seconds(simulation_.elapsed()),
                            .samples = std::move(samples_),
                            .everyone_finished = finished(),
                            .failure = simulation_.violation()};
    for (const Member& member : members_)
        if (!class_of(member).seed && class_of(member).honest() && member.node->arrived())
            result.peers.push_back(peer_result(member));
    count_bans(result);
    return result;
}

PeerResult ExperimentRun::peer_result(const Member& member) const {
    const SimNode& node = *member.node;
    const auto& traffic = simulation_.parcels().traffic(node.index());
    const auto after_arrival = [&](std::optional<Time> at) -> std::optional<double> {
        if (!at) return std::nullopt;
        return to_seconds(*at - node.arrived_at());
    };
    const session::TorrentCounters& counters = node.shared(0).counters;
    const Time playing_since = counters.playing_since.load();
    return {.peer_class = member.peer_class,
            .arrived_seconds = to_seconds(node.arrived_at() - simulation_.start()),
            .first_piece_seconds = after_arrival(node.first_stored_at()),
            .download_seconds = after_arrival(node.completed_at()),
            .sent_bytes = traffic.sent_bytes,
            .received_bytes = traffic.received_bytes,
            .late_pieces = counters.late_pieces.load(),
            .play_start_seconds =
                after_arrival(playing_since == Time{} ? std::optional<Time>() : playing_since)};
}

void ExperimentRun::count_bans(ExperimentResult& result) const {
    for (const Member& member : members_) {
        if (!member.node->arrived()) continue;
        result.wasted_bytes += member.node->shared(0).counters.wasted.load();
        if (member.node->dropped(session::DropReason::false_data) == 0) continue;
        for (const Member& other : members_)
            if (member.node->bans(other.node->address().address))
                ++(class_of(other).honest() ? result.honest_bans : result.bans);
    }
}

double quantile(const std::vector<double>& sorted, double part) {
    if (sorted.empty()) return 0;
    return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

double mean(const std::vector<double>& values) {
    if (values.empty()) return 0;
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

ClassSummary summarise_class(const PeerClass& of, const ExperimentResult& result,
                             std::uint32_t index) {
    ClassSummary summary{.name = of.name};
    std::vector<double> downloads;
    std::vector<double> first_pieces;
    std::vector<double> ratios;
    std::vector<double> late;
    std::vector<double> play_starts;
    for (const PeerResult& peer : result.peers) {
        if (peer.peer_class != index) continue;
        ++summary.peers;
        if (peer.download_seconds) downloads.push_back(*peer.download_seconds);
        if (peer.first_piece_seconds) first_pieces.push_back(*peer.first_piece_seconds);
        ratios.push_back(peer.share_ratio());
        late.push_back(peer.late_pieces);
        if (peer.play_start_seconds) play_starts.push_back(*peer.play_start_seconds);
    }
    std::ranges::sort(downloads);
    std::ranges::sort(first_pieces);
    summary.completed = static_cast<std::uint32_t>(downloads.size());
    summary.first_piece_median_seconds = quantile(first_pieces, 0.5);
    summary.download_min_seconds = quantile(downloads, 0);
    summary.download_median_seconds = quantile(downloads, 0.5);
    summary.download_mean_seconds = mean(downloads);
    summary.download_max_seconds = quantile(downloads, 1);
    summary.share_ratio_mean = mean(ratios);
    if (of.play_bytes_per_s == 0) return summary;
    std::ranges::sort(play_starts);
    summary.late_pieces_mean = mean(late);
    summary.play_start_median_seconds = quantile(play_starts, 0.5);
    return summary;
}

}  // namespace

double PeerResult::share_ratio() const {
    return static_cast<double>(sent_bytes) /
           static_cast<double>(std::max<std::uint64_t>(received_bytes, 1));
}

ExperimentResult run(const Experiment& experiment, const ExperimentProgress& progress) {
    return ExperimentRun(experiment).run(progress);
}

std::vector<ClassSummary> summarise(const Experiment& experiment, const ExperimentResult& result) {
    std::vector<ClassSummary> summaries;
    for (std::uint32_t i = 0; i < experiment.classes.size(); ++i) {
        const PeerClass& of = experiment.classes[i];
        if (of.seed || !of.honest()) continue;
        summaries.push_back(summarise_class(of, result, i));
    }
    return summaries;
}

}  // namespace spate::sim
