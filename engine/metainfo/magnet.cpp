#include "engine/metainfo/magnet.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/base/hex.hpp"
#include "engine/metainfo/text.hpp"
#include "engine/metainfo/uri.hpp"

namespace spate::metainfo {
namespace {

constexpr std::string_view scheme = "magnet:?";
constexpr std::string_view v1_prefix = "urn:btih:";
constexpr std::string_view v2_prefix = "urn:btmh:";
/// The multihash header of BEP 9: SHA-256, 32 bytes.
constexpr std::string_view sha256_multihash = "1220";

/// True, and removed, when `text` starts with `prefix` in any case.
bool strip_prefix(std::string_view& text, std::string_view prefix) {
    if (!starts_with_in_any_case(text, prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

std::optional<InfoHash> read_v1(std::string_view text) {
    InfoHash hash;
    const bool read =
        text.size() == 32 ? from_base32(text, hash.bytes) : from_hex(text, hash.bytes);
    return read ? std::optional(hash) : std::nullopt;
}

std::optional<InfoHashV2> read_v2(std::string_view text) {
    InfoHashV2 hash;
    if (!strip_prefix(text, sha256_multihash) || !from_hex(text, hash.bytes)) return std::nullopt;
    return hash;
}

std::optional<std::uint32_t> read_number(std::string_view text) {
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<HostPort> read_peer(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = read_number(text.substr(colon + 1));
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!bracketed && host.contains(':')) return std::nullopt;
    if (host.find_first_of("[]/@ ") != std::string_view::npos || has_control_byte(host))
        return std::nullopt;
    if (host.empty() || host.size() > 255 || !port || *port == 0 || *port > 65535)
        return std::nullopt;
    return HostPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::optional<FileRange> read_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto first = read_number(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : read_number(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return FileRange{*first, *last};
}

/// Reads parameter after parameter into one magnet.
class Reader {
public:
    /// Fails for a hash that is wrong; everything else wrong is left out.
    std::expected<void, MagnetError> add(std::string_view key, std::string_view value) {
        if (key == "xt") return add_topic(value);
        const auto text = percent_decoded(value);
        if (!text) return {};
        if (key == "dn") add_name(*text);
        if (key == "tr") add_url(magnet_.trackers, *text);
        if (key == "ws") add_url(magnet_.web_seeds, *text);
        if (key == "x.pe") add_peer(*text);
        if (key == "so") add_ranges(*text);
        return {};
    }

    Magnet take() { return std::move(magnet_); }

private:
    std::expected<void, MagnetError> add_topic(std::string_view value) {
        const auto decoded = percent_decoded(value);
        if (!decoded) return std::unexpected(MagnetError::bad_info_hash);
        std::string_view topic = *decoded;
        if (strip_prefix(topic, v1_prefix)) return assign(magnet_.info_hash, read_v1(topic));
        if (strip_prefix(topic, v2_prefix)) return assign(magnet_.info_hash_v2, read_v2(topic));
        return {};
    }

    template <class Hash>
    static std::expected<void, MagnetError> assign(std::optional<Hash>& slot,
                                                   const std::optional<Hash>& hash) {
        if (!hash) return std::unexpected(MagnetError::bad_info_hash);
        if (slot && *slot != *hash) return std::unexpected(MagnetError::two_info_hashes);
        slot = hash;
        return {};
    }

    void add_name(std::string_view text) {
        if (!magnet_.name.empty()) return;
        magnet_.name = clean_text(text, magnet_name_bytes_max);
        std::ranges::replace_if(magnet_.name, [](char c) { return c == '\n' || c == '\t'; }, '_');
    }

    static void add_url(std::vector<std::string>& urls, const std::string& url) {
        const bool usable = !url.empty() && url.size() <= url_bytes_max && !has_control_byte(url);
        if (!usable || urls.size() == magnet_addresses_max) return;
        if (std::ranges::find(urls, url) == urls.end()) urls.push_back(url);
    }

    void add_peer(std::string_view text) {
        auto peer = read_peer(text);
        if (peer && magnet_.peers.size() < magnet_addresses_max)
            magnet_.peers.push_back(std::move(*peer));
    }

    void add_ranges(std::string_view text) {
        while (!text.empty() && magnet_.select_only.size() < magnet_addresses_max) {
            const std::size_t comma = std::min(text.find(','), text.size());
            if (const auto range = read_range(text.substr(0, comma)))
                magnet_.select_only.push_back(*range);
            text.remove_prefix(std::min(comma + 1, text.size()));
        }
    }

    Magnet magnet_;
};

/// "tr.1" is "tr", "amp;tr" (from a link copied out of HTML) too; "x.pe" stays.
std::string_view plain_key(std::string_view key) {
    strip_prefix(key, "amp;");
    const std::size_t dot = key.find('.');
    if (dot == std::string_view::npos) return key;
    return read_number(key.substr(dot + 1)) ? key.substr(0, dot) : key;
}

void append_parameter(std::string& link, std::string_view key, std::string_view value) {
    link += link.back() == '?' ? "" : "&";
    link += key;
    link += '=';
    link += percent_encoded(value);
}

std::string to_text(const HostPort& peer) {
    const bool ipv6 = peer.host.contains(':');
    std::string text(ipv6 ? "[" : "");
    text.append(peer.host).append(ipv6 ? "]:" : ":").append(std::to_string(peer.port));
    return text;
}

std::string to_text(const std::vector<FileRange>& ranges) {
    std::string text;
    for (const FileRange& range : ranges) {
        if (!text.empty()) text += ',';
        text += std::to_string(range.first);
        if (range.last != range.first) text.append("-").append(std::to_string(range.last));
    }
    return text;
}

}  // namespace

std::string_view describe(MagnetError error) {
    switch (error) {
        case MagnetError::not_a_magnet:
            return "it doesn't start with \"magnet:?\"";
        case MagnetError::too_long:
            return "the magnet link is too long";
        case MagnetError::no_info_hash:
            return "the magnet link has no info-hash";
        case MagnetError::bad_info_hash:
            return "the magnet link's info-hash is malformed";
        case MagnetError::two_info_hashes:
            return "the magnet link has two different info-hashes";
    }
    return "the magnet link is malformed";
}

std::expected<Magnet, MagnetError> parse_magnet(std::string_view link) {
    if (link.size() > magnet_bytes_max) return std::unexpected(MagnetError::too_long);
    if (!strip_prefix(link, scheme)) return std::unexpected(MagnetError::not_a_magnet);
    Reader reader;
    while (!link.empty()) {
        const std::string_view parameter = link.substr(0, link.find('&'));
        link.remove_prefix(std::min(parameter.size() + 1, link.size()));
        const std::size_t equals = parameter.find('=');
        if (equals == std::string_view::npos) continue;
        const auto added =
            reader.add(plain_key(parameter.substr(0, equals)), parameter.substr(equals + 1));
        if (!added) return std::unexpected(added.error());
    }
    Magnet magnet = reader.take();
    if (!magnet.info_hash && !magnet.info_hash_v2)
        return std::unexpected(MagnetError::no_info_hash);
    return magnet;
}

std::string format_magnet(const Magnet& magnet) {
    SPATE_ASSERT(magnet.info_hash || magnet.info_hash_v2);
    std::string link(scheme);
    if (magnet.info_hash)
        append_parameter(link, "xt", std::string(v1_prefix) + to_hex(magnet.info_hash->bytes));
    if (magnet.info_hash_v2)
        append_parameter(
            link, "xt",
            std::string(v2_prefix).append(sha256_multihash) + to_hex(magnet.info_hash_v2->bytes));
    if (!magnet.name.empty()) append_parameter(link, "dn", magnet.name);
    for (const std::string& url : magnet.trackers) append_parameter(link, "tr", url);
    for (const std::string& url : magnet.web_seeds) append_parameter(link, "ws", url);
    for (const HostPort& peer : magnet.peers) append_parameter(link, "x.pe", to_text(peer));
    if (!magnet.select_only.empty()) append_parameter(link, "so", to_text(magnet.select_only));
    return link;
}

Magnet magnet_to(const Metainfo& torrent) {
    const bool v2_only =
        torrent.info_hash_v2 && torrent.info_hash == truncated(*torrent.info_hash_v2);
    Magnet magnet{.info_hash = v2_only ? std::nullopt : std::optional(torrent.info_hash),
                  .info_hash_v2 = torrent.info_hash_v2,
                  .name = torrent.name,
                  .trackers = {},
                  .web_seeds = torrent.web_seeds,
                  .peers = {},
                  .select_only = {}};
    for (const auto& tier : torrent.tracker_tiers)
        magnet.trackers.insert(magnet.trackers.end(), tier.begin(), tier.end());
    return magnet;
}

}  // namespace spate::metainfo
