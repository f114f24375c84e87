#include "io/event.hpp"

#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace spate::io {

std::expected<Event, std::error_code> Event::open() {
    FileDescriptor descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!descriptor) return std::unexpected(last_error());
    return Event(std::move(descriptor));
}

void Event::signal() const {
    const std::uint64_t one = 1;
    // Refused only when the counter is full, and then it is signalled.
    [[maybe_unused]] const ssize_t written = ::write(descriptor_.get(), &one, sizeof one);
}

void Event::clear() const {
    std::uint64_t count = 0;
    // Refused when it isn't signalled.
    [[maybe_unused]] const ssize_t count_bytes = ::read(descriptor_.get(), &count, sizeof count);
}

}  // namespace spate::io
