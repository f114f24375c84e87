#include "engine/driver/tracker/dns_resolver.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <sys/time.h>
#include <utility>

namespace spate::driver {
namespace {

std::vector<IpAddress> addresses_of(const ares_addrinfo& answer) {
    std::vector<IpAddress> addresses;
    for (const auto* node = answer.nodes; node != nullptr; node = node->ai_next) {
        const auto address = IpAddress::of(*node->ai_addr);
        if (!address || std::ranges::find(addresses, *address) != addresses.end()) continue;
        if (addresses.size() == addresses_per_name_max) break;
        addresses.push_back(*address);
    }
    return addresses;
}

/// What needs no question: numbers (c-ares 1.18 would ask for their AAAA records) and RFC 6761's
/// localhost, whatever the hosts file says.
std::vector<IpAddress> known_addresses(std::string_view host) {
    if (const auto number = IpAddress::parse(host)) return {*number};
    if (host == "localhost" || host.ends_with(".localhost"))
        return {*IpAddress::parse("127.0.0.1"), *IpAddress::parse("::1")};
    return {};
}

}  // namespace

struct DnsResolver::Query {
    Done done;
};

std::expected<std::unique_ptr<DnsResolver>, std::string> DnsResolver::open() {
    std::unique_ptr<DnsResolver> resolver(new DnsResolver);
    ares_options options{};
    options.timeout = static_cast<int>(dns_query_timeout / 1ms);
    options.tries = dns_query_tries;
    const int status =
        ares_init_options(&resolver->channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (status != ARES_SUCCESS)
        return std::unexpected("cannot set up name resolution: " +
                               std::string(ares_strerror(status)));
    return resolver;
}

DnsResolver::~DnsResolver() {
    if (channel_ != nullptr) ares_destroy(channel_);
}

void DnsResolver::resolve(const std::string& host, Done done) {
    if (auto known = known_addresses(host); !known.empty()) return done(std::move(known));
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_flags = ARES_AI_NOSORT;
    hints.ai_socktype = SOCK_STREAM;
    auto query = std::make_unique<Query>(std::move(done));
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &on_answer, query.release());
}

void DnsResolver::on_answer(void* raw, int status, int, ares_addrinfo* answer) {
    const std::unique_ptr<Query> query(static_cast<Query*>(raw));
    const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(answer,
                                                                             &ares_freeaddrinfo);
    if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
    if (status != ARES_SUCCESS)
        return query->done(
            std::unexpected("the name is not found: " + std::string(ares_strerror(status))));
    std::vector<IpAddress> addresses = addresses_of(*answer);
    if (addresses.empty()) return query->done(std::unexpected("the name has no address"));
    query->done(std::move(addresses));
}

void DnsResolver::append_polls(std::vector<pollfd>& polls) const {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto wanted = static_cast<unsigned>(
        ares_getsock(channel_, sockets.data(), static_cast<int>(sockets.size())));
    for (unsigned i = 0; i < sockets.size(); ++i) {
        short events = 0;
        if (ARES_GETSOCK_READABLE(wanted, i)) events |= POLLIN;
        if (ARES_GETSOCK_WRITABLE(wanted, i)) events |= POLLOUT;
        if (events != 0) polls.push_back({.fd = sockets[i], .events = events, .revents = 0});
    }
}

Duration DnsResolver::poll_time(Duration most) const {
    timeval limit{.tv_sec = most / 1s, .tv_usec = most % 1s / 1us};
    timeval chosen{};
    const timeval* least = ares_timeout(channel_, &limit, &chosen);
    return std::chrono::seconds(least->tv_sec) + std::chrono::microseconds(least->tv_usec);
}

void DnsResolver::process(const std::vector<pollfd>& polls) {
    for (const pollfd& polled : polls) {
        // Read without being told to: curl's poll keeps errors (an unreachable server's) to itself,
        // and reading fetches them.
        const bool readable = (polled.events & POLLIN) != 0;
        const bool writable = (polled.revents & POLLOUT) != 0;
        ares_process_fd(channel_, readable ? polled.fd : ARES_SOCKET_BAD,
                        writable ? polled.fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // timeouts
}

}  // namespace spate::driver
