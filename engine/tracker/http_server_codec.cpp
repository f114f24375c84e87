#include "engine/tracker/http_server_codec.hpp"

#include <algorithm>
#include <charconv>

#include "engine/tracker/tracker_url.hpp"

namespace spate::tracker {
namespace {

/// Calls `visit(name, decoded value)` for each parameter until it says no; false for a bad escape.
template <class Visit>
bool for_each_parameter(std::string_view query, Visit visit) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view parameter = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const std::size_t equals = parameter.find('=');
        if (equals == std::string_view::npos) continue;
        const auto value = percent_decode(parameter.substr(equals + 1));
        if (!value) return false;
        if (!visit(parameter.substr(0, equals), *value)) break;
    }
    return true;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

template <class D>
bool assign_digest(D& digest, std::string_view value) {
    if (value.size() != D::size_bytes) return false;
    std::ranges::copy(as_bytes(value), digest.bytes.begin());
    return true;
}

AnnounceEvent parse_event(std::string_view name) {
    if (name == "started") return AnnounceEvent::started;
    if (name == "completed") return AnnounceEvent::completed;
    if (name == "stopped") return AnnounceEvent::stopped;
    return AnnounceEvent::none;  // "paused" (BEP 21) and whatever else
}

/// What an announce can't do without, found so far; and the first thing wrong with it.
struct AnnounceFields {
    HttpAnnounce announce;
    bool has_info_hash = false;
    bool has_peer_id = false;
    bool has_port = false;
    bool has_left = false;
    std::string_view wrong;

    void set(std::string_view name, std::string_view value);
    void set_number(std::string_view name, std::string_view value);
};

void AnnounceFields::set(std::string_view name, std::string_view value) {
    AnnounceRequest& request = announce.request;
    if (name == "info_hash") {
        has_info_hash = assign_digest(request.info_hash, value);
        if (!has_info_hash) wrong = "info_hash is not 20 bytes";
    } else if (name == "peer_id") {
        has_peer_id = assign_digest(request.peer_id, value);
        if (!has_peer_id) wrong = "peer_id is not 20 bytes";
    } else if (name == "event") {
        request.event = parse_event(value);
    } else if (name == "compact") {
        announce.compact = value != "0";
    } else if (name == "ip") {
        request.ip = IpAddress::parse(value);
    } else if (name == "key") {
        request.key = parse_number<std::uint32_t>(value, 16).value_or(0);
    } else {
        set_number(name, value);
    }
}

void AnnounceFields::set_number(std::string_view name, std::string_view value) {
    AnnounceRequest& request = announce.request;
    if (name == "port") {
        const auto port = parse_number<std::uint16_t>(value);
        if (!port) wrong = "port is not a port number";
        request.port = port.value_or(0);
        has_port = true;
    } else if (name == "left") {
        const auto left = parse_number<std::uint64_t>(value);
        // Some clients say -1 before they have the metadata: they want everything.
        request.left = left.value_or(UINT64_MAX);
        has_left = true;
    } else if (name == "uploaded") {
        request.uploaded = parse_number<std::uint64_t>(value).value_or(0);
    } else if (name == "downloaded") {
        request.downloaded = parse_number<std::uint64_t>(value).value_or(0);
    } else if (name == "numwant") {
        request.num_want = parse_number<std::int32_t>(value).value_or(-1);
    }
}

struct RequestLine {
    std::string_view method;
    std::string_view target;
    bool http_1_0 = false;
};

std::optional<RequestLine> parse_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return std::nullopt;
    const std::string_view version = line.substr(last + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return std::nullopt;
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const auto is_text = [](char c) { return c > 0x20 && c < 0x7f; };
    if (target.empty() || !std::ranges::all_of(target, is_text)) return std::nullopt;
    return RequestLine{line.substr(0, first), target, version == "HTTP/1.0"};
}

std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lowered;
}

struct Headers {
    bool close = false;
    bool keep_alive = false;
    bool has_body = false;
};

Headers parse_headers(std::string_view lines) {
    Headers headers;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find("\r\n"), lines.size());
        const std::string line = lower(lines.substr(0, end));
        lines.remove_prefix(std::min(end + 2, lines.size()));
        const std::string_view text(line);
        if (text.starts_with("connection:")) {
            headers.close = text.find("close") != std::string_view::npos;
            headers.keep_alive = text.find("keep-alive") != std::string_view::npos;
        } else if (text.starts_with("content-length:")) {
            const std::size_t value = text.find_first_not_of(" \t", 15);
            headers.has_body = value == std::string_view::npos || text.substr(value) != "0";
        } else if (text.starts_with("transfer-encoding:")) {
            headers.has_body = true;
        }
    }
    return headers;
}

HttpRoute route_of(std::string_view target) {
    // RFC 9112, 3.2.2: a target with scheme and authority is to be understood too.
    if (target.starts_with("http://")) {
        const std::size_t path = target.find('/', 7);
        target = path == std::string_view::npos ? "/" : target.substr(path);
    }
    const std::size_t question = std::min(target.find('?'), target.size());
    const std::string_view path = target.substr(0, question);
    const std::string_view query = target.substr(std::min(question + 1, target.size()));
    if (path == "/announce") {
        auto announce = parse_announce_query(query);
        if (!announce) return HttpRefusal{announce.error()};
        return std::move(*announce);
    }
    if (path == "/scrape") {
        auto scrape = parse_scrape_query(query);
        if (!scrape) return HttpRefusal{scrape.error()};
        return std::move(*scrape);
    }
    if (path == "/") return HttpStatistics{};
    return HttpFault{404};
}

}  // namespace

std::expected<HttpAnnounce, std::string_view> parse_announce_query(std::string_view query) {
    AnnounceFields fields;
    const bool whole =
        for_each_parameter(query, [&](std::string_view name, std::string_view value) {
            fields.set(name, value);
            return fields.wrong.empty();
        });
    if (!whole) return std::unexpected("a percent escape is broken");
    if (!fields.wrong.empty()) return std::unexpected(fields.wrong);
    if (!fields.has_info_hash) return std::unexpected("info_hash is missing");
    if (!fields.has_peer_id) return std::unexpected("peer_id is missing");
    if (!fields.has_port) return std::unexpected("port is missing");
    if (!fields.has_left) fields.announce.request.left = UINT64_MAX;
    return fields.announce;
}

std::expected<HttpScrape, std::string_view> parse_scrape_query(std::string_view query) {
    HttpScrape scrape;
    bool wrong = false;
    const bool whole =
        for_each_parameter(query, [&](std::string_view name, std::string_view value) {
            if (name != "info_hash") return true;
            InfoHash hash;
            wrong = !assign_digest(hash, value);
            if (!wrong) scrape.info_hashes.push_back(hash);
            return !wrong && scrape.info_hashes.size() < scrape_torrents_max;
        });
    if (!whole) return std::unexpected("a percent escape is broken");
    if (wrong) return std::unexpected("info_hash is not 20 bytes");
    if (scrape.info_hashes.empty()) return std::unexpected("a scrape of everything is not offered");
    return scrape;
}

bool HttpRequestParser::handle_bytes(Bytes bytes) {
    if (bytes.size() > http_request_buffer_max - buffer_.size()) return false;
    buffer_.append(as_text(bytes));
    return true;
}

HttpRequest HttpRequestParser::fault(unsigned status) {
    broken_ = true;
    buffer_.clear();
    return {.route = HttpFault{status}, .head_only = false, .keep_alive = false};
}

std::optional<HttpRequest> HttpRequestParser::poll_request() {
    if (broken_) return std::nullopt;
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (std::min(end, buffer_.size()) > http_request_head_size_max) return fault(431);
    if (end == std::string::npos) return std::nullopt;
    const std::string head = buffer_.substr(0, end);
    buffer_.erase(0, end + 4);

    const std::size_t line_end = std::min(head.find("\r\n"), head.size());
    const auto line = parse_request_line(std::string_view(head).substr(0, line_end));
    if (!line) return fault(400);
    if (line->method != "GET" && line->method != "HEAD") return fault(405);
    const Headers headers =
        parse_headers(std::string_view(head).substr(std::min(line_end + 2, head.size())));
    if (headers.has_body) return fault(413);
    return HttpRequest{.route = route_of(line->target),
                       .head_only = line->method == "HEAD",
                       .keep_alive = line->http_1_0 ? headers.keep_alive : !headers.close};
}

}  // namespace spate::tracker
