#pragma once
// engine/driver/listeners.hpp: the sockets that all cores listen on.
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "io/file_descriptor.hpp"

namespace spate::driver {

struct Listeners {
    std::vector<Endpoint> addresses;                       // with the real ports
    std::vector<std::vector<io::FileDescriptor>> by_core;  // each core's own sockets
};

/// A socket a core and address; the kernel spreads connections over those of one address
/// (SO_REUSEPORT): by their hash or, with the CPU of each core in `incoming_cpus`, to the core
/// whose CPU receives the connection's packets. Fails with a sentence that names the address.
std::expected<Listeners, std::string> listen_on_all(const std::vector<Endpoint>& addresses,
                                                    std::size_t core_count,
                                                    std::span<const unsigned> incoming_cpus = {});

/// Whether connections shall follow the network card's receive queues: only with several threads
/// that stay on their CPUs, and a queue for each; with fewer queues some cores would be left
/// without work.
bool follows_receive_queues(std::size_t core_count, bool pinned, std::size_t receive_queues);
inline constexpr std::size_t follow_queues_cores_min = 3;

/// Of the network card that has most.
std::size_t receive_queue_count();

}  // namespace spate::driver
