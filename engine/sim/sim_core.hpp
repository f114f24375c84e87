#pragma once
// engine/sim/sim_core.hpp: one core of a simulated process.
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/session/session.hpp"
#include "engine/sim/event_queue.hpp"
#include "engine/sim/virtual_socket.hpp"
#include "engine/swarm/piece_buffers.hpp"
#include "engine/wire/receive_plan.hpp"

namespace spate::sim {

class SimNode;

/// Plain memory for pieces.
class SimMemory final : public swarm::PayloadMemory {
public:
    MutableBytes allocate(std::size_t size_bytes) override {
        return {new std::byte[size_bytes], size_bytes};
    }
    void free(MutableBytes memory) override { delete[] memory.data(); }
};

/// Executes one session's outputs in virtual time, as the driver's core threads and connections do:
/// at most one receive and one send in flight a connection, answers only when they have ended.
/// Every entry point ends with the outputs drained and the node's invariants checked. One thread.
class SimCore {
public:
    SimCore(SimNode& node, session::SessionOptions options, session::Session::RateLimits limits);
    ~SimCore();
    SimCore(const SimCore&) = delete;
    SimCore& operator=(const SimCore&) = delete;

    session::Session& session() { return session_; }
    const session::Session& session() const { return session_; }

    bool accept(std::shared_ptr<VirtualSocket> socket, const Endpoint& remote);
    void add_torrent(session::SharedTorrent& torrent, std::vector<Endpoint> peers);
    void handle_message(const session::CoreMessage& message);
    void stop();
    /// As if the process had died; the core does nothing any more.
    void kill();

private:
    struct Link;

    template <class Work>
    void run(Work&& work);
    void pump();
    void execute(session::Output output);
    void arm_timer();
    void on_timer(Time at);

    void connect(const session::Connect& order);
    void on_called(ConnectionId id, std::shared_ptr<VirtualSocket> socket);
    Link& open(ConnectionId id, std::shared_ptr<VirtualSocket> socket);
    void start_receiving(Link& link);
    void on_received(Link& link, std::size_t count, bool over);
    void transmit(Link& link);
    void on_sent(Link& link, bool sent);
    void close(ConnectionId id);
    void finish_if_idle(Link& link);
    void hash(const session::HashPiece& order);
    void write(const session::WritePiece& order);
    void announce(const session::Announce& order);
    void check_metadata(const session::CheckMetadata& order);
    Link* find(ConnectionId id);
    Time now() const { return queue_.now(); }
    EventTag tag(EventKind kind, std::uint64_t size) const;

    SimNode& node_;
    const EventQueue& queue_;
    const CoreIndex index_;
    SimMemory memory_;
    session::Session session_;
    std::unordered_map<ConnectionId, std::unique_ptr<Link>> links_;
    std::optional<Time> timer_at_;
    std::uint32_t hurried_timers_ = 0;  // in a row, each at once after the one before
    Time timer_ran_at_{};
    bool killed_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace spate::sim
