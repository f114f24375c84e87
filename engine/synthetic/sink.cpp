#include "engine/synthetic/sink.hpp"

#include <algorithm>
#include <numeric>
#include <sys/socket.h>

#include "engine/base/assert.hpp"

namespace spate::synthetic {
namespace {

constexpr std::int64_t message_bytes = wire::piece_header_size_bytes + block_size_bytes;
/// Requests travel in batches, which a server can answer with one send.
constexpr std::uint32_t batch_blocks = 16;
/// Of what is looked at, so that it stays in the cache.
constexpr std::size_t parse_bytes_max = 256 << 10;
/// `stop` is asked once in so many polls.
constexpr std::uint32_t polls_a_question = 1024;

}  // namespace

std::expected<Sink, std::string> Sink::connect(const SinkOptions& options) {
    SPATE_ASSERT(options.piece_length_bytes % block_size_bytes == 0);
    auto sockets = connect_all(options.connect);
    if (!sockets) return std::unexpected(sockets.error());
    Sink sink(options);
    sink.start(std::move(*sockets));
    return sink;
}

void Sink::start(std::vector<io::FileDescriptor> sockets) {
    if (options_.each_piece_once) {
        order_.resize(options_.piece_count);
        std::iota(order_.begin(), order_.end(), 0U);
        random_.shuffle(std::span(order_));
    }
    peers_.resize(sockets.size());
    for (std::uint32_t number = 0; number < peers_.size(); ++number) {
        Peer& peer = peers_[number];
        peer.socket = std::move(sockets[number]);
        peer.next_offset = options_.piece_length_bytes;
        poll_.add(peer.socket.get(), number, EPOLLIN);
        if (options_.reading == Reading::unasked) {
            peer.unchoked = true;
            ++unchoked_;
            continue;
        }
        send(peer, greeting(options_.info_hash, number));
    }
}

bool Sink::finished() const {
    if (closed_ == peers_.size()) return true;
    return options_.each_piece_once && order_.empty() &&
           std::ranges::all_of(peers_, [](const Peer& peer) { return peer.owed_bytes <= 0; });
}

void Sink::run_for(Duration time, const std::function<bool()>& stop) {
    const Time end = clock_.refresh() + time;
    for (std::uint32_t turn = 0; clock_.refresh() < end; ++turn) {
        if (turn % polls_a_question == 0 && (finished() || stop())) return;
        for (const epoll_event& event : poll_.poll())
            receive(peers_[event.data.u32], event.data.u32);
    }
}

void Sink::wait_until_unchoked(std::uint32_t count, Duration patience,
                               const std::function<bool()>& stop) {
    const Time end = clock_.refresh() + patience;
    while (unchoked_ < count && closed_ < peers_.size() && clock_.refresh() < end && !stop())
        run_for(5ms, [] { return false; });
}

void Sink::receive(Peer& peer, std::uint32_t number) {
    if (!peer.socket) return;
    const bool waited_for_room = !peer.unsent.empty();
    if (waited_for_room) send(peer, std::exchange(peer.unsent, {}));
    const bool drop = options_.reading != Reading::parsed && peer.unchoked;
    const ssize_t count =
        drop ? ::recv(peer.socket.get(), scratch_.data(), scratch_.size(), MSG_TRUNC | MSG_DONTWAIT)
             : ::recv(peer.socket.get(), scratch_.data(), parse_bytes_max, MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return close(peer);
    const auto size = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    received_bytes_ += size;
    if (drop)
        peer.owed_bytes -= static_cast<std::int64_t>(size);
    else
        take_apart(peer, Bytes(scratch_).first(size));
    if (peer.unchoked && options_.reading != Reading::unasked) ask(peer);
    const bool waits_for_room = !peer.unsent.empty();
    if (waits_for_room != waited_for_room)
        poll_.change(peer.socket.get(), number, waits_for_room ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Sink::take_apart(Peer& peer, Bytes bytes) {
    while (const auto message = peer.reader.next(bytes)) on_message(peer, *message);
    // aria2 bans who says more than the handshake before it has answered that.
    if (peer.introduced || !peer.reader.greeted()) return;
    peer.introduced = true;
    std::vector<std::byte> interested;
    wire::append_message(interested, wire::MessageId::interested);
    send(peer, interested);
}

void Sink::on_message(Peer& peer, const MessageReader::Message& message) {
    if (message.length == 0) return;
    if (message.id == wire::MessageId::unchoke && !peer.unchoked) {
        peer.unchoked = true;
        ++unchoked_;
    } else if (message.id == wire::MessageId::choke && peer.unchoked) {
        peer.unchoked = false;
        peer.owed_bytes = 0;
        --unchoked_;
    } else if (message.id == wire::MessageId::piece) {
        peer.owed_bytes -= static_cast<std::int64_t>(message.length) + 4;
    }
}

void Sink::ask(Peer& peer) {
    const std::int64_t depth_bytes = options_.depth_blocks * message_bytes;
    requests_.clear();
    while (peer.owed_bytes + batch_blocks * message_bytes <= depth_bytes) {
        for (std::uint32_t block = 0; block < batch_blocks; ++block) {
            if (peer.next_offset == options_.piece_length_bytes && !next_piece(peer)) break;
            wire::append_request(requests_, {peer.piece, peer.next_offset, block_size_bytes});
            peer.next_offset += block_size_bytes;
            peer.owed_bytes += message_bytes;
        }
        if (options_.each_piece_once && order_.empty()) break;
    }
    if (!requests_.empty()) send(peer, requests_);
}

bool Sink::next_piece(Peer& peer) {
    if (!options_.each_piece_once) {
        peer.piece = PieceIndex(static_cast<std::uint32_t>(random_.below(options_.piece_count)));
    } else if (order_.empty()) {
        return false;
    } else {
        peer.piece = PieceIndex(order_.back());
        order_.pop_back();
    }
    peer.next_offset = 0;
    return true;
}

void Sink::send(Peer& peer, Bytes bytes) {
    if (peer.unsent.empty()) {
        const ssize_t count =
            ::send(peer.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    peer.unsent.insert(peer.unsent.end(), bytes.begin(), bytes.end());
}

void Sink::close(Peer& peer) {
    if (peer.unchoked) --unchoked_;
    peer.unchoked = false;
    poll_.remove(peer.socket.get());
    peer.socket.reset();
    ++closed_;
}

}  // namespace spate::synthetic
