#include "engine/driver/listeners.hpp"

#include <fmt/format.h>

#include "io/socket.hpp"

namespace spate::driver {
namespace {

std::string cannot_listen(const Endpoint& address, const std::error_code& error) {
    const bool taken = error == std::errc::address_in_use;
    return fmt::format(
        "can't listen on {}: {}{}", address.to_string(), error.message(),
        taken ? "; stop the program that does, or choose another with --listen" : "");
}

}  // namespace

std::expected<Listeners, std::string> listen_on_all(const std::vector<Endpoint>& addresses,
                                                    std::size_t core_count) {
    Listeners listeners;
    listeners.by_core.resize(core_count);
    for (Endpoint address : addresses) {
        // SO_REUSEPORT would let us share the port with another process of this user: the first
        // socket is opened without it, to find out whether the address is free.
        const auto probe = io::listen_tcp(address);
        if (!probe) return std::unexpected(cannot_listen(address, probe.error()));
        const auto bound = io::local_endpoint(probe->get());
        if (!bound) return std::unexpected(cannot_listen(address, bound.error()));
        address.port = bound->port;
        listeners.addresses.push_back(address);
    }
    for (const Endpoint& address : listeners.addresses)
        for (auto& sockets : listeners.by_core) {
            auto socket = io::listen_tcp(address, {.reuse_port = true});
            if (!socket) return std::unexpected(cannot_listen(address, socket.error()));
            sockets.push_back(std::move(*socket));
        }
    return listeners;
}

}  // namespace spate::driver
