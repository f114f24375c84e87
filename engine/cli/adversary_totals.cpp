#include "engine/cli/adversary_totals.hpp"

#include <algorithm>
#include <fstream>
#include <span>

#include <fmt/format.h>

#include "engine/cli/torrent_maker.hpp"

namespace spate::cli {
namespace {

constexpr const char* summed[] = {"events", "virtual_seconds", "wall_seconds", "hostile_bytes",
                                  "hostile_connections"};
constexpr const char* highest[] = {"slowdown_max", "held_bytes_max", "letters_max", "outputs_max"};

}  // namespace

std::expected<AdversaryTotals, std::string> AdversaryTotals::read(
    const std::string& path, std::uint64_t first_seed, const std::vector<std::string>& kinds) {
    AdversaryTotals totals;
    totals.first_seed_ = first_seed;
    totals.next_seed_ = first_seed;
    totals.kinds_ = kinds;
    std::ifstream file(path);
    if (!file) return totals;
    const Json text = Json::parse(file, nullptr, false);
    if (!text.is_object() || text.value("scenario", "") != "adversary")
        return std::unexpected(fmt::format("'{}' is no file of totals; name another", path));
    if (text.value("kinds", std::vector<std::string>()) != kinds)
        return std::unexpected(
            fmt::format("the totals in '{}' are of other --kinds; name another file", path));
    totals.first_seed_ = text.value("first_seed", first_seed);
    totals.next_seed_ = text.value("next_seed", first_seed);
    totals.sums_ = text.value("sums", Json::object());
    totals.peaks_ = text.value("peaks", Json::object());
    totals.failing_ = text.value("failing", Json::array());
    return totals;
}

void AdversaryTotals::add(const Json& run) {
    ++next_seed_;
    for (const char* name : summed)
        if (run.contains(name)) sums_[name] = sums_.value(name, 0.0) + run[name].get<double>();
    for (const char* name : highest)
        if (run.contains(name))
            peaks_[name] = std::max(peaks_.value(name, 0.0), run[name].get<double>());
    const std::string failure = run.value("failure", "");
    if (!failure.empty()) failing_.push_back({{"seed", run["seed"]}, {"failure", failure}});
}

std::expected<void, std::string> AdversaryTotals::write(const std::string& path) const {
    const std::string text = json().dump(2) + "\n";
    return write_file(path, std::as_bytes(std::span(text)));
}

Json AdversaryTotals::json() const {
    return {{"scenario", "adversary"},
            {"kinds", kinds_},
            {"first_seed", first_seed_},
            {"next_seed", next_seed_},
            {"rounds", next_seed_ - first_seed_},
            {"failed", failing_.size()},
            {"sums", sums_},
            {"peaks", peaks_},
            {"failing", failing_}};
}

}  // namespace spate::cli
