#pragma once
// engine/driver/tracker/dns_resolver.hpp: host names -> addresses, without blocking.
#include <expected>
#include <functional>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

#include <ares.h>

#include "engine/base/endpoint.hpp"
#include "engine/base/time.hpp"

namespace spate::driver {

/// Addresses kept of a name.
inline constexpr std::size_t addresses_per_name_max = 16;
inline constexpr Duration dns_query_timeout = 5s;
inline constexpr int dns_query_tries = 2;

/// Asks c-ares, which reads the system's configuration and hosts file. One thread, which polls
/// what append_polls() names and then calls process().
class DnsResolver {
public:
    /// The error says why, for the user.
    using Result = std::expected<std::vector<IpAddress>, std::string>;
    using Done = std::move_only_function<void(Result)>;

    static std::expected<std::unique_ptr<DnsResolver>, std::string> open();
    DnsResolver(const DnsResolver&) = delete;
    DnsResolver& operator=(const DnsResolver&) = delete;
    /// Queries under way are dropped; their `done` isn't called.
    ~DnsResolver();

    /// Both families. `done` is called once, perhaps before this returns (numbers, localhost, the
    /// hosts file).
    void resolve(const std::string& host, Done done);

    void append_polls(std::vector<pollfd>& polls) const;
    /// How long to poll at most; `most` when there is nothing to wait for.
    Duration poll_time(Duration most) const;
    /// `polls` are the ones of append_polls(), polled.
    void process(const std::vector<pollfd>& polls);

private:
    struct Query;

    DnsResolver() = default;
    static void on_answer(void* query, int status, int timeouts, ares_addrinfo* answer);

    ares_channel channel_ = nullptr;
};

}  // namespace spate::driver
