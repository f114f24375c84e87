#include "engine/sim/adversary/adversary.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/sim/adversary/attacker.hpp"
#include "engine/sim/adversary/hostile_tracker.hpp"
#include "engine/sim/adversary/swarm_plan.hpp"
#include "engine/sim/adversary/verdict.hpp"

namespace spate::sim {
namespace {

/// Nobody waits longer for a download than this.
constexpr Duration calm_time_max = 20min;
/// Of all attackers together.
constexpr std::uint64_t hostile_bytes_max = 6 << 20;
/// A node that comes last still has its time.
constexpr Duration arrivals_max = 10s;
/// From the last connection's end until nothing of it may be left.
constexpr Duration after_all = 5s;
/// Burdens are looked at after one hostile input in so many.
constexpr std::uint64_t look_every = 8;

/// One of the two swarms of a seed.
class Run {
public:
    Run(const AdversaryOptions& options, const SwarmPlan& plan);

    /// Without attackers: how long each node took.
    std::vector<Duration> run_calm();
    /// With them.
    void run_attacked(const std::vector<Duration>& calm);

    /// How long the slowest honest peer took.
    Duration last_done() const { return last_done_; }
    void add_to(AdversaryResult& result) const;

private:
    void bring_attackers();
    void watch();
    void on_dealing(SimNode& node, const Endpoint& remote, std::size_t bytes, bool begins);
    void judge(std::optional<std::string> broken);
    void judge_nodes(const std::vector<Duration>& calm);
    void judge_work();
    void end();
    bool all_done() const;
    bool honest(const IpAddress& address) const { return by_address_.contains(address); }
    std::optional<Duration> time_of(const SimNode& node) const;

    const AdversaryOptions& options_;
    const SwarmPlan& plan_;
    Simulation simulation_;
    Field field_;
    std::optional<HostileTracker> tracker_;
    std::vector<std::unique_ptr<Attacker>> attackers_;
    std::map<IpAddress, SimNode*> by_address_;
    std::map<const SimNode*, std::uint64_t> received_;
    std::string failure_;
    Burden burden_;
    std::uint64_t dealings_ = 0;
    std::uint64_t hostile_receives_ = 0;
    std::uint64_t hostile_received_ = 0;
    std::uint64_t work_ns_ = 0;
    std::uint64_t work_began_ns_ = 0;
    std::vector<double> slowdowns_;
    Duration last_done_{};
};

Run::Run(const AdversaryOptions& options, const SwarmPlan& plan)
    : options_(options),
      plan_(plan),
      simulation_(
          {.seed = options.seed, .contents = plan.contents, .check_every = options.check_every}),
      field_{.simulation = simulation_, .random = Prng(~options.seed)} {
    field_.bytes_said_max = hostile_bytes_max;
    for (const NodeOptions& node : plan.honest) {
        SimNode& added = simulation_.add_node(node);
        by_address_[added.address().address] = &added;
    }
}

std::optional<Duration> Run::time_of(const SimNode& node) const {
    if (node.options().torrents.front().seed) return Duration{};
    if (!node.completed_at()) return std::nullopt;
    return *node.completed_at() - node.arrived_at();
}

bool Run::all_done() const {
    return simulation_.all_complete() &&
           std::ranges::all_of(simulation_.nodes(),
                               [this](const auto& node) { return time_of(*node).has_value(); });
}

void Run::judge(std::optional<std::string> broken) {
    if (!broken || !failure_.empty()) return;
    failure_ = fmt::format("at {:.6f} s: {}", to_seconds(simulation_.elapsed()), *broken);
}

std::vector<Duration> Run::run_calm() {
    if (!simulation_.run_until([this] { return all_done(); }, calm_time_max))
        judge("without attackers: " + (simulation_.violation().empty()
                                           ? std::string("not everybody has everything")
                                           : simulation_.violation()));
    std::vector<Duration> times;
    for (const auto& node : simulation_.nodes()) {
        times.push_back(time_of(*node).value_or(calm_time_max));
        last_done_ = std::max(last_done_, times.back());
    }
    return times;
}

// --- Under attack

void Run::bring_attackers() {
    std::uint8_t number = 0;
    for (const Party& party : plan_.parties) {
        if (party.kind == AttackKind::trackers) tracker_.emplace(options_.seed);
        const auto network = static_cast<std::byte>(10 + number++);
        for (std::uint32_t i = 0; i < party.addresses; ++i) {
            const std::array<std::byte, 4> address{std::byte{203}, network, std::byte{113},
                                                   static_cast<std::byte>(i + 1)};
            attackers_.push_back(std::make_unique<Attacker>(
                field_, party.kind, IpAddress(Bytes(address)), party.connections));
        }
    }
    if (tracker_)
        simulation_.tamper([this](tracker::AnnounceResult& result) { tracker_->change(result); });
    for (const auto& node : simulation_.nodes())
        simulation_.at(node->options().arrives_after + field_.upto(300ms), [this, &node] {
            field_.honest.push_back(node->address());
            for (const auto& attacker : attackers_)
                if (node->options().torrents.front().seed || field_.chance(0.8))
                    attacker->attack(node->address());
        });
}

void Run::watch() {
    simulation_.when_dropped(
        [this](SimNode& node, const Endpoint& remote, session::DropReason reason) {
            if (!is_accusation(reason) || !honest(remote.address)) return;
            judge(fmt::format("node {} drops node {}, which is honest, for {}", node.index(),
                              by_address_.at(remote.address)->index(),
                              session::drop_reason_names[static_cast<std::size_t>(reason)]));
        });
    simulation_.when_dealing([this](SimNode& node, const Endpoint& remote, std::size_t bytes,
                                    bool begins) { on_dealing(node, remote, bytes, begins); });
}

void Run::on_dealing(SimNode& node, const Endpoint& remote, std::size_t bytes, bool begins) {
    if (begins) {
        received_[&node] += bytes;
        if (options_.cpu_ns) work_began_ns_ = options_.cpu_ns();
        return;
    }
    if (honest(remote.address)) return;
    if (options_.cpu_ns) work_ns_ += options_.cpu_ns() - work_began_ns_;
    ++hostile_receives_;
    hostile_received_ += bytes;
    if (++dealings_ % look_every != 0) return;
    const Burden now = burden_of(node);
    burden_.take_greater(now);
    judge(judge_burden(node, now));
}

void Run::run_attacked(const std::vector<Duration>& calm) {
    bring_attackers();
    watch();
    const Duration longest = *std::ranges::max_element(calm);
    const bool done =
        simulation_.run_until([this] { return !failure_.empty() || all_done(); },
                              Duration(static_cast<std::int64_t>(
                                  Patience::slowdown_max * static_cast<double>(longest.count()))) +
                                  Patience::slack + arrivals_max);
    if (!simulation_.violation().empty()) judge(simulation_.violation());
    judge_nodes(calm);
    judge(judge_trust(simulation_));
    judge_work();
    if (done && failure_.empty()) end();
}

void Run::judge_nodes(const std::vector<Duration>& calm) {
    for (std::size_t i = 0; i < calm.size(); ++i) {
        const SimNode& node = simulation_.node(i);
        const auto took = time_of(node);
        judge(judge_time(node, took, calm[i]));
        judge(judge_upload(node, received_[&node], simulation_.elapsed()));
        judge(judge_burden(node, burden_of(node)));
        for (const std::string& failure : node.failures()) judge(failure);
        if (!took) continue;
        last_done_ = std::max(last_done_, *took);
        if (calm[i] > Duration{}) slowdowns_.push_back(to_seconds(*took) / to_seconds(calm[i]));
    }
}

void Run::judge_work() {
    const double most = static_cast<double>(hostile_receives_) * BurdenLimits::work_ns_per_receive +
                        static_cast<double>(hostile_received_) * BurdenLimits::work_ns_per_byte;
    if (static_cast<double>(work_ns_) <= most) return;
    judge(fmt::format("{} hostile bytes in {} receives cost {:.3f} s of CPU time",
                      hostile_received_, hostile_receives_, static_cast<double>(work_ns_) * 1e-9));
}

/// Everybody goes; nothing may stay.
void Run::end() {
    field_.over = true;
    for (const auto& attacker : attackers_) attacker->stop();
    simulation_.run_for(after_all);
    for (const auto& node : simulation_.nodes()) node->leave();
    simulation_.run_for(after_all);
    if (!simulation_.violation().empty()) judge(simulation_.violation());
    judge(judge_trust(simulation_));
    for (const auto& node : simulation_.nodes()) judge(judge_leftovers(*node));
}

void Run::add_to(AdversaryResult& result) const {
    result.trace_hash = result.trace_hash * 0x100000001b3 ^ simulation_.trace_hash();
    result.events += simulation_.events_run();
    result.virtual_seconds += to_seconds(simulation_.elapsed());
    result.hostile_bytes += field_.bytes_said;
    result.hostile_connections += field_.connections;
    result.burden.take_greater(burden_);
    if (hostile_received_ > 0)
        result.work_ns_per_byte =
            static_cast<double>(work_ns_) / static_cast<double>(hostile_received_);
    for (const double slowdown : slowdowns_)
        result.slowdown_max = std::max(result.slowdown_max, slowdown);
    if (result.failure.empty()) result.failure = failure_;
}

std::vector<AttackKind> all_kinds() {
    std::vector<AttackKind> kinds;
    for (std::size_t i = 0; i < attack_kind_count; ++i) kinds.push_back(static_cast<AttackKind>(i));
    return kinds;
}

}  // namespace

AdversaryResult run_adversary(const AdversaryOptions& options) {
    AdversaryResult result;
    result.seed = options.seed;
    const SwarmPlan plan =
        draw_plan(options.seed, options.kinds.empty() ? all_kinds() : options.kinds);
    result.swarm = plan.describe();
    for (const Party& party : plan.parties) result.kinds.emplace_back(shape_of(party.kind).name);
    Run calm(options, plan);
    const std::vector<Duration> times = calm.run_calm();
    calm.add_to(result);
    result.calm_seconds = to_seconds(calm.last_done());
    if (!result.failure.empty()) return result;
    Run attacked(options, plan);
    attacked.run_attacked(times);
    attacked.add_to(result);
    result.attacked_seconds = to_seconds(attacked.last_done());
    return result;
}

}  // namespace spate::sim
