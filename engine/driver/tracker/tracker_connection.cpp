#include "engine/driver/tracker/tracker_connection.hpp"

#include <utility>

namespace spate::driver {

TrackerConnection::TrackerConnection(TrackerConnections& shared, std::uint32_t slot,
                                     io::FileDescriptor socket, const IpAddress& peer)
    : shared_(shared), slot_(slot), socket_(std::move(socket)), peer_(peer) {}

void TrackerConnection::receive() {
    receive_.ranges().clear();
    receive_.ranges().add(MutableBytes(buffer_));
    receive_.start(shared_.ring, socket_.get());
}

void TrackerConnection::on_received(std::int32_t result, std::uint32_t) {
    if (closing_ || result <= 0) return want_close();
    if (!parser_.handle_bytes(Bytes(buffer_).first(static_cast<std::size_t>(result))))
        return want_close();
    serve();
}

void TrackerConnection::serve() {
    const auto request = parser_.poll_request();
    if (!request) return receive();
    keep_alive_ = request->keep_alive;
    response_ = tracker::answer_http(shared_.server, *request, peer_, shared_.clock.now());
    send_.ranges().clear();
    send_.ranges().add(as_bytes(response_));
    send_.start(shared_.ring, socket_.get());
}

void TrackerConnection::on_sent(std::int32_t result, std::uint32_t) {
    if (closing_ || result <= 0) return want_close();
    if (!send_.advance(result)) return send_.start(shared_.ring, socket_.get());
    if (!keep_alive_) return want_close();
    shared_.answered.push_back(slot_);
    serve();
}

void TrackerConnection::want_close() {
    closing_ = true;
    if (!std::exchange(reported_, true)) shared_.closing.push_back(slot_);
}

void TrackerConnection::close() {
    closing_ = true;
    shared_.ring.cancel(receive_);
    shared_.ring.cancel(send_);
}

}  // namespace spate::driver
