#include "engine/cli/doubtful_files.hpp"

#include <algorithm>

namespace spate::cli {

void DoubtfulFiles::doubt(std::uint32_t number, Time now) {
    File& file = files_[number];
    const bool was_calm = now - file.changed_at > calm;
    file.pause = was_calm ? pause_min : std::clamp(2 * file.pause, pause_min, pause_max);
    file.changed_at = now;
    file.check_at = now + file.pause;
    file.lost.reset();
}

void DoubtfulFiles::whole(std::uint32_t number) {
    files_[number].lost.reset();
}

void DoubtfulFiles::lost(std::uint32_t number, const std::optional<Stamp>& looks, Time now) {
    File& file = files_[number];
    if (file.check_at) return;
    file.lost = looks;
    file.check_at = now + lost_interval;
}

std::optional<DoubtfulFiles::Stamp> DoubtfulFiles::lost_look(std::uint32_t number) const {
    const auto found = files_.find(number);
    return found == files_.end() ? std::nullopt : found->second.lost;
}

bool DoubtfulFiles::due(Time now) const {
    return std::ranges::any_of(files_, [&](const auto& entry) {
        return entry.second.check_at && *entry.second.check_at <= now;
    });
}

std::vector<std::uint32_t> DoubtfulFiles::take_due(Time now) {
    std::vector<std::uint32_t> due;
    for (auto& [number, file] : files_) {
        if (!file.check_at || *file.check_at > now) continue;
        file.check_at.reset();
        due.push_back(number);
    }
    return due;
}

}  // namespace spate::cli
