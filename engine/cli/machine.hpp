#pragma once
// engine/cli/machine.hpp: what this machine and this process may use.
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "engine/base/endpoint.hpp"

namespace spate::cli {

/// The CPUs that this process may run on, in order; at most what a torrent can be shared by.
std::vector<unsigned> available_cpus();

/// The soft limit on open files becomes the hard one.
void raise_descriptor_limit();

/// False when a listening socket of any kind, TCP or UDP, has the port there, SO_REUSEPORT or not.
bool port_is_free(const Endpoint& endpoint);
bool has_ipv6();

/// Where others reach this machine: the first address of an interface that is up and not loopback,
/// IPv4 before IPv6; 127.0.0.1 when there is none.
IpAddress reachable_address();

/// Of this process, so far.
struct ProcessCost {
    double cpu_user_s = 0;
    double cpu_system_s = 0;
    std::uint64_t peak_rss_bytes = 0;    // with the pages of files that are served
    std::uint64_t own_memory_bytes = 0;  // now, without them
    /// Between memory and disks, for this process; 0 where the kernel doesn't count.
    std::uint64_t bytes_read_device = 0;
    std::uint64_t bytes_written_device = 0;
};
ProcessCost process_cost();

}  // namespace spate::cli
