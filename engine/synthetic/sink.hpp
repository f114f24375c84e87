#pragma once
// engine/synthetic/sink.hpp: many peers that want everything and keep nothing.
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/endpoint.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/prng.hpp"
#include "engine/base/time.hpp"
#include "engine/synthetic/greeting.hpp"
#include "engine/synthetic/poll_set.hpp"
#include "io/clock.hpp"

namespace spate::synthetic {

/// What happens to what arrives.
enum class Reading : std::uint8_t {
    /// The kernel drops it (MSG_TRUNC) and only its length is known: cheaper than any sender, for a
    /// peer that never chokes.
    dropped,
    /// It is read into one small buffer and taken apart: for clients that choke and talk.
    parsed,
    /// As `dropped`, from a peer that sends by itself and speaks no BitTorrent.
    unasked,
};

struct SinkOptions {
    ConnectOptions connect;
    InfoHash info_hash;
    std::uint32_t piece_count = 1;
    std::uint32_t piece_length_bytes = block_size_bytes;  // a multiple of a block
    Reading reading = Reading::dropped;
    /// Requests of a peer that are under way, in blocks.
    std::uint32_t depth_blocks = 64;
    /// Each piece is asked for once, by one of the peers, in random order; else at random for ever.
    bool each_piece_once = false;
    std::uint64_t random_seed = 0;
};

/// Leechers on one thread, cheaper than whoever serves them: each asks for random pieces, all
/// blocks of one in order, so deep that it never waits. Polls without sleeping. One thread.
class Sink {
public:
    static std::expected<Sink, std::string> connect(const SinkOptions& options);

    /// Works until the time is over, all connections are closed, there is nothing left to come, or
    /// `stop` says so (asked now and then).
    void run_for(Duration time, const std::function<bool()>& stop);
    /// Works until this many peers may ask, for at most `patience`.
    void wait_until_unchoked(std::uint32_t count, Duration patience,
                             const std::function<bool()>& stop);

    std::uint64_t received_bytes() const { return received_bytes_; }  // with headers
    std::uint32_t unchoked() const { return unchoked_; }
    std::uint32_t closed() const { return closed_; }
    bool finished() const;

private:
    struct Peer {
        io::FileDescriptor socket;
        MessageReader reader;
        bool introduced = false;
        bool unchoked = false;
        std::int64_t owed_bytes = 0;  // that our requests will bring, with headers
        PieceIndex piece{};
        std::uint32_t next_offset = 0;
        std::vector<std::byte> unsent{};  // the rest of requests that didn't fit the socket
    };

    explicit Sink(const SinkOptions& options) : options_(options), random_(options.random_seed) {}
    void start(std::vector<io::FileDescriptor> sockets);
    void receive(Peer& peer, std::uint32_t number);
    void take_apart(Peer& peer, Bytes bytes);
    void on_message(Peer& peer, const MessageReader::Message& message);
    void ask(Peer& peer);
    bool next_piece(Peer& peer);
    void send(Peer& peer, Bytes bytes);
    void close(Peer& peer);

    SinkOptions options_;
    Prng random_;
    io::Clock clock_;
    PollSet poll_;
    std::vector<Peer> peers_;
    std::vector<std::uint32_t> order_;  // pieces that nobody asked for yet, of each_piece_once
    std::uint64_t received_bytes_ = 0;
    std::uint32_t unchoked_ = 0;
    std::uint32_t closed_ = 0;
    std::vector<std::byte> scratch_ = std::vector<std::byte>(4 << 20);
    std::vector<std::byte> requests_;
};

}  // namespace spate::synthetic
