#pragma once
// engine/sim/virtual_socket.hpp: one end of a simulated TCP connection.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/sim/event_queue.hpp"

namespace spate::sim {

class VirtualNetwork;

/// Bytes arrive in order, in chunks that say nothing of the messages in them, at the pace of both
/// nodes' links. At most one receive and one send are in flight, as a ring's operations are: the
/// receive's memory is written to until its handler is called. What was sent and not yet received
/// is bounded, so a peer that doesn't read makes the other's send wait. Handlers are called from
/// events only, never from within a call. Made by VirtualNetwork. One thread.
class VirtualSocket : public std::enable_shared_from_this<VirtualSocket> {
public:
    /// Bytes sent and not yet taken by the other end's receives.
    static constexpr std::size_t window_bytes = 128 * 1024;
    /// What a link carries at once before it serves another connection.
    static constexpr std::size_t chunk_bytes_max = 16 * 1024;

    struct Handlers {
        /// `over`: the other end closed, or the connection was lost.
        std::move_only_function<void(std::size_t count, bool over)> received;
        std::move_only_function<void(bool sent)> sent;
    };

    VirtualSocket(VirtualNetwork& network, std::uint32_t node, std::uint64_t stream);

    /// Before anything else.
    void set_handlers(Handlers handlers) { handlers_ = std::move(handlers); }
    std::uint64_t stream() const { return stream_; }

    void start_receive(std::vector<MutableBytes> memory);
    /// The receive in flight ends soon, with what it has.
    void cancel_receive();
    void start_send(std::vector<std::byte> bytes);
    /// No handler is called for a send any more; a receive in flight is cancelled.
    void close();
    /// Lost: both ends hear of it at their next operation, or now.
    void reset();

    /// Rewrites the first bytes of what this end sends and gets, to play a peer without extensions.
    void strip_handshake_bits() { strip_handshake_ = true; }

private:
    friend class VirtualNetwork;

    void pump_send();
    void depart(std::vector<std::byte> chunk);
    void finish_send(bool sent);
    void arrive(std::vector<std::byte> chunk);
    void arrive_end();
    void try_receive();
    std::size_t take_into_memory(std::size_t count);
    void complete_receive(std::size_t count, bool over, Duration delay);
    EventTag tag(EventKind kind, std::size_t size) const;

    VirtualNetwork& network_;
    const std::uint32_t node_;
    const std::uint64_t stream_;
    Handlers handlers_;
    std::weak_ptr<VirtualSocket> other_;  // until this end closes or the connection is lost

    std::vector<std::byte> outbox_;
    std::size_t outbox_taken_ = 0;
    std::size_t sent_bytes_ = 0;
    std::size_t unread_bytes_ = 0;  // of what was sent
    bool sending_ = false;
    bool chunk_in_link_ = false;

    std::vector<std::byte> inbox_;
    std::size_t inbox_taken_ = 0;
    std::vector<MutableBytes> memory_;
    bool receiving_ = false;
    bool completing_ = false;  // the receive has what it gets
    bool ended_ = false;       // after inbox_ nothing comes
    bool lost_ = false;
    bool closed_ = false;
    bool strip_handshake_ = false;
};

}  // namespace spate::sim
