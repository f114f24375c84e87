#include "engine/tracker/udp_server.hpp"

#include <algorithm>
#include <utility>

#include "engine/tracker/udp_client.hpp"

namespace spate::tracker {
namespace {

constexpr std::size_t announce_body_size = 82;  // without what BEP 41 may append
constexpr std::size_t announce_header_size = 20;

std::uint64_t minute_of(Time now) {
    return static_cast<std::uint64_t>(now.time_since_epoch() / 1min);
}

AnnounceEvent parse_event(std::uint32_t code) {
    switch (code) {
        case 1:
            return AnnounceEvent::completed;
        case 2:
            return AnnounceEvent::started;
        case 3:
            return AnnounceEvent::stopped;
        default:
            return AnnounceEvent::none;
    }
}

/// `body` has at least announce_body_size bytes.
AnnounceRequest parse_announce(Bytes body) {
    ByteReader reader(body);
    AnnounceRequest request;
    std::ranges::copy(*reader.read_bytes(20), request.info_hash.bytes.begin());
    std::ranges::copy(*reader.read_bytes(20), request.peer_id.bytes.begin());
    request.downloaded = *reader.read<std::uint64_t>();
    request.left = *reader.read<std::uint64_t>();
    request.uploaded = *reader.read<std::uint64_t>();
    request.event = parse_event(*reader.read<std::uint32_t>());
    const IpAddress ip(*reader.read_bytes(4));
    if (!ip.is_unspecified()) request.ip = ip;
    request.key = *reader.read<std::uint32_t>();
    request.num_want = static_cast<std::int32_t>(*reader.read<std::uint32_t>());
    request.port = *reader.read<std::uint16_t>();
    return request;
}

ByteWriter begin(std::vector<std::byte>& out, UdpAction action, std::uint32_t transaction_id) {
    out.clear();
    ByteWriter writer(out);
    writer.write(std::to_underlying(action)).write(transaction_id);
    return writer;
}

bool answer_error(std::string_view reason, std::uint32_t transaction_id,
                  std::vector<std::byte>& out) {
    begin(out, UdpAction::error, transaction_id).write_bytes(as_bytes(reason));
    return true;
}

}  // namespace

std::uint64_t UdpTrackerServer::connection_id(const IpAddress& address,
                                              std::uint64_t minute) const {
    std::array<std::byte, 24> message{};
    std::ranges::copy(address.bytes(), message.begin());
    store_be(message.data() + 16, minute);
    return siphash(key_, message);
}

bool UdpTrackerServer::is_connection_id(std::uint64_t id, const IpAddress& address,
                                        Time now) const {
    const std::uint64_t minute = minute_of(now);
    return id == connection_id(address, minute) || id == connection_id(address, minute - 1);
}

bool UdpTrackerServer::handle_datagram(Bytes datagram, const Endpoint& from, Time now,
                                       std::vector<std::byte>& out) {
    ByteReader reader(datagram);
    const auto id = reader.read<std::uint64_t>();
    const auto action = reader.read<std::uint32_t>();
    const auto transaction_id = reader.read<std::uint32_t>();
    if (!id || !action || !transaction_id || from.port == 0) return false;
    if (*action == std::to_underlying(UdpAction::connect)) {
        if (*id != udp_protocol_id) return false;
        begin(out, UdpAction::connect, *transaction_id)
            .write(connection_id(from.address, minute_of(now)));
        return true;
    }
    if (!is_connection_id(*id, from.address, now)) {
        constexpr std::string_view reason = "connect";  // no longer than any request
        return answer_error(reason, *transaction_id, out);
    }
    if (*action == std::to_underlying(UdpAction::announce))
        return answer_announce(reader.rest(), *transaction_id, from.address, now, out);
    if (*action == std::to_underlying(UdpAction::scrape))
        return answer_scrape(reader.rest(), *transaction_id, out);
    return answer_error("unknown action", *transaction_id, out);
}

bool UdpTrackerServer::answer_announce(Bytes body, std::uint32_t transaction_id,
                                       const IpAddress& from, Time now,
                                       std::vector<std::byte>& out) {
    if (body.size() < announce_body_size)
        return answer_error("the announce is too short", transaction_id, out);
    const auto response = server_.handle_announce(parse_announce(body), from, now);
    if (!response) return answer_error(describe(response.error()), transaction_id, out);
    begin(out, UdpAction::announce, transaction_id)
        .write(static_cast<std::uint32_t>(response->interval / 1s))
        .write(response->leechers.value_or(0))
        .write(response->seeders.value_or(0));
    const std::size_t peer_size = from.is_v4() ? 6 : 18;
    const std::size_t room = (udp_response_size_max - announce_header_size) / peer_size;
    for (std::size_t i = 0; i < std::min(room, response->peers.size()); ++i)
        append_compact(out, response->peers[i]);
    return true;
}

bool UdpTrackerServer::answer_scrape(Bytes body, std::uint32_t transaction_id,
                                     std::vector<std::byte>& out) {
    std::vector<InfoHash> hashes;
    ByteReader reader(body);
    while (const auto raw = reader.read_bytes(InfoHash::size_bytes)) {
        if (hashes.size() == scrape_torrents_max) break;
        std::ranges::copy(*raw, hashes.emplace_back().bytes.begin());
    }
    if (hashes.empty()) return answer_error("nothing to scrape", transaction_id, out);
    ByteWriter writer = begin(out, UdpAction::scrape, transaction_id);
    for (const ScrapeEntry& entry : server_.handle_scrape(hashes).torrents)
        writer.write(entry.counts.seeders)
            .write(entry.counts.completed)
            .write(entry.counts.leechers);
    return true;
}

}  // namespace spate::tracker
