#pragma once
// tests/engine/random_rounds.hpp: seeds for tests that do whatever may be done, in any order.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

namespace spate {

inline volatile std::uint64_t seed_under_way = 0;

inline void tell_seed(int signal) {
    char sentence[80];
    const int length =
        std::snprintf(sentence, sizeof sentence, "SPATE_SEED=%llu SPATE_ROUNDS=1 does it again\n",
                      static_cast<unsigned long long>(seed_under_way));
    if (length > 0) (void)!write(STDERR_FILENO, sentence, static_cast<std::size_t>(length));
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

inline std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Calls `round(seed)` for `count` seeds from 1 on, up to the first that fails, and tells its seed,
/// also when it aborts. SPATE_SEED is another first seed, SPATE_ROUNDS another count:
///     SPATE_ROUNDS=1000000 session_test --gtest_filter='*AnyOrder*'
template <class Round>
void for_each_seed(std::uint64_t count, Round&& round) {
    const auto old = std::signal(SIGABRT, tell_seed);
    const std::uint64_t first = number_from_environment("SPATE_SEED", 1);
    const std::uint64_t rounds = number_from_environment("SPATE_ROUNDS", count);
    for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
        seed_under_way = seed;
        const testing::ScopedTrace trace(__FILE__, __LINE__, "SPATE_SEED=" + std::to_string(seed));
        round(seed);
        if (testing::Test::HasFailure()) break;
    }
    std::signal(SIGABRT, old);
}

}  // namespace spate
