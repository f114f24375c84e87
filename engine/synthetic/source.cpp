#include "engine/synthetic/source.hpp"

#include <algorithm>
#include <sys/socket.h>

#include "engine/base/assert.hpp"

namespace spate::synthetic {
namespace {

/// `stop` is asked once in so many polls.
constexpr std::uint32_t polls_a_question = 1024;
/// Requests of one peer that wait; one that asks for more is closed.
constexpr std::size_t asked_max = 1 << 16;

}  // namespace

std::expected<Source, std::string> Source::connect(const SourceOptions& options,
                                                   const Content& content) {
    auto sockets = connect_all(options.connect);
    if (!sockets) return std::unexpected(sockets.error());
    Source source(options, content);
    source.start(std::move(*sockets));
    return source;
}

void Source::start(std::vector<io::FileDescriptor> sockets) {
    Bitfield all(content_.piece_count());
    all.set_all();
    wire::append_bitfield(introduction_, all);
    wire::append_message(introduction_, wire::MessageId::unchoke);
    peers_.resize(sockets.size());
    for (std::uint32_t number = 0; number < peers_.size(); ++number) {
        Peer& peer = peers_[number];
        peer.socket = std::move(sockets[number]);
        poll_.add(peer.socket.get(), number, EPOLLIN | EPOLLOUT);
        peer.waits_for_room = true;
        if (!options_.unasked) peer.unsent = greeting(content_.torrent.info_hash, number);
    }
}

void Source::run_for(Duration time, const std::function<bool()>& stop) {
    const Time end = clock_.refresh() + time;
    for (std::uint32_t turn = 0; clock_.refresh() < end; ++turn) {
        if (turn % polls_a_question == 0 && (finished() || stop())) return;
        for (const epoll_event& event : poll_.poll()) {
            Peer& peer = peers_[event.data.u32];
            if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive(peer);
            if (peer.socket) send(peer, event.data.u32);
        }
    }
}

void Source::receive(Peer& peer) {
    const ssize_t count = ::recv(peer.socket.get(), scratch_.data(), scratch_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return close(peer);
    Bytes bytes = Bytes(scratch_).first(static_cast<std::size_t>(count));
    while (const auto message = peer.reader.next(bytes))
        if (message->length != 0 && message->id == wire::MessageId::request &&
            !on_request(peer, *message))
            return close(peer);
    // aria2 bans who says more than the handshake before it has answered that.
    if (peer.introduced || !peer.reader.greeted()) return;
    peer.introduced = true;
    peer.unsent.insert(peer.unsent.end(), introduction_.begin(), introduction_.end());
}

bool Source::on_request(Peer& peer, const MessageReader::Message& message) {
    const BlockRef block{PieceIndex(load_be<std::uint32_t>(message.body.data())),
                         load_be<std::uint32_t>(message.body.data() + 4),
                         load_be<std::uint32_t>(message.body.data() + 8)};
    if (block.piece.value >= content_.piece_count() || block.offset >= content_.piece.size() ||
        block.length > content_.piece.size() - block.offset || peer.asked.size() == asked_max)
        return false;
    if (started_ == Time{}) started_ = clock_.now();
    peer.asked.push_back(block);
    return true;
}

void Source::send(Peer& peer, std::uint32_t number) {
    const bool waits = !send_greeting(peer) || !send_blocks(peer);
    if (!peer.socket || waits == peer.waits_for_room) return;
    peer.waits_for_room = waits;
    poll_.change(peer.socket.get(), number, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/// False when the socket takes no more, as with send_blocks().
bool Source::send_greeting(Peer& peer) {
    if (peer.unsent.empty()) return true;
    const ssize_t count = ::send(peer.socket.get(), peer.unsent.data(), peer.unsent.size(),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return false;
    peer.unsent.erase(peer.unsent.begin(), peer.unsent.begin() + count);
    if (peer.unsent.empty()) peer.unsent.shrink_to_fit();
    return peer.unsent.empty();
}

bool Source::send_blocks(Peer& peer) {
    if (options_.unasked && peer.asked.empty())
        for (std::uint32_t offset = 0; offset < content_.piece.size(); offset += block_size_bytes)
            peer.asked.push_back({PieceIndex(0), offset, block_size_bytes});
    if (peer.asked.empty()) return true;
    msghdr message{};
    message.msg_iov = parts_.data();
    message.msg_iovlen = gather(peer);
    const ssize_t count = ::sendmsg(peer.socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0) {
        close(peer);
        return true;
    }
    account(peer, static_cast<std::size_t>(count));
    // One send a turn, so that all peers get their share: poll() says again that there is room.
    return peer.asked.empty() && !options_.unasked;
}

/// Fills parts_ with what comes next; yields how many they are.
std::size_t Source::gather(const Peer& peer) {
    std::size_t used = 0;
    std::size_t sent = peer.sent_of_first;
    const auto add = [&](Bytes bytes) {
        const std::size_t gone = std::min(sent, bytes.size());
        sent -= gone;
        bytes = bytes.subspan(gone);
        if (!bytes.empty()) parts_[used++] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    };
    std::size_t number = 0;
    for (const BlockRef& block : peer.asked) {
        if (number == blocks_a_send) break;
        headers_[number] = wire::piece_header(block);
        add(headers_[number++]);
        add(Bytes(content_.piece).subspan(block.offset, block.length));
    }
    return used;
}

void Source::account(Peer& peer, std::size_t sent) {
    sent_bytes_ += sent;
    peer.sent_of_first += sent;
    while (!peer.asked.empty()) {
        const std::size_t whole = wire::piece_header_size_bytes + peer.asked.begin()->length;
        if (peer.sent_of_first < whole) break;
        peer.sent_of_first -= whole;
        peer.asked.pop_front();
    }
}

void Source::close(Peer& peer) {
    poll_.remove(peer.socket.get());
    peer.socket.reset();
    ++closed_;
}

}  // namespace spate::synthetic
