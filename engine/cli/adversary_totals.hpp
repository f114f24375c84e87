#pragma once
// engine/cli/adversary_totals.hpp: what many runs of `sim adversary` found, in a file.
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "engine/cli/console.hpp"

namespace spate::cli {

/// Sums over seeds that follow one another. Written whole by renaming, so that an interrupted run
/// loses at most what it hadn't added yet.
class AdversaryTotals {
public:
    /// `kinds` as the user named them. Of a file that isn't there yet: empty. A sentence when it
    /// can't be read, or is of other kinds.
    static std::expected<AdversaryTotals, std::string> read(const std::string& path,
                                                            std::uint64_t first_seed,
                                                            const std::vector<std::string>& kinds);

    /// What the run of the next seed said.
    void add(const Json& run);
    std::expected<void, std::string> write(const std::string& path) const;

    std::uint64_t next_seed() const { return next_seed_; }
    Json json() const;

private:
    std::uint64_t first_seed_ = 1;
    std::uint64_t next_seed_ = 1;
    std::vector<std::string> kinds_;
    Json sums_ = Json::object();
    Json peaks_ = Json::object();
    Json failing_ = Json::array();
};

}  // namespace spate::cli
