#pragma once
// engine/sim/adversary/hostile_tracker.hpp: what a tracker may answer besides the truth.
#include "engine/base/prng.hpp"
#include "engine/tracker/announce.hpp"

namespace spate::sim {

/// Names the honest peers, or nobody could find them, among others that aren't there, are inside,
/// or are whoever asks; counts and intervals are nonsense; some announces fail, in floods.
class HostileTracker {
public:
    explicit HostileTracker(std::uint64_t seed) : random_(seed) {}

    void change(tracker::AnnounceResult& result);

private:
    Endpoint junk();

    Prng random_;
    unsigned answers_ = 0;
};

}  // namespace spate::sim
