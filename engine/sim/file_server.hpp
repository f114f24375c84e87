#pragma once
// engine/sim/file_server.hpp: the client-server baseline.
#include <cstdint>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/sim/event_queue.hpp"
#include "engine/sim/parcel_network.hpp"

namespace spate::sim {

/// A server that sends one file to each of its clients, which call it at the start: as a web server
/// does, the connections share its uplink. One thread.
class FileServerRun {
public:
    struct Options {
        std::uint32_t clients = 1;
        std::uint64_t file_bytes = 0;
        LinkClass server;
        LinkClass client;
    };

    FileServerRun(EventQueue& queue, const Options& options);
    FileServerRun(const FileServerRun&) = delete;
    FileServerRun& operator=(const FileServerRun&) = delete;

    bool complete() const { return complete_clients_ == options_.clients; }
    /// Part of all bytes that the clients have, 0 to 1.
    double done() const;

private:
    /// Of all bytes: a larger run moves more at a time.
    static constexpr std::uint64_t parcels_max = 4'000'000;
    static constexpr std::uint64_t parcel_bytes_max = 256 << 10;

    bool accept(LineEnd end);
    void send(LineEnd end, std::uint32_t client);
    void receive(std::uint32_t client, const Parcel& parcel);

    const Options options_;
    std::uint64_t parcel_bytes_ = 0;
    ParcelNetwork network_;
    std::vector<std::uint64_t> sent_;      // by client, in the order of their calls
    std::vector<std::uint64_t> received_;  // by client
    std::uint64_t received_total_ = 0;
    std::uint32_t complete_clients_ = 0;
};

}  // namespace spate::sim
