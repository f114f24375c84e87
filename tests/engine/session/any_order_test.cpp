// Whatever peers say and a driver may do, in any order: a call answered or lost, a receive that
// ends early or late, a cold read, a send cut off, hashes, writes, mail between two cores,
// trackers, failures, stops, time. No assertion is met and in the end nothing is left. See
// SessionWorld, and for_each_seed() for longer runs.
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/prng.hpp"
#include "tests/engine/random_rounds.hpp"
#include "tests/fuzz/session_world.hpp"

namespace spate::session {
namespace {

void run_world(std::uint64_t seed, std::size_t bytes_max) {
    Prng random(seed);
    std::vector<std::byte> input(8 + random.below(bytes_max));
    random.fill(input);
    fuzz::SessionWorld world{Bytes(input)};
    while (world.step()) {
    }
    world.finish();
}

TEST(SessionAnyOrder, ShortLivesEndWithNothingLeft) {
    for_each_seed(2'000, [](std::uint64_t seed) { run_world(seed, 400); });
}

TEST(SessionAnyOrder, LongLivesEndWithNothingLeft) {
    for_each_seed(150, [](std::uint64_t seed) { run_world(seed, 12'000); });
}

}  // namespace
}  // namespace spate::session
