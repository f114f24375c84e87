#pragma once
// io/mailbox.hpp: messages from one core thread to another.
#include <optional>
#include <utility>

#include "io/doorbell.hpp"
#include "io/spsc_queue.hpp"

namespace spate::io {

/// One a pair of threads and direction. The sender calls try_send, or try_push several times and
/// then notify; the receiver sleeps with its Doorbell's turn(). Full is an ordinary result: the
/// sender keeps the message and tries again a turn later.
template <class Message, std::size_t capacity>
class Mailbox {
public:
    explicit Mailbox(Doorbell& receiver) : receiver_(receiver) {}

    /// Sender with a ring.
    [[nodiscard]] bool try_send(Ring& sender, Message message) {
        if (!try_push(std::move(message))) return false;
        notify(sender);
        return true;
    }
    /// Sender without a ring.
    [[nodiscard]] bool try_send(Message message) {
        if (!try_push(std::move(message))) return false;
        notify();
        return true;
    }

    /// Without a wake-up, for batches; the last is followed by notify().
    [[nodiscard]] bool try_push(Message&& message) { return queue_.try_push(std::move(message)); }
    void notify(Ring& sender) { receiver_.ring_from(sender); }
    void notify() { receiver_.ring_now(); }

    /// Receiver.
    std::optional<Message> try_receive() { return queue_.try_pop(); }
    bool empty() const { return queue_.empty(); }

private:
    Doorbell& receiver_;
    SpscQueue<Message, capacity> queue_;
};

}  // namespace spate::io
