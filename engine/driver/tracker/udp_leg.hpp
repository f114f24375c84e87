#pragma once
// engine/driver/tracker/udp_leg.hpp: one request to a UDP tracker over one address family.
#include <optional>
#include <vector>

#include "engine/driver/tracker/leg_context.hpp"
#include "io/file_descriptor.hpp"

namespace spate::driver {

/// A socket connected to the tracker (the kernel keeps others' datagrams away) around the machine
/// of BEP 15. When an address turns out to be closed the next one is tried. One thread.
class UdpLeg {
public:
    UdpLeg(LegContext context, tracker::TrackerRequest request, std::string request_string,
           std::uint16_t port, std::vector<IpAddress> addresses);

    /// Receives what is there and sends what is due.
    void advance(Time now);
    std::optional<Time> next_timeout() const;
    void append_polls(std::vector<pollfd>& polls) const;
    const std::optional<tracker::TrackerResult>& result() const { return result_; }

private:
    void open_next(Time now, std::string why);
    /// False after an error that says the address is no good.
    bool receive(Time now);
    bool send(Time now);
    void adopt_result(Time now);

    LegContext context_;
    tracker::TrackerRequest request_;
    std::string request_string_;
    std::uint16_t port_;
    std::vector<IpAddress> addresses_;
    std::size_t next_address_ = 0;
    Endpoint tracker_;
    io::FileDescriptor socket_;
    std::optional<tracker::UdpTrackerRequest> machine_;
    std::optional<tracker::TrackerResult> result_;
    std::vector<std::byte> buffer_;
};

}  // namespace spate::driver
