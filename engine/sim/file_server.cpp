#include "engine/sim/file_server.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/sim/sim_node.hpp"

namespace spate::sim {

FileServerRun::FileServerRun(EventQueue& queue, const Options& options)
    : options_(options), network_(queue, {}, 1), received_(options.clients) {
    parcel_bytes_ = std::clamp<std::uint64_t>(options.clients * options.file_bytes / parcels_max,
                                              block_size_bytes, parcel_bytes_max);
    const Endpoint server = address_of(0);
    network_.add_node(options.server, server.address);
    network_.listen(server, [this](LineEnd end, const Endpoint&) { return accept(end); });
    for (std::uint32_t client = 0; client < options.clients; ++client) {
        const std::uint32_t node =
            network_.add_node(options.client, address_of(client + 1).address);
        network_.call(node, server, [this, client](std::optional<LineEnd> end) {
            SPATE_ASSERT(end);
            network_.set_handlers(
                *end, {.delivered = [this, client](Parcel& parcel) { receive(client, parcel); },
                       .sent = nullptr,
                       .ended = nullptr});
        });
    }
}

bool FileServerRun::accept(LineEnd end) {
    const auto client = static_cast<std::uint32_t>(sent_.size());
    sent_.push_back(0);
    network_.set_handlers(end, {.delivered = nullptr,
                                .sent = [this, end, client] { send(end, client); },
                                .ended = nullptr});
    send(end, client);
    return true;
}

void FileServerRun::send(LineEnd end, std::uint32_t client) {
    const std::uint64_t left = options_.file_bytes - sent_[client];
    if (left == 0) return;
    Parcel parcel;
    const auto length = static_cast<std::uint32_t>(std::min(left, parcel_bytes_));
    parcel.blocks.push_back({PieceIndex(0), 0, length});
    sent_[client] += length;
    SPATE_ASSERT(!network_.send(end, std::move(parcel)));
}

void FileServerRun::receive(std::uint32_t client, const Parcel& parcel) {
    const std::uint64_t bytes = parcel.payload_bytes();
    received_[client] += bytes;
    received_total_ += bytes;
    if (received_[client] == options_.file_bytes) ++complete_clients_;
}

double FileServerRun::done() const {
    return static_cast<double>(received_total_) /
           (static_cast<double>(options_.clients) * static_cast<double>(options_.file_bytes));
}

}  // namespace spate::sim
