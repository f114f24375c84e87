#include "engine/tracker/http_client.hpp"

#include <algorithm>
#include <unordered_set>

#include "engine/metainfo/bencode.hpp"
#include "engine/tracker/tracker_url.hpp"

namespace spate::tracker {
namespace {

namespace bencode = metainfo::bencode;

/// A plain peer is seven tokens; the depth is that of a scrape's "flags" and some to spare.
constexpr bencode::Limits response_limits{
    .bytes_max = http_response_size_max, .tokens_max = 65'536, .depth_max = 16};

/// Appends "?name=" or "&name=", whichever the URL so far needs.
void append_name(std::string& url, std::string_view name) {
    if (url.find('?') == std::string::npos)
        url += '?';
    else if (url.back() != '?' && url.back() != '&')
        url += '&';
    url.append(name) += '=';
}

void append_number(std::string& url, std::string_view name, std::uint64_t value) {
    append_name(url, name);
    url += std::to_string(value);
}

void append_binary(std::string& url, std::string_view name, Bytes value) {
    append_name(url, name);
    append_percent_encoded(url, value);
}

std::string_view event_name(AnnounceEvent event) {
    switch (event) {
        case AnnounceEvent::none:
            return "";
        case AnnounceEvent::started:
            return "started";
        case AnnounceEvent::completed:
            return "completed";
        case AnnounceEvent::stopped:
            return "stopped";
    }
    return "";
}

std::string key_text(std::uint32_t key) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string text(8, '0');
    for (std::size_t i = 0; i < 8; ++i) text[7 - i] = digits[(key >> (4 * i)) & 15];
    return text;
}

TrackerFailure malformed(std::string sentence) {
    return {TrackerFailureKind::malformed, std::move(sentence), std::nullopt};
}

/// BEP 31: minutes, or "never".
std::optional<Duration> retry_in(bencode::Node response) {
    if (response.find_string("retry in") == "never") return Duration::max();
    const auto minutes = response.find_integer("retry in");
    if (!minutes || *minutes < 0) return std::nullopt;
    constexpr std::int64_t minutes_max = 60L * 24 * 365;
    return std::chrono::minutes(std::min(*minutes, minutes_max));
}

/// The response's dictionary, unless the tracker refused.
std::expected<bencode::Node, TrackerFailure> accepted(const bencode::Document& document) {
    const bencode::Node root = document.root();
    if (!root.is_dict()) return std::unexpected(malformed("the answer is no dictionary"));
    if (const auto reason = root.find_string("failure reason"))
        return std::unexpected(TrackerFailure{TrackerFailureKind::refused,
                                              "the tracker says: " + printable_text(*reason),
                                              retry_in(root)});
    return root;
}

std::optional<Endpoint> plain_peer(bencode::Node peer) {
    const auto ip = peer.find_string("ip");
    const auto port = peer.find_integer("port");
    if (!ip || !port || *port < 1 || *port > 65'535) return std::nullopt;
    const auto address = IpAddress::parse(*ip);  // names (BEP 3) aren't resolved
    if (!address) return std::nullopt;
    return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::vector<Endpoint> peers_of(bencode::Node response) {
    std::vector<Endpoint> peers;
    if (const auto compact = response.find_string("peers"))
        peers = parse_compact_endpoints(as_bytes(*compact), IpAddress::Family::v4);
    if (const auto plain = response.find_list("peers"))
        for (const bencode::Node item : plain->items())
            if (const auto peer = plain_peer(item)) peers.push_back(*peer);
    if (const auto compact = response.find_string("peers6")) {
        const auto more = parse_compact_endpoints(as_bytes(*compact), IpAddress::Family::v6);
        peers.insert(peers.end(), more.begin(), more.end());
    }
    return peers;
}

std::optional<std::uint32_t> count_of(bencode::Node dict, std::string_view key) {
    const auto count = dict.find_integer(key);
    if (!count || *count < 0 || *count > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(*count);
}

std::optional<IpAddress> external_address(bencode::Node response) {
    const auto raw = response.find_string("external ip");
    if (!raw || (raw->size() != 4 && raw->size() != 16)) return std::nullopt;
    return IpAddress(as_bytes(*raw));
}

std::expected<bencode::Document, TrackerFailure> parse_body(Bytes body) {
    // Some trackers end the answer with a new line.
    while (!body.empty() && (body.back() == std::byte{'\n'} || body.back() == std::byte{'\r'}))
        body = body.first(body.size() - 1);
    auto document = bencode::parse(body, response_limits);
    if (document) return std::move(*document);
    return std::unexpected(malformed("the answer isn't bencoded: " + describe(document.error())));
}

/// Cut before repeated ones are looked for, so that a hostile answer costs no more than an honest
/// one.
void keep_dialable(std::vector<Endpoint>& peers) {
    std::erase_if(peers, [](const Endpoint& peer) { return !is_dialable(peer); });
    if (peers.size() > response_peers_max) peers.resize(response_peers_max);
    std::unordered_set<Endpoint> seen;
    std::erase_if(peers, [&](const Endpoint& peer) { return !seen.insert(peer).second; });
}

}  // namespace

std::string announce_url(std::string_view tracker_url, const AnnounceRequest& request) {
    std::string url(tracker_url.substr(0, tracker_url.find('#')));
    append_binary(url, "info_hash", request.info_hash.bytes);
    append_binary(url, "peer_id", request.peer_id.bytes);
    append_number(url, "port", request.port);
    append_number(url, "uploaded", request.uploaded);
    append_number(url, "downloaded", request.downloaded);
    append_number(url, "left", request.left);
    append_number(url, "compact", 1);
    append_number(url, "no_peer_id", 1);
    append_binary(url, "key", as_bytes(key_text(request.key)));
    if (request.num_want >= 0)
        append_number(url, "numwant", static_cast<std::uint64_t>(request.num_want));
    if (request.event != AnnounceEvent::none)
        append_binary(url, "event", as_bytes(event_name(request.event)));
    if (request.ip) append_binary(url, "ip", as_bytes(request.ip->to_string()));
    if (!request.tracker_id.empty()) append_binary(url, "trackerid", as_bytes(request.tracker_id));
    return url;
}

std::optional<std::string> scrape_url(std::string_view tracker_url, const ScrapeRequest& request) {
    std::string url(tracker_url.substr(0, tracker_url.find('#')));
    const std::size_t authority = url.find("://");
    if (authority == std::string::npos) return std::nullopt;
    const std::size_t slash = std::string_view(url).substr(0, url.find('?')).rfind('/');
    constexpr std::string_view announce = "announce";
    if (slash == std::string::npos || slash < authority + 3 ||
        url.compare(slash + 1, announce.size(), announce) != 0)
        return std::nullopt;
    url.replace(slash + 1, announce.size(), "scrape");
    for (const InfoHash& hash : request.info_hashes) append_binary(url, "info_hash", hash.bytes);
    return url;
}

AnnounceResult parse_announce_response(Bytes body) {
    const auto document = parse_body(body);
    if (!document) return std::unexpected(document.error());
    const auto root = accepted(*document);
    if (!root) return std::unexpected(root.error());

    AnnounceResponse response;
    constexpr auto default_seconds = announce_interval_default / 1s;
    response.interval = clamp_interval(root->find_integer("interval").value_or(default_seconds));
    if (const auto seconds = root->find_integer("min interval"); seconds && *seconds > 0)
        response.min_interval = clamp_interval(*seconds);
    response.peers = peers_of(*root);
    keep_dialable(response.peers);
    response.seeders = count_of(*root, "complete");
    response.leechers = count_of(*root, "incomplete");
    const auto tracker_id = root->find_string("tracker id").value_or("");
    if (tracker_id.size() <= tracker_text_size_max) response.tracker_id = tracker_id;
    response.warning = printable_text(root->find_string("warning message").value_or(""));
    response.external_ip = external_address(*root);
    return response;
}

ScrapeResult parse_scrape_response(Bytes body) {
    const auto document = parse_body(body);
    if (!document) return std::unexpected(document.error());
    const auto root = accepted(*document);
    if (!root) return std::unexpected(root.error());
    const auto files = root->find_dict("files");
    if (!files) return std::unexpected(malformed("the scrape answer has no files"));

    ScrapeResponse response;
    for (const auto [key, counts] : files->entries()) {
        if (response.torrents.size() == scrape_torrents_max) break;
        ScrapeEntry entry;
        if (key.size() != InfoHash::size_bytes) continue;
        std::ranges::copy(as_bytes(key), entry.info_hash.bytes.begin());
        entry.counts = {count_of(counts, "complete").value_or(0),
                        count_of(counts, "downloaded").value_or(0),
                        count_of(counts, "incomplete").value_or(0)};
        response.torrents.push_back(entry);
    }
    return response;
}

void merge_response(AnnounceResponse& into, const AnnounceResponse& other) {
    into.peers.insert(into.peers.end(), other.peers.begin(), other.peers.end());
    keep_dialable(into.peers);
    into.interval = std::max(into.interval, other.interval);
    into.min_interval = std::max(into.min_interval, other.min_interval);
    // A tracker that keeps the families apart counts each; one that doesn't counts everybody twice,
    // so that the larger is the safer claim.
    into.seeders = std::max(into.seeders, other.seeders);
    into.leechers = std::max(into.leechers, other.leechers);
    if (into.tracker_id.empty()) into.tracker_id = other.tracker_id;
    if (into.warning.empty()) into.warning = other.warning;
    if (!into.external_ip) into.external_ip = other.external_ip;
}

}  // namespace spate::tracker
