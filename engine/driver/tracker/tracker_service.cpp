#include "engine/driver/tracker/tracker_service.hpp"

#include <future>
#include <utility>

#include "io/ring.hpp"
#include "io/socket.hpp"

namespace spate::driver {
namespace {

/// A free TCP port may be taken for UDP.
constexpr int free_port_tries = 16;

struct Pair {
    TrackerSockets sockets;
    Endpoint endpoint;
};

std::expected<Pair, std::error_code> open_pair(const Endpoint& at) {
    auto tcp = io::listen_tcp(at);
    if (!tcp) return std::unexpected(tcp.error());
    const auto bound = io::local_endpoint(tcp->get());
    if (!bound) return std::unexpected(bound.error());
    auto udp = io::bind_udp(*bound);
    if (!udp) return std::unexpected(udp.error());
    return Pair{{std::move(*tcp), std::move(*udp)}, *bound};
}

std::expected<Pair, std::error_code> open_pair_with_retries(const Endpoint& at) {
    auto pair = open_pair(at);
    for (int tries = 1; at.port == 0 && tries < free_port_tries; ++tries) {
        if (pair || pair.error() != std::errc::address_in_use) break;
        pair = open_pair(at);
    }
    return pair;
}

}  // namespace

std::expected<void, std::string> TrackerService::open_sockets(
    const std::vector<Endpoint>& listen, std::vector<TrackerSockets>& sockets) {
    for (const Endpoint& at : listen) {
        auto pair = open_pair_with_retries(at);
        if (!pair)
            return std::unexpected("the tracker cannot listen on " + at.to_string() + ": " +
                                   pair.error().message());
        endpoints_.push_back(pair->endpoint);
        sockets.push_back(std::move(pair->sockets));
    }
    return {};
}

std::expected<std::unique_ptr<TrackerService>, std::string> TrackerService::start(Options options) {
    std::unique_ptr<TrackerService> service(new TrackerService);
    std::vector<TrackerSockets> sockets;
    if (auto opened = service->open_sockets(options.listen, sockets); !opened)
        return std::unexpected(opened.error());
    auto doorbell = io::Doorbell::open();
    if (!doorbell)
        return std::unexpected("the tracker has no eventfd: " + doorbell.error().message());
    service->doorbell_ = std::move(*doorbell);

    std::promise<std::optional<std::string>> started;
    auto failure = started.get_future();
    service->thread_ =
        std::thread([&service = *service, options = std::move(options),
                     sockets = std::move(sockets), started = std::move(started)]() mutable {
            auto ring = io::Ring::open(options.features, {.entries = 512});
            if (!ring) return started.set_value(ring.error().sentence());
            tracker::TrackerServer server(std::move(options.server), options.table_key,
                                          Prng(options.seed));
            TrackerLoop loop(**ring, *service.doorbell_, service.mailbox_, server,
                             options.connection_key, std::move(sockets), options.limits);
            started.set_value(std::nullopt);
            loop.run();
        });
    if (const auto why = failure.get()) return std::unexpected(*why);
    return service;
}

tracker::TrackerStatistics TrackerService::statistics() {
    const std::lock_guard lock(mailbox_.mutex);
    return mailbox_.statistics;
}

void TrackerService::allow(const InfoHash& info_hash) {
    {
        const std::lock_guard lock(mailbox_.mutex);
        mailbox_.allowed.push_back(info_hash);
    }
    ring_bell();
}

void TrackerService::stop() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mailbox_.mutex);
        mailbox_.stop = true;
    }
    ring_bell();
    thread_.join();
}

void TrackerService::ring_bell() {
    mailbox_.has_mail.store(true, std::memory_order_release);
    doorbell_->ring_now();
}

}  // namespace spate::driver
