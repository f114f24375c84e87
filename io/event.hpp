#pragma once
// io/event.hpp: wakes a thread that waits in poll().
#include <expected>
#include <system_error>

#include "io/file_descriptor.hpp"

namespace spate::io {

/// Any thread signals it; one waits for POLLIN of its descriptor and clears it. Once it is open
/// nothing about it can fail.
class Event {
public:
    static std::expected<Event, std::error_code> open();

    void signal() const;
    void clear() const;
    int descriptor() const { return descriptor_.get(); }

private:
    explicit Event(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

    FileDescriptor descriptor_;
};

}  // namespace spate::io
