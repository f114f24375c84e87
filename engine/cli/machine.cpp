#include "engine/cli/machine.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <optional>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/cli/proc_figures.hpp"
#include "engine/swarm/piece_table.hpp"

namespace spate::cli {
namespace {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketAddress to_system(const Endpoint& endpoint) {
    SocketAddress result;
    if (endpoint.address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&v4.sin_addr, endpoint.address.bytes().data(), 4);
        std::memcpy(&result.storage, &v4, sizeof v4);
        result.size = sizeof v4;
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port);
        std::memcpy(&v6.sin6_addr, endpoint.address.bytes().data(), 16);
        std::memcpy(&result.storage, &v6, sizeof v6);
        result.size = sizeof v6;
    }
    return result;
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

std::vector<unsigned> available_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<unsigned> cpus;
    if (::sched_getaffinity(0, sizeof set, &set) == 0)
        for (unsigned cpu = 0; cpu < CPU_SETSIZE && cpus.size() < swarm::cores_max; ++cpu)
            if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    if (cpus.empty()) cpus.push_back(0);
    return cpus;
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool port_is_free(const Endpoint& endpoint) {
    const SocketAddress address = to_system(endpoint);
    const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    // Not SO_REUSEPORT, with which two processes of one user would share the port unknowingly.
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!endpoint.address.is_v4()) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    const bool free =
        ::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0 &&
        ::listen(fd, 1) == 0;
    ::close(fd);
    return free;
}

bool has_ipv6() {
    return port_is_free({IpAddress::parse("::1").value(), 0});
}

IpAddress reachable_address() {
    ifaddrs* interfaces = nullptr;
    std::optional<IpAddress> found;
    if (::getifaddrs(&interfaces) == 0) {
        for (const ifaddrs* at = interfaces; at != nullptr; at = at->ifa_next) {
            if ((at->ifa_flags & IFF_UP) == 0 || (at->ifa_flags & IFF_LOOPBACK) != 0) continue;
            if (at->ifa_addr == nullptr) continue;
            const auto address = IpAddress::of(*at->ifa_addr);
            if (!address || address->is_link_local() ||
                (found && (found->is_v4() || !address->is_v4())))
                continue;
            found = address;
        }
        ::freeifaddrs(interfaces);
    }
    return found.value_or(IpAddress::parse("127.0.0.1").value());
}

ProcessCost process_cost() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return {.cpu_user_s = seconds(usage.ru_utime),
            .cpu_system_s = seconds(usage.ru_stime),
            // ru_maxrss begins with the peak of whoever started this program.
            .peak_rss_bytes = proc_number("/proc/self/status", "VmHWM:") * 1024,
            .own_memory_bytes = proc_number("/proc/self/status", "RssAnon:") * 1024,
            .bytes_read_device = proc_number("/proc/self/io", "read_bytes: "),
            .bytes_written_device = proc_number("/proc/self/io", "write_bytes: ")};
}

}  // namespace spate::cli
