#pragma once
// io/doorbell.hpp: wakes a core thread that sleeps in its ring.
#include <atomic>
#include <concepts>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <system_error>

#include "io/file_descriptor.hpp"
#include "io/operation.hpp"
#include "io/ring.hpp"

namespace spate::io {

/// One a core thread, made before the threads start and gone after they end. The receiver says
/// that it is about to sleep and looks at its mail once more; a sender puts its mail down and then
/// looks whether the receiver sleeps. Both do it by an atomic exchange of one word, so one of them
/// sees the other and no wake-up is lost. A receiver that works is never disturbed.
class Doorbell {
public:
    static std::expected<std::unique_ptr<Doorbell>, std::error_code> open();
    Doorbell(const Doorbell&) = delete;
    Doorbell& operator=(const Doorbell&) = delete;

    /// Receiver, before its first turn: `ring` is where it sleeps.
    void attach(Ring& ring);
    /// Receiver, before it drains its ring for good.
    void detach();

    /// Receiver: a turn of its ring (see Ring::turn) that doesn't sleep while `has_mail()`.
    template <std::predicate HasMail>
    unsigned turn(Clock& clock, std::optional<Time> deadline, HasMail&& has_mail) {
        const unsigned count = ring_->turn(clock, deadline, [&] {
            if (has_mail()) return false;
            sleeping_.exchange(true, std::memory_order_acq_rel);
            return !has_mail();
        });
        if (sleeping_.load(std::memory_order_relaxed))
            sleeping_.exchange(false, std::memory_order_acq_rel);
        return count;
    }

    /// A thread with a ring of its own, after it put mail down: wakes the receiver if it sleeps.
    /// The message leaves with the sender's next turn.
    void ring_from(Ring& sender);
    /// Any thread, or code without a ring: the same through an eventfd, at once.
    void ring_now();

private:
    explicit Doorbell(FileDescriptor event)
        : event_(std::move(event)), heard_(*this), unheard_(*this) {}

    void listen();
    void on_event(std::int32_t result, std::uint32_t flags);
    void on_unsent(std::int32_t result, std::uint32_t flags);
    void signal_event() const;

    FileDescriptor event_;
    Ring* ring_ = nullptr;  // the receiver's
    std::atomic<int> ring_descriptor_{-1};
    alignas(64) std::atomic<bool> sleeping_{false};
    std::uint64_t event_count_ = 0;
    Bound<&Doorbell::on_event> heard_;
    Bound<&Doorbell::on_unsent> unheard_;  // runs on the sender's thread, touches event_ only
};

}  // namespace spate::io
