#pragma once
// engine/driver/listeners.hpp: the sockets that all cores listen on.
#include <expected>
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
/// (SO_REUSEPORT). Fails with a sentence that names the address.
std::expected<Listeners, std::string> listen_on_all(const std::vector<Endpoint>& addresses,
                                                    std::size_t core_count);

}  // namespace spate::driver
