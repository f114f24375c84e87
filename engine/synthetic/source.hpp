#pragma once
// engine/synthetic/source.hpp: many peers that have everything, in one buffer.
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <sys/uio.h>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/fifo.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/synthetic/content.hpp"
#include "engine/synthetic/greeting.hpp"
#include "engine/synthetic/poll_set.hpp"
#include "io/clock.hpp"

namespace spate::synthetic {

struct SourceOptions {
    ConnectOptions connect;
    /// Sends without being asked, and speaks no BitTorrent.
    bool unasked = false;
};

/// Seeds on one thread that answer every request from the content's one piece, up to sixteen with
/// one send; nothing is read from a disk or leaves the cache. Polls without sleeping. `content`
/// outlives it. One thread.
class Source {
public:
    static std::expected<Source, std::string> connect(const SourceOptions& options,
                                                      const Content& content);

    /// Works until the time is over, all connections are closed, or `stop` says so (asked now and
    /// then).
    void run_for(Duration time, const std::function<bool()>& stop);

    std::uint64_t sent_bytes() const { return sent_bytes_; }  // with headers
    std::uint32_t closed() const { return closed_; }
    bool finished() const { return closed_ == peers_.size(); }
    /// When the first request came.
    Time started() const { return started_; }

private:
    struct Peer {
        io::FileDescriptor socket;
        MessageReader reader;
        bool introduced = false;
        std::vector<std::byte> unsent{};  // of what is no payload
        Fifo<BlockRef> asked{};
        std::size_t sent_of_first = 0;  // bytes of its message that are sent
        bool waits_for_room = false;
    };

    Source(const SourceOptions& options, const Content& content)
        : options_(options), content_(content) {}
    void start(std::vector<io::FileDescriptor> sockets);
    void receive(Peer& peer);
    /// False when the peer asks for what doesn't exist.
    bool on_request(Peer& peer, const MessageReader::Message& message);
    void send(Peer& peer, std::uint32_t number);
    bool send_greeting(Peer& peer);
    bool send_blocks(Peer& peer);
    std::size_t gather(const Peer& peer);
    void account(Peer& peer, std::size_t sent);
    void close(Peer& peer);

    static constexpr std::size_t blocks_a_send = 16;

    SourceOptions options_;
    const Content& content_;
    io::Clock clock_;
    PollSet poll_;
    std::vector<Peer> peers_;
    std::uint64_t sent_bytes_ = 0;
    std::uint32_t closed_ = 0;
    Time started_{};
    std::vector<std::byte> introduction_;  // what follows the handshakes
    std::vector<std::byte> scratch_ = std::vector<std::byte>(64 << 10);
    std::array<wire::PieceHeader, blocks_a_send> headers_{};
    std::array<iovec, 2 * blocks_a_send> parts_{};
};

}  // namespace spate::synthetic
