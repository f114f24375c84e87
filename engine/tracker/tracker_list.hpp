#pragma once
// engine/tracker/tracker_list.hpp: the trackers that a torrent names.
#include <algorithm>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace spate::tracker {

/// Tiers of URLs (BEP 12). Immutable, so copies share their memory, and with TrackerLists equal
/// lists do: of a seed's thousands of torrents most name the same trackers. Any thread.
class TrackerList {
public:
    using Tiers = std::vector<std::vector<std::string>>;

    TrackerList() = default;
    TrackerList(Tiers tiers)  // NOLINT(google-explicit-constructor): it is the same thing
        : tiers_(tiers.empty() ? nullptr : std::make_shared<const Tiers>(std::move(tiers))) {}

    std::span<const std::vector<std::string>> tiers() const {
        return tiers_ ? std::span(*tiers_) : std::span<const std::vector<std::string>>();
    }
    /// All URLs in their order.
    std::vector<std::string> urls() const {
        std::vector<std::string> urls;
        for (const auto& tier : tiers()) urls.insert(urls.end(), tier.begin(), tier.end());
        return urls;
    }
    bool shares_memory_with(const TrackerList& other) const { return tiers_ == other.tiers_; }

private:
    std::shared_ptr<const Tiers> tiers_;  // nullptr: no tracker
};

/// Gives out one list for all that are equal. One thread.
class TrackerLists {
public:
    TrackerList share(TrackerList::Tiers tiers) {
        return *lists_.insert(TrackerList(std::move(tiers))).first;
    }

private:
    struct ByContent {
        bool operator()(const TrackerList& a, const TrackerList& b) const {
            return std::ranges::lexicographical_compare(a.tiers(), b.tiers());
        }
    };
    std::set<TrackerList, ByContent> lists_;
};

}  // namespace spate::tracker
