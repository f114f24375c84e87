#include <algorithm>

#include "engine/metainfo/bencode_writer.hpp"
#include "engine/tracker/http_server_codec.hpp"

namespace spate::tracker {
namespace {

using Writer = metainfo::bencode::Writer<std::string>;

std::string_view phrase(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 431:
            return "Request Header Fields Too Large";
        default:
            return "Bad Request";
    }
}

void write_compact(Writer& writer, const std::vector<Endpoint>& peers, IpAddress::Family family) {
    std::vector<std::byte> compact;
    for (const Endpoint& peer : peers)
        if (peer.address.family() == family) append_compact(compact, peer);
    writer.string(compact);
}

/// BEP 3's list, its optional "peer id" left out: the server doesn't keep peer ids.
void write_plain(Writer& writer, const std::vector<Endpoint>& peers) {
    writer.begin_list();
    for (const Endpoint& peer : peers)
        writer.begin_dict()
            .key("ip")
            .string(peer.address.to_string())
            .key("port")
            .integer(peer.port)
            .end();
    writer.end();
}

struct Answer {
    unsigned status = 200;
    std::string body;
};

Answer answer_route(TrackerServer& server, const HttpRoute& route, const IpAddress& source,
                    Time now) {
    if (const auto* announce = std::get_if<HttpAnnounce>(&route)) {
        const auto response = server.handle_announce(announce->request, source, now);
        if (!response) return {200, failure_body(describe(response.error()))};
        return {200, announce_body(*response, source.family(), announce->compact)};
    }
    if (const auto* scrape = std::get_if<HttpScrape>(&route))
        return {200, scrape_body(server.handle_scrape(scrape->info_hashes))};
    if (const auto* refusal = std::get_if<HttpRefusal>(&route))
        return {200, failure_body(refusal->reason)};
    if (std::holds_alternative<HttpStatistics>(route))
        return {200, statistics_body(server.statistics())};
    const unsigned status = std::get<HttpFault>(route).status;
    return {status, std::string(phrase(status)) + "\n"};
}

}  // namespace

std::string announce_body(const AnnounceResponse& response, IpAddress::Family family,
                          bool compact) {
    std::string body;
    Writer writer(body);
    writer.begin_dict();
    if (response.seeders) writer.key("complete").integer(*response.seeders);
    if (response.external_ip) writer.key("external ip").string(response.external_ip->bytes());
    if (response.leechers) writer.key("incomplete").integer(*response.leechers);
    writer.key("interval").integer(response.interval / 1s);
    if (response.min_interval > Duration::zero())
        writer.key("min interval").integer(response.min_interval / 1s);
    writer.key("peers");
    if (compact) {
        write_compact(writer, response.peers, IpAddress::Family::v4);
        if (family == IpAddress::Family::v6) {
            writer.key("peers6");
            write_compact(writer, response.peers, IpAddress::Family::v6);
        }
    } else {
        write_plain(writer, response.peers);
    }
    writer.end();
    return body;
}

std::string scrape_body(const ScrapeResponse& response) {
    std::vector<ScrapeEntry> sorted = response.torrents;
    std::ranges::sort(sorted, {}, &ScrapeEntry::info_hash);
    const auto repeated = std::ranges::unique(sorted, {}, &ScrapeEntry::info_hash);
    sorted.erase(repeated.begin(), repeated.end());
    std::string body;
    Writer writer(body);
    writer.begin_dict().key("files").begin_dict();
    for (const auto& [info_hash, counts] : sorted)
        writer.key(as_text(info_hash.bytes))
            .begin_dict()
            .key("complete")
            .integer(counts.seeders)
            .key("downloaded")
            .integer(counts.completed)
            .key("incomplete")
            .integer(counts.leechers)
            .end();
    writer.end().end();
    return body;
}

std::string failure_body(std::string_view reason) {
    std::string body;
    Writer(body).begin_dict().key("failure reason").string(reason).end();
    return body;
}

std::string statistics_body(const TrackerStatistics& statistics) {
    const auto line = [](std::string_view name, std::uint64_t value) {
        return std::string(name) + " " + std::to_string(value) + "\n";
    };
    return "spate tracker\n" + line("torrents", statistics.torrents) +
           line("seeds", statistics.seeds) + line("leechers", statistics.leechers) +
           line("announces", statistics.announces) +
           line("announces_refused", statistics.announces_refused) +
           line("scrapes", statistics.scrapes);
}

std::string http_response(unsigned status, std::string_view body, const HttpRequest& request) {
    std::string response = "HTTP/1.1 " + std::to_string(status) + " ";
    response.append(phrase(status));
    response += "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size());
    if (status == 405) response += "\r\nAllow: GET, HEAD";
    response += request.keep_alive ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
    response += "\r\n\r\n";
    if (!request.head_only) response.append(body);
    return response;
}

std::string answer_http(TrackerServer& server, const HttpRequest& request, const IpAddress& source,
                        Time now) {
    const auto [status, body] = answer_route(server, request.route, source, now);
    return http_response(status, body, request);
}

}  // namespace spate::tracker
