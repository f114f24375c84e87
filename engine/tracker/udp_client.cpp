#include "engine/tracker/udp_client.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"

namespace spate::tracker {
namespace {

/// BEP 15 numbers the events differently from BEP 3's order.
std::uint32_t event_code(AnnounceEvent event) {
    switch (event) {
        case AnnounceEvent::none:
            return 0;
        case AnnounceEvent::completed:
            return 1;
        case AnnounceEvent::started:
            return 2;
        case AnnounceEvent::stopped:
            return 3;
    }
    return 0;
}

/// BEP 41: pieces of at most 255 bytes, then the end marker.
void append_request_string(std::vector<std::byte>& out, std::string_view text) {
    constexpr std::size_t part_size_max = 255;
    ByteWriter writer(out);
    while (!text.empty()) {
        const std::string_view part = text.substr(0, part_size_max);
        writer.write(std::uint8_t{2}).write(static_cast<std::uint8_t>(part.size()));
        writer.write_bytes(as_bytes(part));
        text.remove_prefix(part.size());
    }
    writer.write(std::uint8_t{0});
}

std::uint32_t network_order_ipv4(const std::optional<IpAddress>& address) {
    return address && address->is_v4() ? load_be<std::uint32_t>(address->bytes().data()) : 0;
}

}  // namespace

UdpTrackerRequest::UdpTrackerRequest(TrackerRequest request, Options options, Prng prng)
    : request_(std::move(request)),
      options_(std::move(options)),
      prng_(prng),
      connection_(options_.connection) {
    if (const auto* scrape = std::get_if<ScrapeRequest>(&request_))
        SPATE_ASSERT(!scrape->info_hashes.empty() &&
                     scrape->info_hashes.size() <= scrape_torrents_max);
    if (options_.request_string.size() > udp_request_string_size_max)
        options_.request_string.resize(udp_request_string_size_max);
}

std::optional<Time> UdpTrackerRequest::next_timeout() const {
    if (result_) return std::nullopt;
    return deadline_;
}

std::optional<std::vector<std::byte>> UdpTrackerRequest::poll_output(Time now) {
    if (result_ || now < deadline_) return std::nullopt;
    if (transmissions_ == udp_transmissions_max) {
        fail(TrackerFailureKind::timed_out, "the tracker did not answer");
        return std::nullopt;
    }
    // A borrowed connection id that met silence may be one that the tracker has forgotten.
    if (transmissions_ > 0 && !connection_is_own_) connection_.reset();
    const bool connecting = !connection_ || !connection_->valid(now);
    if (transmissions_ == 0 || connecting != connecting_)
        transaction_id_ = static_cast<std::uint32_t>(prng_());
    connecting_ = connecting;
    deadline_ = now + udp_first_timeout * (1U << transmissions_);
    ++transmissions_;
    return connecting_ ? connect_datagram() : request_datagram();
}

std::vector<std::byte> UdpTrackerRequest::connect_datagram() const {
    std::vector<std::byte> out;
    ByteWriter(out)
        .write(udp_protocol_id)
        .write(std::to_underlying(UdpAction::connect))
        .write(transaction_id_);
    return out;
}

std::vector<std::byte> UdpTrackerRequest::request_datagram() const {
    const auto* announce = std::get_if<AnnounceRequest>(&request_);
    std::vector<std::byte> out;
    ByteWriter writer(out);
    writer.write(connection_->id)
        .write(std::to_underlying(announce ? UdpAction::announce : UdpAction::scrape))
        .write(transaction_id_);
    if (announce) {
        append_announce(out, *announce);
    } else {
        for (const InfoHash& hash : std::get<ScrapeRequest>(request_).info_hashes)
            writer.write_bytes(hash.bytes);
    }
    return out;
}

void UdpTrackerRequest::append_announce(std::vector<std::byte>& out,
                                        const AnnounceRequest& announce) const {
    ByteWriter(out)
        .write_bytes(announce.info_hash.bytes)
        .write_bytes(announce.peer_id.bytes)
        .write(announce.downloaded)
        .write(announce.left)
        .write(announce.uploaded)
        .write(event_code(announce.event))
        .write(network_order_ipv4(announce.ip))
        .write(announce.key)
        .write(static_cast<std::uint32_t>(announce.num_want))
        .write(announce.port);
    if (!options_.request_string.empty()) append_request_string(out, options_.request_string);
}

void UdpTrackerRequest::handle_datagram(Bytes datagram, Time now) {
    if (result_ || transmissions_ == 0) return;
    ByteReader reader(datagram);
    const auto action = reader.read<std::uint32_t>();
    const auto transaction_id = reader.read<std::uint32_t>();
    if (!action || !transaction_id || *transaction_id != transaction_id_) return;
    const UdpAction expected = connecting_ ? UdpAction::connect
                               : std::holds_alternative<AnnounceRequest>(request_)
                                   ? UdpAction::announce
                                   : UdpAction::scrape;
    const auto heard = static_cast<UdpAction>(*action);
    if (heard == UdpAction::error) return handle_error(reader.rest(), now);
    if (heard != expected)
        return fail(TrackerFailureKind::malformed, "the tracker answered another question");
    if (heard == UdpAction::connect) return handle_connect(reader.rest(), now);
    if (heard == UdpAction::announce) return handle_announce(reader.rest());
    handle_scrape(reader.rest());
}

void UdpTrackerRequest::handle_connect(Bytes body, Time now) {
    const auto id = ByteReader(body).read<std::uint64_t>();
    if (!id)
        return fail(TrackerFailureKind::malformed, "the tracker's connect response is too short");
    connection_ = UdpConnection{*id, now};
    connection_is_own_ = true;
    transmissions_ = 0;
    deadline_ = now;
}

void UdpTrackerRequest::handle_announce(Bytes body) {
    ByteReader reader(body);
    const auto interval = reader.read<std::uint32_t>();
    const auto leechers = reader.read<std::uint32_t>();
    const auto seeders = reader.read<std::uint32_t>();
    if (!interval || !leechers || !seeders)
        return fail(TrackerFailureKind::malformed, "the tracker's announce response is too short");
    AnnounceResponse response;
    response.interval = clamp_interval(*interval);
    response.leechers = *leechers;
    response.seeders = *seeders;
    response.peers = parse_compact_endpoints(reader.rest(), options_.family);
    std::erase_if(response.peers, [](const Endpoint& peer) { return !is_dialable(peer); });
    if (response.peers.size() > response_peers_max) response.peers.resize(response_peers_max);
    result_ = std::move(response);
}

void UdpTrackerRequest::handle_scrape(Bytes body) {
    const auto& asked = std::get<ScrapeRequest>(request_).info_hashes;
    ByteReader reader(body);
    ScrapeResponse response;
    for (const InfoHash& hash : asked) {
        const auto seeders = reader.read<std::uint32_t>();
        const auto completed = reader.read<std::uint32_t>();
        const auto leechers = reader.read<std::uint32_t>();
        if (!seeders || !completed || !leechers)
            return fail(TrackerFailureKind::malformed,
                        "the tracker's scrape response is too short");
        response.torrents.push_back({hash, {*seeders, *completed, *leechers}});
    }
    result_ = std::move(response);
}

void UdpTrackerRequest::handle_error(Bytes body, Time now) {
    if (!connecting_ && !connection_is_own_) {  // perhaps it is the borrowed id that is refused
        connection_.reset();
        connection_is_own_ = true;
        transmissions_ = 0;
        deadline_ = now;
        return;
    }
    connection_.reset();
    fail(TrackerFailureKind::refused, "the tracker says: " + printable_text(as_text(body)));
}

void UdpTrackerRequest::fail(TrackerFailureKind kind, std::string sentence) {
    result_ = std::unexpected(TrackerFailure{kind, std::move(sentence), std::nullopt});
}

}  // namespace spate::tracker
