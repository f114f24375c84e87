#pragma once
// engine/cli/told_warnings.hpp: the same warning for each of a thousand torrents is one warning.
#include <cstddef>
#include <string>
#include <unordered_map>

#include "engine/base/time.hpp"

namespace spate::cli {

/// Which sentences about what the user was told lately. Bounded: the oldest memory is lost at once
/// when there is too much of it. One thread.
class ToldWarnings {
public:
    static constexpr Duration silence = 1h;
    static constexpr std::size_t kept_max = 1'000;

    /// Whether to tell it now; it counts as told then.
    bool is_news(const std::string& sentence, const std::string& about, Time now) {
        if (told_.size() >= kept_max) told_.clear();
        const auto [entry, added] = told_.try_emplace(about + '\n' + sentence, now);
        if (!added && now - entry->second < silence) return false;
        entry->second = now;
        return true;
    }

private:
    std::unordered_map<std::string, Time> told_;
};

}  // namespace spate::cli
