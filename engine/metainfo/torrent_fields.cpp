#include "engine/metainfo/torrent_fields.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "engine/metainfo/text.hpp"

namespace spate::metainfo {
namespace {

using bencode::Node;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The URL in `node`, if there is one that could be asked.
std::optional<std::string> read_url(Node node) {
    const std::string_view url = trimmed(node.as_string().value_or(""));
    if (url.empty() || url.size() > url_bytes_max) return std::nullopt;
    if (has_control_byte(url)) return std::nullopt;
    return std::string(url);
}

/// Distinct URLs, addresses_max at most. Looks at a few times as many values and no further, so
/// that a hostile list costs little.
class DistinctUrls {
public:
    /// The URL in `node`, unless it can't be used or came before.
    std::optional<std::string> admit(Node node) {
        if (considered_ == considered_max || seen_.size() == addresses_max) return std::nullopt;
        ++considered_;
        auto url = read_url(node);
        if (!url || std::ranges::find(seen_, *url) != seen_.end()) return std::nullopt;
        seen_.push_back(*url);
        return url;
    }

    const std::vector<std::string>& all() const { return seen_; }

private:
    static constexpr std::size_t considered_max = 4 * addresses_max;

    std::vector<std::string> seen_;
    std::size_t considered_ = 0;
};

std::vector<std::vector<std::string>> read_announce_list(Node root) {
    std::vector<std::vector<std::string>> tiers;
    const auto list = root.find_list("announce-list");
    if (!list) return tiers;
    DistinctUrls urls;
    for (const Node item : list->items()) {
        std::vector<std::string> tier;
        const auto add = [&](Node node) {
            if (auto url = urls.admit(node)) tier.push_back(std::move(*url));
        };
        if (item.is_string()) add(item);  // some programs forget the inner list
        for (const Node url : item.items()) add(url);
        if (!tier.empty()) tiers.push_back(std::move(tier));
    }
    return tiers;
}

/// BEP 12: where "announce-list" has anything, "announce" is not looked at.
std::vector<std::vector<std::string>> read_tiers(Node root) {
    auto tiers = read_announce_list(root);
    if (!tiers.empty()) return tiers;
    const auto announce = root.find("announce");
    auto url = announce ? read_url(*announce) : std::nullopt;
    if (url) tiers.push_back({std::move(*url)});
    return tiers;
}

/// A list of URLs, or one URL without a list (BEP 19).
std::vector<std::string> read_urls(Node root, std::string_view key) {
    const auto value = root.find(key);
    if (!value) return {};
    DistinctUrls urls;
    if (value->is_string()) urls.admit(*value);
    for (const Node item : value->items()) urls.admit(item);
    return urls.all();
}

std::optional<HostPort> read_node(Node node) {
    if (node.size() != 2) return std::nullopt;
    auto item = node.items().begin();
    const auto host = read_url(*item);
    const auto port = (*++item).as_integer();
    if (!host || !port || *port < 1 || *port > 65535) return std::nullopt;
    return HostPort{*host, static_cast<std::uint16_t>(*port)};
}

std::vector<HostPort> read_nodes(Node root) {
    std::vector<HostPort> nodes;
    const auto list = root.find_list("nodes");
    if (!list) return nodes;
    for (const Node item : list->items()) {
        if (nodes.size() == addresses_max) break;
        if (auto node = item.is_list() ? read_node(item) : std::nullopt)
            nodes.push_back(std::move(*node));
    }
    return nodes;
}

std::string read_text(Node root, const std::string& key) {
    auto text = root.find_string(key + ".utf-8");
    if (!text) text = root.find_string(key);
    return clean_text(text.value_or(""), text_bytes_max);
}

}  // namespace

void read_torrent_fields(Node root, Metainfo& torrent) {
    torrent.tracker_tiers = read_tiers(root);
    torrent.web_seeds = read_urls(root, "url-list");
    torrent.http_seeds = read_urls(root, "httpseeds");
    torrent.nodes = read_nodes(root);
    torrent.comment = read_text(root, "comment");
    torrent.created_by = read_text(root, "created by");
    torrent.creation_date = root.find_integer("creation date");
}

}  // namespace spate::metainfo
