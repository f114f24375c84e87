#include "engine/driver/listeners.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

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
                                                    std::size_t core_count,
                                                    std::span<const unsigned> incoming_cpus) {
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
        for (std::size_t core = 0; core < core_count; ++core) {
            auto socket = io::listen_tcp(address, {.reuse_port = true});
            if (!socket) return std::unexpected(cannot_listen(address, socket.error()));
            if (!incoming_cpus.empty()) {
                // Without it the hash decides, as on older kernels.
                [[maybe_unused]] const std::error_code ignored =
                    io::set_incoming_cpu(socket->get(), incoming_cpus[core]);
            }
            listeners.by_core[core].push_back(std::move(*socket));
        }
    return listeners;
}

bool follows_receive_queues(std::size_t core_count, bool pinned, std::size_t receive_queues) {
    return pinned && core_count >= follow_queues_cores_min && receive_queues >= core_count;
}

std::size_t receive_queue_count() {
    namespace fs = std::filesystem;
    std::error_code error;
    std::size_t most = 0;
    for (const auto& card : fs::directory_iterator("/sys/class/net", error)) {
        std::size_t queues = 0;
        for (const auto& queue : fs::directory_iterator(card.path() / "queues", error))
            if (queue.path().filename().string().starts_with("rx-")) ++queues;
        most = std::max(most, queues);
    }
    return most;
}

}  // namespace spate::driver
