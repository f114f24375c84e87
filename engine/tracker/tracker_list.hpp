#pragma once
// engine/tracker/tracker_list.hpp: the trackers that a torrent names.
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/tracker/reach.hpp"

namespace spate::tracker {

/// Tiers of URLs (BEP 12). Immutable, so copies share their memory, and with TrackerLists equal
/// lists do: of a seed's thousands of torrents most name the same trackers. Any thread.
class TrackerList {
public:
    using Tiers = std::vector<std::vector<std::string>>;
    using Urls = std::set<std::string, std::less<>>;

    TrackerList() = default;
    /// All of them are the torrent's word.
    TrackerList(Tiers tiers)  // NOLINT(google-explicit-constructor): it is the same thing
    {
        if (!tiers.empty())
            content_ = std::make_shared<const Content>(Content{std::move(tiers), {}});
    }
    /// Those of `named_by_user` are the user's word, whoever else names them.
    static TrackerList with_users(Tiers tiers, Urls named_by_user) {
        TrackerList list;
        if (!tiers.empty())
            list.content_ = std::make_shared<const Content>(
                Content{std::move(tiers), std::move(named_by_user)});
        return list;
    }

    std::span<const std::vector<std::string>> tiers() const {
        return content_ ? std::span(content_->tiers) : std::span<const std::vector<std::string>>();
    }
    Origin origin_of(std::string_view url) const {
        return content_ && content_->named_by_user.contains(url) ? Origin::user : Origin::torrent;
    }
    /// All URLs in their order.
    std::vector<std::string> urls() const {
        std::vector<std::string> urls;
        for (const auto& tier : tiers()) urls.insert(urls.end(), tier.begin(), tier.end());
        return urls;
    }
    bool shares_memory_with(const TrackerList& other) const { return content_ == other.content_; }

private:
    friend class TrackerLists;
    struct Content {
        Tiers tiers;
        Urls named_by_user;
        auto operator<=>(const Content&) const = default;
    };

    std::shared_ptr<const Content> content_;  // nullptr: no tracker
};

/// Each URL once.
inline TrackerList::Urls urls_of(const TrackerList::Tiers& tiers) {
    TrackerList::Urls urls;
    for (const auto& tier : tiers) urls.insert(tier.begin(), tier.end());
    return urls;
}

/// Gives out one list for all that are equal. One thread.
class TrackerLists {
public:
    TrackerList share(TrackerList::Tiers tiers, TrackerList::Urls named_by_user = {}) {
        auto list = TrackerList::with_users(std::move(tiers), std::move(named_by_user));
        return *lists_.insert(std::move(list)).first;
    }

private:
    struct ByContent {
        bool operator()(const TrackerList& a, const TrackerList& b) const {
            if (!a.content_ || !b.content_) return !a.content_ && b.content_;
            return *a.content_ < *b.content_;
        }
    };
    std::set<TrackerList, ByContent> lists_;
};

}  // namespace spate::tracker
