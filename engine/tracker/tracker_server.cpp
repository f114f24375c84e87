#include "engine/tracker/tracker_server.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::tracker {
namespace {

/// Peers looked at in one call of handle_timeout(), and the time between calls: two million in a
/// minute.
constexpr std::size_t sweep_peers_max = 32'768;
constexpr Duration sweep_period = 1s;
/// A peer is forgotten after this many silent intervals.
constexpr int intervals_remembered = 2;

std::uint32_t seconds_of(Time time) {
    return static_cast<std::uint32_t>(time.time_since_epoch() / 1s);
}

/// What a limit by address counts: whoever has one IPv6 address has a /64 of them.
IpAddress limited_address(const IpAddress& address) {
    if (address.is_v4()) return address;
    std::array<std::byte, 16> prefix{};
    std::ranges::copy(address.bytes().first(8), prefix.begin());
    return IpAddress(Bytes(prefix));
}

IpAddress advertised_address(const AnnounceRequest& request, const IpAddress& source) {
    if (!request.ip || !source.is_loopback() || request.ip->family() != source.family() ||
        !is_dialable({*request.ip, request.port}))
        return source;
    return *request.ip;
}

}  // namespace

std::string_view describe(AnnounceRefusal refusal) {
    switch (refusal) {
        case AnnounceRefusal::unknown_torrent:
            return "this torrent is not tracked here";
        case AnnounceRefusal::too_many_torrents:
            return "the tracker is full: too many torrents";
        case AnnounceRefusal::too_many_peers:
            return "the tracker is full: too many peers";
        case AnnounceRefusal::too_many_peers_of_address:
            return "too many peers at your address";
    }
    return "refused";
}

TrackerServer::TrackerServer(Options options, const SipKey& key, Prng prng)
    : options_(std::move(options)),
      key_(key),
      prng_(prng),
      swarms_(0, KeyedInfoHash{key}),
      peers_of_address_(0, KeyedAddressHash{key}) {
    SPATE_ASSERT(options_.interval >= 1s && options_.min_interval <= options_.interval);
}

std::expected<AnnounceResponse, AnnounceRefusal> TrackerServer::handle_announce(
    const AnnounceRequest& request, const IpAddress& source, Time now) {
    ++statistics_.announces;
    const auto refuse = [this](AnnounceRefusal refusal) {
        ++statistics_.announces_refused;
        return std::unexpected(refusal);
    };
    if (options_.only_allowed && !options_.allowed.contains(request.info_hash))
        return refuse(AnnounceRefusal::unknown_torrent);
    const std::uint32_t now_s = seconds_of(now);
    const Endpoint peer{advertised_address(request, source), request.port};
    const bool stopping = request.event == AnnounceEvent::stopped;
    auto entry = swarms_.find(request.info_hash);
    if (entry == swarms_.end()) {
        Swarm nobody(key_, now_s);
        if (stopping || request.port == 0) return answer(nobody, request, peer, now_s);
        if (swarms_.size() >= options_.limits.torrents_max)
            return refuse(AnnounceRefusal::too_many_torrents);
        entry = swarms_.emplace(request.info_hash, std::move(nobody)).first;
    }
    Swarm& swarm = entry->second;
    if (now_s >= swarm.swept_s + options_.interval / 1s) sweep(swarm, now_s);
    if (stopping) {
        remove(swarm, peer);
    } else if (request.port != 0) {  // without a port it only listens
        if (const auto refusal = store(swarm, request, peer, now_s)) return refuse(*refusal);
    }
    statistics_.torrents = swarms_.size();
    return answer(swarm, request, peer, now_s);
}

std::optional<AnnounceRefusal> TrackerServer::store(Swarm& swarm, const AnnounceRequest& request,
                                                    const Endpoint& peer, std::uint32_t now_s) {
    SwarmPeers& peers = swarm.of(peer.address.family());
    if (!peers.contains(peer)) {
        if (swarm.size() >= options_.limits.peers_per_torrent_max ||
            statistics_.seeds + statistics_.leechers >= options_.limits.peers_max)
            return AnnounceRefusal::too_many_peers;
        const IpAddress address = limited_address(peer.address);
        const auto known = peers_of_address_.find(address);
        if (known != peers_of_address_.end() &&
            known->second >= options_.limits.peers_per_address_max)
            return AnnounceRefusal::too_many_peers_of_address;
        ++peers_of_address_[address];
    }
    recount(swarm, -1);
    const auto change = peers.update(peer, request.left == 0, now_s);
    recount(swarm, +1);
    if (change == SwarmPeers::Change::became_seed && request.event == AnnounceEvent::completed)
        ++swarm.completed;
    return std::nullopt;
}

void TrackerServer::recount(const Swarm& swarm, std::int64_t sign) {
    const auto unsigned_sign = static_cast<std::uint64_t>(sign);  // wraps to a subtraction
    statistics_.seeds += unsigned_sign * (swarm.v4.seed_count() + swarm.v6.seed_count());
    statistics_.leechers += unsigned_sign * (swarm.v4.leecher_count() + swarm.v6.leecher_count());
}

void TrackerServer::remove(Swarm& swarm, const Endpoint& peer) {
    recount(swarm, -1);
    if (swarm.of(peer.address.family()).remove(peer)) forget_address(peer.address);
    recount(swarm, +1);
}

void TrackerServer::forget_address(const IpAddress& address) {
    const auto known = peers_of_address_.find(limited_address(address));
    SPATE_ASSERT(known != peers_of_address_.end() && known->second > 0);
    if (--known->second == 0) peers_of_address_.erase(known);
}

std::uint32_t TrackerServer::oldest_s(std::uint32_t now_s) const {
    const auto remembered =
        static_cast<std::uint32_t>(options_.interval * intervals_remembered / 1s);
    return now_s - std::min(now_s, remembered);
}

void TrackerServer::sweep(Swarm& swarm, std::uint32_t now_s) {
    recount(swarm, -1);
    for (SwarmPeers* peers : {&swarm.v4, &swarm.v6})
        for (const Endpoint& gone : peers->expire(oldest_s(now_s))) forget_address(gone.address);
    recount(swarm, +1);
    swarm.swept_s = now_s;
}

std::size_t TrackerServer::peers_wanted(const AnnounceRequest& request) const {
    if (request.event == AnnounceEvent::stopped) return 0;
    if (request.num_want < 0) return options_.limits.peers_per_response_default;
    return std::min(static_cast<std::size_t>(request.num_want),
                    options_.limits.peers_per_response_max);
}

AnnounceResponse TrackerServer::answer(Swarm& swarm, const AnnounceRequest& request,
                                       const Endpoint& peer, std::uint32_t now_s) {
    AnnounceResponse response;
    response.interval = options_.interval;
    response.min_interval = options_.min_interval;
    response.seeders = static_cast<std::uint32_t>(swarm.v4.seed_count() + swarm.v6.seed_count());
    response.leechers =
        static_cast<std::uint32_t>(swarm.v4.leecher_count() + swarm.v6.leecher_count());
    response.external_ip = peer.address;
    response.peers = swarm.of(peer.address.family())
                         .pick({.asker = peer,
                                .asker_is_seed = request.left == 0,
                                .count_max = peers_wanted(request),
                                .oldest_s = oldest_s(now_s)},
                               prng_);
    return response;
}

std::optional<ScrapeCounts> TrackerServer::counts(const InfoHash& info_hash) const {
    const auto entry = swarms_.find(info_hash);
    if (entry == swarms_.end()) return std::nullopt;
    const Swarm& swarm = entry->second;
    return ScrapeCounts{
        static_cast<std::uint32_t>(swarm.v4.seed_count() + swarm.v6.seed_count()), swarm.completed,
        static_cast<std::uint32_t>(swarm.v4.leecher_count() + swarm.v6.leecher_count())};
}

ScrapeResponse TrackerServer::handle_scrape(std::span<const InfoHash> info_hashes) {
    ++statistics_.scrapes;
    ScrapeResponse response;
    for (const InfoHash& hash :
         info_hashes.first(std::min(info_hashes.size(), scrape_torrents_max)))
        response.torrents.push_back({hash, counts(hash).value_or(ScrapeCounts{})});
    return response;
}

std::optional<Time> TrackerServer::next_timeout() const {
    if (swarms_.empty()) return std::nullopt;
    return next_sweep_;
}

void TrackerServer::handle_timeout(Time now) {
    if (now < next_sweep_) return;
    next_sweep_ = now + sweep_period;
    const std::uint32_t now_s = seconds_of(now);
    std::size_t looked_at = 0;
    const std::size_t buckets = swarms_.bucket_count();
    for (std::size_t i = 0; i < buckets && looked_at < sweep_peers_max; ++i) {
        if (++sweep_bucket_ >= buckets) sweep_bucket_ = 0;
        ++looked_at;
        std::vector<InfoHash> empty;
        for (auto entry = swarms_.begin(sweep_bucket_); entry != swarms_.end(sweep_bucket_);
             ++entry) {
            looked_at += entry->second.size();
            sweep(entry->second, now_s);
            if (entry->second.size() == 0) empty.push_back(entry->first);
        }
        for (const InfoHash& hash : empty) swarms_.erase(hash);
    }
    statistics_.torrents = swarms_.size();
}

void TrackerServer::allow(const InfoHash& info_hash) {
    options_.allowed.insert(info_hash);
}

}  // namespace spate::tracker
