#include "engine/sim/adversary/hostile_tracker.hpp"

#include <array>
#include <string>

namespace spate::sim {
namespace {

constexpr std::uint64_t junk_peers_max = 100;
/// The first answers are honest peers' only way to each other.
constexpr unsigned answers_before_failures = 12;

}  // namespace

Endpoint HostileTracker::junk() {
    std::array<std::byte, 4> address{};
    random_.fill(address);
    switch (random_.below(6)) {
        case 0:
            address = {std::byte{127}, std::byte{0}, std::byte{0}, std::byte{1}};
            break;
        case 1:
            address = {};
            break;
        case 2:
            address[0] = std::byte{224};
            break;
        case 3:
            address[0] = std::byte{192}, address[1] = std::byte{168};
            break;
        default:
            address[0] = std::byte{198}, address[1] = std::byte{18};
            break;
    }
    const auto port = static_cast<std::uint16_t>(random_.below(8) == 0 ? 0 : random_());
    return {IpAddress(Bytes(address)), port};
}

void HostileTracker::change(tracker::AnnounceResult& result) {
    ++answers_;
    if (!result) return;
    if (answers_ > answers_before_failures && random_.below(3) == 0) {
        result = std::unexpected(tracker::TrackerFailure{
            .sentence = std::string(random_.below(4'000), 'n'),
            .retry_in = random_.below(2) == 0 ? std::optional<Duration>(0s) : std::nullopt});
        return;
    }
    const std::uint64_t count = random_.below(junk_peers_max);
    for (std::uint64_t i = 0; i < count; ++i) result->peers.push_back(junk());
    random_.shuffle(std::span(result->peers));
    constexpr Duration intervals[] = {0s, 1s, 60s, 8'760h, -5s};
    result->interval = intervals[random_.below(std::size(intervals))];
    result->min_interval = intervals[random_.below(3)];
    result->seeders = static_cast<std::uint32_t>(random_());
    result->leechers = static_cast<std::uint32_t>(random_());
    if (random_.below(2) == 0) result->warning = std::string(random_.below(4'000), 'w');
    if (random_.below(3) == 0) result->external_ip = junk().address;
}

}  // namespace spate::sim
