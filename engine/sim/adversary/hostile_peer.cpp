#include "engine/sim/adversary/hostile_peer.hpp"

#include <utility>

#include "engine/base/bytes.hpp"

namespace spate::sim {
namespace {

constexpr std::size_t length_prefix_bytes = 4;

}  // namespace

HostilePeer::HostilePeer(EventQueue& queue, std::shared_ptr<VirtualSocket> socket,
                         const Endpoint& honest, std::unique_ptr<Behaviour> behaviour,
                         std::uint64_t& bytes_said)
    : queue_(queue),
      socket_(std::move(socket)),
      honest_(honest),
      behaviour_(std::move(behaviour)),
      bytes_said_(bytes_said) {}

void HostilePeer::start(std::function<void()> ended) {
    ended_ = std::move(ended);
    socket_->set_handlers({.received =
                               [weak = weak_from_this()](std::size_t count, bool over) {
                                   if (const auto self = weak.lock())
                                       self->on_received(count, over);
                               },
                           .sent =
                               [weak = weak_from_this()](bool sent) {
                                   const auto self = weak.lock();
                                   if (!self || self->over_) return;
                                   self->sending_ = false;
                                   if (!sent) return self->end();
                                   self->send();
                               }});
    receive();
    behaviour_->on_connected(*this);
}

// --- Saying

void HostilePeer::say(Bytes words) {
    if (over_ || words.empty() || unsent_bytes_ + words.size() > unsent_bytes_max) return;
    unsent_.emplace_back(words.begin(), words.end());
    unsent_bytes_ += words.size();
    bytes_said_ += words.size();
    send();
}

void HostilePeer::say(wire::MessageId message) {
    Words words;
    wire::append_message(words, message);
    say(words);
}

void HostilePeer::send() {
    if (sending_ || over_ || unsent_.empty()) return;
    sending_ = true;
    Words words = std::move(unsent_.front());
    unsent_.pop_front();
    unsent_bytes_ -= words.size();
    socket_->start_send(std::move(words));
}

// --- Hearing

void HostilePeer::receive() {
    if (!over_ && reads_) socket_->start_receive({MutableBytes(incoming_)});
}

void HostilePeer::on_received(std::size_t count, bool over) {
    if (over_) return;
    heard_.insert(heard_.end(), incoming_.begin(),
                  incoming_.begin() + static_cast<std::ptrdiff_t>(count));
    hear();
    if (over) return end();
    receive();
}

void HostilePeer::hear() {
    std::size_t at = 0;
    if (!greeted_ && heard_.size() >= wire::handshake_size_bytes) {
        greeted_ = true;
        at = wire::handshake_size_bytes;
        if (const auto handshake = wire::parse_handshake(Bytes(heard_).first(at)))
            behaviour_->on_handshake(*this, *handshake);
    }
    while (greeted_ && !over_ && heard_.size() - at >= length_prefix_bytes) {
        const auto length = load_be<std::uint32_t>(heard_.data() + at);
        if (heard_.size() - at - length_prefix_bytes < length) break;
        const Bytes message = Bytes(heard_).subspan(at + length_prefix_bytes, length);
        at += length_prefix_bytes + length;
        if (message.empty()) continue;
        const auto id = static_cast<wire::MessageId>(message.front());
        const Bytes body = message.subspan(1);
        if (id == wire::MessageId::extended && !body.empty() && body.front() == std::byte{})
            if (const auto theirs = wire::parse_extension_handshake(body.subspan(1)))
                theirs_ = *theirs;
        behaviour_->on_message(*this, id, body);
    }
    heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(at));
}

// --- Ending, and time

void HostilePeer::wake_in(Duration delay) {
    queue_.schedule_in(delay, {EventKind::scenario, 0, socket_->stream(), 0},
                       [weak = weak_from_this()] {
                           const auto self = weak.lock();
                           if (self && !self->over_) self->behaviour_->on_time(*self);
                       });
}

void HostilePeer::hang_up() {
    if (!over_) end();
}

void HostilePeer::be_lost() {
    if (over_) return;
    over_ = true;
    socket_->reset();
    socket_->close();
    ended_();
}

void HostilePeer::end() {
    over_ = true;
    socket_->close();
    ended_();
}

}  // namespace spate::sim
