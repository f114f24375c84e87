#pragma once
// engine/driver/outgoing_send.hpp: one vectored send to a peer, until the kernel has done with it.
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "engine/driver/serve_plan.hpp"
#include "engine/session/output.hpp"
#include "io/socket_operations.hpp"

namespace spate::driver {

class ConnectionIo;
struct CoreContext;

/// Control messages, block headers, and payload from file mappings. A connection holds it while it
/// is being prepared or in flight; what was sent without copying then lingers until the kernel
/// gives its memory back.
struct OutgoingSend : io::SendOperation<2 * session::SendPlan::blocks_max + 1> {
    OutgoingSend();
    CoreContext* core = nullptr;
    ConnectionIo* connection = nullptr;
    bool told_cold = false;  // the session knows that payload had to be read
    bool uncopied = false;   // as it was started
    bool lingers = false;    // in LingeringSends
    bool begun = false;      // a part of it is out
    session::SendPlan plan;
    ServePlan payload;
    Time submitted_at{};   // the cold read under way, then the send
    bool counted = false;  // in CoreLoad::sends

private:
    void on_memory_free(std::int32_t result);
};

/// One core's sends that are out but whose memory the kernel still has. One thread.
class LingeringSends {
public:
    /// Above it sends are copied.
    static constexpr std::uint64_t bytes_max = 64 << 20;

    bool full() const { return bytes_ >= bytes_max; }
    void keep(std::unique_ptr<OutgoingSend> send);
    std::unique_ptr<OutgoingSend> release(OutgoingSend& send);
    /// The connection ends. Whether any of its sends is here.
    bool forget(const ConnectionIo& connection);

private:
    std::unordered_map<OutgoingSend*, std::unique_ptr<OutgoingSend>> sends_;
    std::uint64_t bytes_ = 0;
};

}  // namespace spate::driver
