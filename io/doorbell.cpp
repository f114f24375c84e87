#include "io/doorbell.hpp"

#include <cerrno>
#include <sys/eventfd.h>
#include <unistd.h>

namespace spate::io {

std::expected<std::unique_ptr<Doorbell>, std::error_code> Doorbell::open() {
    // Blocking, or io_uring would return EAGAIN instead of waiting.
    FileDescriptor event(::eventfd(0, EFD_CLOEXEC));
    if (!event) return std::unexpected(last_error());
    return std::unique_ptr<Doorbell>(new Doorbell(std::move(event)));
}

void Doorbell::attach(Ring& ring) {
    SPATE_ASSERT(ring_ == nullptr);
    ring_ = &ring;
    listen();
    if (ring.features().message_ring)
        ring_descriptor_.store(ring.descriptor(), std::memory_order_release);
}

void Doorbell::detach() {
    ring_descriptor_.store(-1, std::memory_order_release);
    ring_->cancel(heard_);
}

void Doorbell::listen() {
    ring_->submit(heard_, [this](io_uring_sqe* entry) {
        io_uring_prep_read(entry, event_.get(), &event_count_, sizeof event_count_, 0);
    });
}

void Doorbell::on_event(std::int32_t result, std::uint32_t) {
    if (result == -ECANCELED || ring_->draining()) return;
    listen();
}

void Doorbell::ring_from(Ring& sender) {
    if (!sleeping_.exchange(false, std::memory_order_acq_rel)) return;
    const int target = ring_descriptor_.load(std::memory_order_acquire);
    if (target < 0 || !sender.features().message_ring) return signal_event();
    sender.post(unheard_, [target](io_uring_sqe* entry) {
        io_uring_prep_msg_ring(entry, target, 0, Ring::wake_token, 0);
    });
}

void Doorbell::ring_now() {
    if (sleeping_.exchange(false, std::memory_order_acq_rel)) signal_event();
}

/// The receiver's ring is short of memory or just closed: the event reaches it if it lives.
void Doorbell::on_unsent(std::int32_t, std::uint32_t) {
    signal_event();
}

void Doorbell::signal_event() const {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the receiver is awake anyway.
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
}

}  // namespace spate::io
