#include "engine/driver/verdict.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

namespace spate::driver {
namespace {

/// Of a core's time: from here on the sentence says that others took the CPU.
constexpr double crowded_share_min = 0.25;

double waited(const CoreLedger& core, WaitCause cause) {
    return core.wait_seconds[static_cast<std::size_t>(cause)];
}

/// At work, or ready to.
double computing(const CoreLedger& core) {
    return core.busy_seconds + core.cpu_wait_seconds;
}

double active(const CoreLedger& core) {
    return std::max(core.loop_seconds - waited(core, WaitCause::idle), 0.0);
}

double ratio(double part, double whole) {
    return whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0.0;
}

using Parts = std::array<double, bottleneck_names.size()>;

/// Seconds by bottleneck, without idle ones.
Parts parts_of(const CoreLedger& core) {
    Parts parts{};
    const auto at = [&](Bottleneck bottleneck) -> double& {
        return parts[static_cast<std::size_t>(bottleneck)];
    };
    at(Bottleneck::core) = computing(core);
    at(Bottleneck::hashing) = waited(core, WaitCause::hashing);
    at(Bottleneck::disk) = waited(core, WaitCause::disk);
    at(Bottleneck::peers) = waited(core, WaitCause::peers_take) +
                            waited(core, WaitCause::peers_give) +
                            waited(core, WaitCause::peers_ask);
    at(Bottleneck::choking) = waited(core, WaitCause::peers_choke) + waited(core, WaitCause::slots);
    at(Bottleneck::rate_limit) = waited(core, WaitCause::rate_limit);
    return parts;
}

std::string core_sentence(const CoreLedger& core, Bottleneck bottleneck, double share) {
    std::string sentence =
        bottleneck == Bottleneck::hashing
            ? fmt::format(
                  "hashing: a core was busy for {:.0f} % of the time, {:.0f} % of that with "
                  "checking pieces",
                  100 * share, 100 * ratio(core.hash_seconds, computing(core)))
            : fmt::format(
                  "the CPU: a core was busy for {:.0f} % of the time; more cores (--cores) "
                  "help if there are more connections",
                  100 * share);
    const double crowded = ratio(core.cpu_wait_seconds, computing(core));
    if (crowded >= crowded_share_min)
        sentence += fmt::format(" ({:.0f} % of it, other programs had its CPU)", 100 * crowded);
    return sentence;
}

std::string peers_sentence(const CoreLedger& core, double share) {
    const double take = waited(core, WaitCause::peers_take);
    const double give = waited(core, WaitCause::peers_give);
    const double ask = waited(core, WaitCause::peers_ask);
    const std::string_view what = take >= std::max(give, ask) ? "data was sent and not yet taken"
                                  : give >= ask ? "blocks were asked for and had not come"
                                                : "peers that were served asked for nothing more";
    return fmt::format("the peers or the network to them: for {:.0f} % of the time {}", 100 * share,
                       what);
}

std::string choking_sentence(const CoreLedger& core, double share) {
    const bool ours = waited(core, WaitCause::slots) > waited(core, WaitCause::peers_choke);
    return fmt::format("choking: for {:.0f} % of the time {}", 100 * share,
                       ours ? "peers wanted data and had no upload slot (--upload-slots)"
                            : "peers had what is wanted and did not unchoke us");
}

std::string wait_sentence(const CoreLedger& core, Bottleneck bottleneck, double share) {
    switch (bottleneck) {
        case Bottleneck::disk:
            return fmt::format("the disk: for {:.0f} % of the time reads or writes were waited for",
                               100 * share);
        case Bottleneck::hashing:
            return fmt::format("hashing: for {:.0f} % of the time complete pieces were waited for",
                               100 * share);
        case Bottleneck::choking:
            return choking_sentence(core, share);
        case Bottleneck::rate_limit:
            return fmt::format(
                "the rate limit: for {:.0f} % of the time what --up, --down, --torrent-up or "
                "--torrent-down allows was used up",
                100 * share);
        default:
            return peers_sentence(core, share);
    }
}

Verdict judge_cores(const CoreLedger& core) {
    const Parts parts = parts_of(core);
    const auto largest = std::ranges::max_element(parts);
    auto bottleneck = static_cast<Bottleneck>(largest - parts.begin());
    const double share = ratio(*largest, active(core));
    if (bottleneck != Bottleneck::core)
        return {bottleneck, share, wait_sentence(core, bottleneck, share)};
    if (core.hash_seconds >= computing(core) / 2) bottleneck = Bottleneck::hashing;
    return {bottleneck, share, core_sentence(core, bottleneck, share)};
}

}  // namespace

Verdict judge(const Ledger& ledger) {
    const CoreLedger total = ledger.total();
    const double idle = ratio(waited(total, WaitCause::idle), total.loop_seconds);
    const bool all_idle = std::ranges::all_of(ledger.cores, [](const CoreLedger& core) {
        return ratio(active(core), core.loop_seconds) <= 1 - idle_share_min;
    });
    if (all_idle)
        return {Bottleneck::idle, idle,
                "nothing: no peer asked for anything or had what is wanted"};
    const auto busiest = std::ranges::max_element(ledger.cores, {}, computing);
    const bool saturated = ratio(computing(*busiest), active(*busiest)) >= saturated_share_min &&
                           ratio(active(*busiest), busiest->loop_seconds) > 1 - idle_share_min;
    Verdict verdict = judge_cores(saturated ? *busiest : total);
    if (idle >= 0.5) verdict.sentence += fmt::format("; {:.0f} % of the run was idle", 100 * idle);
    return verdict;
}

}  // namespace spate::driver
