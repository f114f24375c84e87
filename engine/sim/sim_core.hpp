#pragma once
// engine/sim/sim_core.hpp: one core of a simulated process.
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "engine/session/session.hpp"
#include "engine/sim/byte_lines.hpp"
#include "engine/sim/event_queue.hpp"
#include "engine/sim/named_lines.hpp"
#include "engine/swarm/piece_buffers.hpp"

namespace spate::sim {

class SimNode;

/// Memory for pieces: plain, or, where nobody looks at payload, the same few bytes for all.
class SimMemory final : public swarm::PayloadMemory {
public:
    /// `shared` empty: plain memory.
    explicit SimMemory(MutableBytes shared) : shared_(shared) {}

    MutableBytes allocate(std::size_t size_bytes) override;
    void free(MutableBytes memory) override;

private:
    MutableBytes shared_;
};

/// Executes one session's outputs in virtual time, as the driver's core threads do. Every entry
/// point ends with the outputs drained and the node's invariants checked. One thread.
class SimCore {
public:
    SimCore(SimNode& node, session::SessionOptions options, session::Session::RateLimits limits);
    ~SimCore();
    SimCore(const SimCore&) = delete;
    SimCore& operator=(const SimCore&) = delete;

    session::Session& session() { return session_; }
    const session::Session& session() const { return session_; }

    bool accept(std::shared_ptr<VirtualSocket> socket, const Endpoint& remote);
    bool accept(LineEnd end, const Endpoint& remote);
    void add_torrent(session::SharedTorrent& torrent, std::vector<Endpoint> peers);
    void handle_message(const session::CoreMessage& message);
    void stop();
    /// As if the process had died; the core does nothing any more.
    void kill();

    // For its lines.
    SimNode& node() { return node_; }
    Time now() const { return queue_.now(); }
    bool killed() const { return killed_; }
    /// Turns false when the core is gone; for whoever may outlive it.
    const std::shared_ptr<bool>& alive() const { return alive_; }
    /// An input of the session, and all that follows from it: at once, or together with that of
    /// the inputs of the same turn.
    template <class Work>
    void run(Work&& work) {
        if (killed_) return;
        work();
        if (!joins_a_turn()) settle();
    }
    /// Tells the session soon that nothing of the connection is in flight, then calls `forget`.
    void when_closed(ConnectionId id, std::move_only_function<void(ConnectionId)> forget);

    /// What the session put out in a turn, and the letters for other cores that waited, at most.
    struct Peaks {
        std::size_t outputs = 0;
        std::size_t letters = 0;
    };
    const Peaks& peaks() const { return peaks_; }

private:
    bool joins_a_turn();
    void settle();
    void pump();
    void send_letters(CoreIndex to);
    void deliver(CoreIndex to, const session::CoreMessage& message);
    void execute(session::Output output);
    void tell_of_close(const session::Close& order);
    void arm_timer();
    void on_timer(Time at);

    void hash(const session::HashPiece& order);
    bool hash_matches(const session::HashPiece& order);
    void write(const session::WritePiece& order);
    void write_after(const session::WritePiece& order, Duration delay);
    void write_or_wait(const session::WritePiece& order);
    bool write_to_disk(const session::WritePiece& order);
    void announce(const session::Announce& order);
    void check_metadata(session::CheckMetadata& order);
    void finish_metadata(TorrentId torrent);
    EventTag tag(EventKind kind, std::uint64_t size) const;

    SimNode& node_;
    const EventQueue& queue_;
    const CoreIndex index_;
    SimMemory memory_;
    session::Session session_;
    std::unordered_map<std::uint32_t, PieceIndex> probes_;  // by torrent: waits for its full disk
    std::optional<Time> timer_at_;
    std::uint32_t hurried_timers_ = 0;  // in a row, each at once after the one before
    Time timer_ran_at_{};
    std::vector<std::size_t> letters_on_way_;  // by core
    bool killed_ = false;
    bool in_turn_ = false;  // its end is scheduled
    Peaks peaks_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::variant<ByteLines, NamedLines> lines_;
};

}  // namespace spate::sim
