#include "engine/driver/tracker/tracker_datagrams.hpp"

#include <utility>

namespace spate::driver {

TrackerDatagrams::TrackerDatagrams(io::Ring& ring, const io::Clock& clock,
                                   tracker::UdpTrackerServer& server, io::FileDescriptor socket)
    : ring_(ring), clock_(clock), server_(server), socket_(std::move(socket)) {}

void TrackerDatagrams::start() {
    for (Place& place : places_) place.start(*this);
}

void TrackerDatagrams::Place::start(TrackerDatagrams& owner) {
    owner_ = &owner;
    receive();
}

void TrackerDatagrams::Place::receive() {
    receive_.start(owner_->ring_, owner_->socket_.get(), buffer_);
}

void TrackerDatagrams::Place::on_received(std::int32_t result, std::uint32_t) {
    if (owner_->ring_.draining()) return;
    const auto source = receive_.source();
    if (result < 0 || receive_.is_truncated() || !source) return receive();
    const Bytes datagram = Bytes(buffer_).first(static_cast<std::size_t>(result));
    if (!owner_->server_.handle_datagram(datagram, *source, owner_->clock_.now(), answer_))
        return receive();
    send_.start(owner_->ring_, owner_->socket_.get(), *source, answer_);
}

/// A lost answer is asked for again: BEP 15 leaves repeating to the client.
void TrackerDatagrams::Place::on_sent(std::int32_t, std::uint32_t) {
    if (!owner_->ring_.draining()) receive();
}

}  // namespace spate::driver
